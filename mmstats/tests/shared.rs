//! Handles that several threads use at the same time, in one file.

#![allow(clippy::unwrap_used)]

#[path = "common/child.rs"]
mod child;
mod kernel;

use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use child::{assert_ended_well, in_child};
use mmstats::{
    Instance, MergeRule, Model, Options, SharedCounter, SharedGauge, SharedHistogram, SharedUpDown, Snapshot,
    Version, label, per_thread, stats,
};

const THREADS: u64 = 4;
const ROUNDS: u64 = 2_000;

stats! {
    struct Web {
        /// Requests answered.
        hits: SharedCounter = "web.hits",
        /// Connections.
        open: SharedUpDown { unit: "connections" },
        /// How warm it is.
        warm: SharedGauge { unit: "celsius", merge: MergeRule::Max, initial: 0.5 },
        /// How long an answer takes.
        answer: SharedHistogram { durations, precision: 3, range: 30, quantiles: [0.5] },
    }
}

/// The same, for one thread.
mod alone {
    use mmstats::{Counter, Gauge, Histogram, MergeRule, UpDown, stats};

    stats! {
        pub(crate) struct Web {
            /// Requests answered.
            pub(crate) hits: Counter = "web.hits",
            /// Connections.
            pub(crate) open: UpDown { unit: "connections" },
            /// How warm it is.
            pub(crate) warm: Gauge<f64> { unit: "celsius", merge: MergeRule::Max, initial: 0.5 },
            /// How long an answer takes.
            pub(crate) answer: Histogram { durations, precision: 3, range: 30, quantiles: [0.5] },
        }
    }
}

fn options(dir: &Path, version: Version) -> Options {
    Options::new().dir(dir).filename("x.mmstats").version(version)
}

fn value(path: impl AsRef<Path>, label: &str) -> String {
    Snapshot::of(path.as_ref()).unwrap().find(label).unwrap().value().to_string()
}

/// On several threads at once, by each of them all rounds.
fn at_once(work: impl Fn(u64) + Sync) {
    thread::scope(|scope| {
        let work = &work;
        for thread in 0..THREADS {
            scope.spawn(move || (0..ROUNDS).for_each(|round| work(thread * ROUNDS + round)));
        }
    });
}

/// What an instance has published, but for when it was made.
fn published<M: Model>(dir: &Path, version: Version, update: impl FnOnce(&Instance<M>)) -> Vec<u8> {
    let instance = options(dir, version).create::<M>().unwrap();
    update(&instance);
    let created: f64 = value(instance.path(), "sys.created").parse().unwrap();
    let mut bytes = fs::read(instance.path()).unwrap();
    let at = bytes.windows(8).position(|word| {
        let found = f64::from_ne_bytes(word.try_into().unwrap());
        (found - created).abs() < 1e-3
    });
    let at = at.expect("sys.created");
    bytes[at..at + 8].fill(0);
    bytes
}

#[test]
fn the_bytes_are_those_of_the_handles_for_one_thread_and_nothing_is_lost() {
    for version in [Version::V1, Version::V2] {
        let dir = tempfile::tempdir().unwrap();
        let shared = published::<Web>(dir.path(), version, |web| {
            at_once(|n| {
                web.hits.add(n);
                web.open.incr();
                web.warm.add(2.0);
                web.warm.decr();
                web.answer.record(n);
                if n % 2 == 0 {
                    web.open.decr();
                }
            });
        });
        let alone = published::<alone::Web>(dir.path(), version, |alone| {
            for n in 0..THREADS * ROUNDS {
                alone.hits.add(n);
                alone.open.add((n % 2).try_into().unwrap());
                alone.warm.incr();
                alone.answer.record(n);
            }
        });
        assert!(shared == alone, "{version:?}");
    }
}

#[test]
fn a_static_instance_takes_fields_from_any_thread() {
    static WEB: OnceLock<Instance<Web>> = OnceLock::new();
    let dir = tempfile::tempdir().unwrap();
    let web = WEB.get_or_init(|| options(dir.path(), Version::V2).create().unwrap());
    let work = move |number: u64| {
        let number = number.to_string();
        let mine = web.add_field(&label("jobs", &[("worker", &number)]), SharedCounter::spec()).unwrap();
        (0..ROUNDS).for_each(|_| {
            mine.incr();
            web.hits.incr();
        });
        mine
    };
    let threads: Vec<_> = (0..THREADS).map(|number| thread::spawn(move || work(number))).collect();
    let mine: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(value(web.path(), "web.hits"), (THREADS * ROUNDS).to_string());
    for number in 0..THREADS {
        assert_eq!(value(web.path(), &format!("jobs{{worker=\"{number}\"}}")), ROUNDS.to_string());
    }
    assert!(mine.iter().all(|mine| mine.value() == ROUNDS));
    web.remove().unwrap();
}

#[test]
fn an_instance_that_threads_own_together_goes_with_the_last_of_them() {
    let dir = tempfile::tempdir().unwrap();
    let web = Arc::new(options(dir.path(), Version::V2).create::<Web>().unwrap());
    let path = web.path().to_owned();
    let (go, wait) = mpsc::channel::<()>();
    let other = {
        let web = Arc::clone(&web);
        thread::spawn(move || {
            wait.recv().unwrap();
            let timed = web.answer.start();
            web.open.set(-3);
            assert!(timed.stop() >= 0.0);
            value(web.path(), "open")
        })
    };
    drop(web);
    assert!(path.exists());
    go.send(()).unwrap();
    assert_eq!(other.join().unwrap(), "-3");
    assert!(!path.exists());
}

#[test]
fn a_guard_ends_on_another_thread_and_records_once() {
    let dir = tempfile::tempdir().unwrap();
    let web = options(dir.path(), Version::V2).create::<Web>().unwrap();
    let guard = web.answer.start();
    thread::scope(|scope| {
        scope.spawn(move || drop(guard));
    });
    web.answer.start().cancel();
    web.answer.record_duration(Duration::from_millis(100));
    assert_eq!((web.answer.count(), web.answer.max()), (2, 0.1));
    assert!(web.answer.quantile(1.0).unwrap() > 0.09);
}

#[test]
fn a_count_is_raised_and_never_lowered() {
    let dir = tempfile::tempdir().unwrap();
    let web = options(dir.path(), Version::V2).create::<Web>().unwrap();
    at_once(|n| web.hits.raise(n));
    web.hits.raise(3);
    assert_eq!(value(web.path(), "web.hits"), (THREADS * ROUNDS - 1).to_string());
}

#[test]
fn the_threads_of_a_child_count_in_private_memory_and_never_in_the_parents() {
    if !kernel::wipes_on_fork() {
        return;
    }
    for version in [Version::V1, Version::V2] {
        let dir = tempfile::tempdir().unwrap();
        let web = options(dir.path(), version).create::<Web>().unwrap();
        web.hits.add(5);
        web.open.set(-1);
        web.warm.set(2.5);
        web.answer.record(100);
        let before = fs::read(web.path()).unwrap();
        let status = in_child(|| {
            assert!(web.is_inherited());
            assert_eq!(web.hits.value(), 0);
            at_once(|_| {
                web.hits.incr();
                web.open.incr();
                web.warm.incr();
                web.answer.record(1);
            });
            let all = THREADS * ROUNDS;
            assert_eq!(web.hits.value(), all);
            assert_eq!(web.open.value(), i64::try_from(all).unwrap());
            assert_eq!(web.warm.value().to_string(), all.to_string());
            assert!(web.add_field("more", SharedCounter::spec()).is_err());
        });
        assert_ended_well(status);
        assert!(fs::read(web.path()).unwrap() == before, "{version:?}");
        web.hits.incr();
        assert_eq!(value(web.path(), "web.hits"), "6");
    }
}

static DIR: OnceLock<tempfile::TempDir> = OnceLock::new();

per_thread! {
    static PER_THREAD: Web = Options::new().dir(DIR.get_or_init(|| tempfile::tempdir().unwrap()).path());
}

#[test]
fn one_instance_per_thread_of_such_handles_folds_as_others_do() {
    let count = || {
        PER_THREAD.with(|web| {
            web.hits.add(3);
            web.answer.record(7);
            web.warm.set(4.0);
        });
    };
    thread::spawn(count).join().unwrap();
    let own = PER_THREAD.with(|web| {
        web.hits.add(2);
        web.path().to_str().unwrap().to_owned()
    });
    let (start, _) = own.rsplit_once('-').unwrap();
    let folded = format!("{start}-0.mmstats");
    let folded = Path::new(&folded);
    assert_eq!(value(folded, "web.hits"), "3");
    assert_eq!(value(&own, "web.hits"), "2");
    let found = Snapshot::of(folded).unwrap();
    assert!(found.find("answer").is_some());
    assert!(found.find("warm").is_none(), "it ends with its thread");
    PER_THREAD.remove().unwrap();
    assert!(!folded.exists());
}
