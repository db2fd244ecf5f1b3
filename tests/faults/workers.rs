//! Workers that are killed at random, and a master that keeps what they have counted.
//!
//! A worker acknowledges each request after it has counted it. So the sum is at least the acknowledged requests, and
//! at most those that were sent: of each kill, one may have been counted and not acknowledged.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use harness::{Watch, beside, run, tool};
use mmstats::{Counter, Histogram, Options, Snapshot, Value, stats};

use crate::actors::{Actor, wait};
use crate::{cleaned, cleanstats, race_time, report};

/// How many workers there are at a time.
const WORKERS: usize = 4;
/// The files' names: those of all workers.
const NAMES: &str = "web-{PID}-{TID}.mmstats";

stats! {
    struct Work {
        requests: Counter,
        size: Histogram { unit: "bytes" },
    }
}

/// What a worker does: counts, and acknowledges that.
pub(crate) fn work(dir: &Path, name: &str) {
    let work = Options::new().dir(dir).filename(name).create::<Work>().unwrap();
    while wait() {
        work.requests.incr();
        work.size.record(100);
        crate::actors::say("counted");
    }
    work.keep();
}

/// What the clients know.
#[derive(Default)]
struct Requests {
    sent: AtomicU64,
    acknowledged: AtomicU64,
    /// One was sent and not acknowledged.
    broken: AtomicU64,
    kills: AtomicU64,
}

impl Requests {
    fn send(&self, worker: &mut Actor) {
        self.sent.fetch_add(1, Ordering::SeqCst);
        worker.go_on();
    }
}

/// Sets the flag at the end, also that of a failed test.
struct Raise<'a>(&'a AtomicBool);

impl Drop for Raise<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Starts a worker, kills it after some requests, and again, until it is over.
fn recycle(dir: &Path, mut random: u64, requests: &Requests, is_over: &dyn Fn() -> bool) {
    let options = Options::new().dir(dir).filename(NAMES);
    let mut next = move |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    while !is_over() {
        let mut worker = Actor::new("worker", dir, NAMES);
        // Some die before they have made a file, or while they make it.
        if next(8) == 0 {
            thread::sleep(Duration::from_micros(next(4000)));
        } else {
            for _ in 0..next(60) {
                requests.send(&mut worker);
                assert_eq!(worker.line(), "counted");
                requests.acknowledged.fetch_add(1, Ordering::SeqCst);
            }
            if next(2) == 0 {
                requests.send(&mut worker);
                requests.broken.fetch_add(1, Ordering::SeqCst);
                thread::sleep(Duration::from_micros(next(100)));
            }
        }
        worker.kill();
        requests.kills.fetch_add(1, Ordering::SeqCst);
        options.fold_dead().unwrap();
    }
}

/// How many files readers see.
fn files(dir: &Path) -> usize {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().ends_with(".mmstats")).count()
}

fn sum(slurpstats: &Path, arguments: &[&str], dir: &Path) -> u64 {
    let (out, err, code) = run(tool(slurpstats).args(arguments).args(["-p", "requests"]).arg(dir));
    assert_eq!((err.as_str(), code), ("", Some(0)));
    // None has made a file yet.
    let Some(line) = out.lines().last().filter(|line| !line.is_empty()) else { return 0 };
    line.rsplit(['\t', ' ']).next().unwrap().parse().unwrap_or_else(|_| panic!("{line}"))
}

/// Looks until it is over, with a moment more or less between two looks.
fn look(
    slurpstats: &Path,
    arguments: &[&str],
    dir: &Path,
    requests: &Requests,
    is_over: &dyn Fn() -> bool,
) -> u64 {
    let (mut looks, mut before) = (0, 0);
    while !is_over() {
        let acknowledged = requests.acknowledged.load(Ordering::SeqCst);
        let sum = sum(slurpstats, arguments, dir);
        let sent = requests.sent.load(Ordering::SeqCst);
        assert!((acknowledged..=sent).contains(&sum), "{acknowledged} <= {sum} <= {sent}");
        assert!(sum >= before, "it fell from {before} to {sum}");
        (looks, before) = (looks + 1, sum);
        assert!(files(dir) <= WORKERS + 2, "one per worker, ours, and that of the departed");
    }
    looks
}

#[test]
fn no_count_of_a_killed_worker_is_lost() {
    let own = env!("CARGO_BIN_EXE_cleanstats");
    let (slurpstats, pollstats) = (beside(own, "slurpstats"), beside(own, "pollstats"));
    let place = tempfile::tempdir().unwrap();
    let dir = place.path();
    let (requests, over) = (Requests::default(), AtomicBool::new(false));
    let is_over = || over.load(Ordering::SeqCst);
    let mut poll = tool(&pollstats);
    poll.args(["-d", "0.05", "-o", "tsv", "requests,size:count"]).arg(dir);
    // Somebody who lives is there from the beginning.
    let first = Options::new().dir(dir).filename(NAMES).create::<Work>().unwrap();
    let watch = Watch::start(&mut poll);
    assert_eq!(watch.line(), "requests\tsize:count");
    let mut sums = [0_u64; 2];
    // It shows what lives, and so not the counts of workers that began and ended between two rows.
    let mut row = || {
        let line = watch.line();
        for (sum, change) in sums.iter_mut().zip(line.split('\t')) {
            *sum += change.parse::<u64>().unwrap_or_else(|_| panic!("a row that falls: {line}"));
        }
        let sent = requests.sent.load(Ordering::SeqCst);
        assert!(sums.iter().all(|sum| *sum <= sent), "{sums:?} of {sent}: counted twice");
    };
    let mut looks = [0; 2];
    thread::scope(|scope| {
        let (over, requests, is_over, slurpstats) = (&over, &requests, &is_over, &slurpstats);
        let end = Raise(over);
        for number in 0..WORKERS {
            scope.spawn(move || {
                let _end = Raise(over);
                recycle(dir, number as u64 + 1, requests, is_over);
            });
        }
        let ways = [&["-a", "sum"][..], &["-o", "prometheus"]];
        let lookers = ways.map(|way| {
            scope.spawn(move || {
                let _end = Raise(over);
                look(slurpstats, way, dir, requests, is_over)
            })
        });
        // Somebody else does the same from outside.
        scope.spawn(move || {
            let _end = Raise(over);
            while !is_over() {
                cleaned(cleanstats().args(["-q", "--fold"]).arg(dir));
            }
        });
        let until = Instant::now() + race_time();
        while Instant::now() < until && !is_over() {
            row();
        }
        drop(end);
        for (looks, looker) in looks.iter_mut().zip(lookers) {
            *looks = looker.join().unwrap();
        }
    });

    let number = |count: &AtomicU64| count.load(Ordering::SeqCst);
    let (sent, acknowledged) = (number(&requests.sent), number(&requests.acknowledged));
    assert_eq!(sent, acknowledged + number(&requests.broken));
    Options::new().dir(dir).filename(NAMES).fold_dead().unwrap();
    assert_eq!(files(dir), 2, "all workers have ended");
    let total = sum(&slurpstats, &["-a", "sum"], dir);
    assert!((acknowledged..=sent).contains(&total), "{acknowledged} <= {total} <= {sent}");
    let departed = dir.join(format!("web-departed-{}.mmstats", nix::unistd::geteuid()));
    let departed = Snapshot::of(departed).unwrap();
    let Value::Histogram(size) = departed.find("size").unwrap().value() else { panic!("no histogram") };
    // A worker may be killed between the two.
    let between = total - size.count();
    assert!(between <= number(&requests.broken), "{between}");
    let (err, _) = watch.interrupt();
    drop(first);
    assert_eq!(err, "");
    // What was killed while it made its file is no reader's business; cleanstats removes it.
    let unborn = fs::read_dir(dir).unwrap().count() - 1;
    let records = cleaned(cleanstats().args(["-v", "--unknown"]).arg(dir));
    assert_eq!(fs::read_dir(dir).unwrap().count(), 1, "{records}");
    report(&format!(
        "{} workers killed, {unborn} of them unborn: {sent} requests sent, {acknowledged} acknowledged, \
         {total} counted; {looks:?} looks",
        number(&requests.kills),
    ));
}
