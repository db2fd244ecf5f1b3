//! Threads that end and are folded: a row has neither a spike nor a gap.

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use harness::PATIENCE;
use harness::image::Fields;
use mmstats::{Options, ThreadEnd, Version, per_thread};

use super::every::{Numbers, Web, end, row, sum};
use super::start;
use super::worker::Worker;

fn workers_dir() -> &'static Path {
    static DIR: OnceLock<tempfile::TempDir> = OnceLock::new();
    DIR.get_or_init(|| tempfile::tempdir().unwrap()).path()
}

per_thread! {
    static WORKERS: Web =
        Options::new().dir(workers_dir()).label_prefix("long.").thread_end(ThreadEnd::Fold).version(Version::V2);
}

#[test]
fn a_thread_that_ends_and_is_folded_makes_no_spike() {
    let worker =
        || Worker::start(|order| WORKERS.with(|web| (0..order).for_each(|_| web.size.record(order))));
    let (long, mut short) = (worker(), worker());
    long.order(1000);
    short.order(5000);
    let args = ["-d", "0.02", "-o", "tsv", "-p", "long.", "size:count,size:max"];
    let watch = start(workers_dir(), &args);
    watch.line();
    assert_eq!(watch.numbers(), [Some(6000.0), Some(5000.0)]);
    for round in 0..20 {
        short.order(7);
        long.order(1);
        short.end();
        assert_eq!(sum(&watch, 8.0, 8.0), 8.0, "round {round}");
        short = worker();
        short.order(3000);
        assert_eq!(sum(&watch, 3000.0, 3000.0), 3000.0, "round {round}");
    }
    // Threads that nobody has seen count, too.
    for _ in 0..10 {
        let worker = worker();
        worker.order(3);
        worker.end();
    }
    assert_eq!(sum(&watch, 30.0, 30.0), 30.0);
    long.end();
    short.end();
    assert_eq!(end(watch), "");
}

per_thread! {
    static SHORT: Web = Options::new().dir(workers_dir()).label_prefix("short.").version(Version::V2);
}

/// How often the threads below have begun to record, and how often they have recorded.
static BEGUN: AtomicU64 = AtomicU64::new(0);
static DONE: AtomicU64 = AtomicU64::new(0);

#[test]
fn threads_that_come_and_go_all_the_time_make_neither_spike_nor_gap() {
    struct Raise<'a>(&'a AtomicBool);
    impl Drop for Raise<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let over = AtomicBool::new(false);
    let short = |count: u64| {
        for _ in 0..count {
            BEGUN.fetch_add(1, Ordering::SeqCst);
            SHORT.with(|web| {
                web.size.record(9);
                web.hits.incr();
            });
            DONE.fetch_add(1, Ordering::SeqCst);
        }
    };
    std::thread::spawn(move || short(50)).join().unwrap();
    let args = ["-d", "0.01", "-o", "tsv", "-p", "short.", "size:count,hits,size:p99"];
    let watch = start(workers_dir(), &args);
    watch.line();
    let mut sums = [0.0; 2];
    let mut check = || {
        let row = watch.numbers();
        for (sum, change) in sums.iter_mut().zip(&row) {
            let change = change.unwrap_or(0.0);
            assert!(change >= 0.0, "{change} in one row");
            *sum += change;
        }
        assert!(row[2].is_none_or(|p99| p99 == 9.0), "{row:?}");
        #[allow(clippy::cast_precision_loss)]
        let begun = BEGUN.load(Ordering::SeqCst) as f64;
        assert!(sums.iter().all(|&sum| sum <= begun), "{sums:?} of {begun}: counted twice");
        sums
    };
    std::thread::scope(|scope| {
        let _end = Raise(&over);
        for count in [10, 1000, 100_000] {
            let over = &over;
            scope.spawn(move || {
                while !over.load(Ordering::SeqCst) {
                    std::thread::spawn(move || short(count)).join().unwrap();
                }
            });
        }
        (0..150).for_each(|_| assert!(check()[0] >= 0.0));
    });
    #[allow(clippy::cast_precision_loss)]
    let total = DONE.load(Ordering::SeqCst) as f64;
    let began = Instant::now();
    while check() != [total; 2] {
        assert!(began.elapsed() < PATIENCE, "{total} were recorded");
    }
    assert_eq!(end(watch), "");
}

fn ended_dir() -> &'static Path {
    static DIR: OnceLock<tempfile::TempDir> = OnceLock::new();
    DIR.get_or_init(|| tempfile::tempdir().unwrap()).path()
}

per_thread! {
    static ENDED: Web =
        Options::new().dir(ended_dir()).label_prefix("web.").thread_end(ThreadEnd::Fold).version(Version::V2);
}

#[test]
fn what_ended_threads_have_counted_is_in_the_first_row() {
    for _ in 0..3 {
        let count = || ENDED.with(|web| (0..10).for_each(|_| (web.hits.incr(), web.size.record(4)).0));
        std::thread::spawn(count).join().unwrap();
    }
    assert_eq!(row(ended_dir(), &[], "hits,size:count,size:max"), "30,30,4");
    let rates = row(ended_dir(), &["-r"], "hits,size:count,size:max");
    let rates: Vec<f64> = rates.split(',').map(|rate| rate.parse().unwrap()).collect();
    assert!(rates[0] > 0.0 && (rates[0] - rates[1]).abs() <= 0.001 && rates[2] == 4.0, "{rates:?}");
}

/// A file of a group: of a thread, or with 0 of its process.
fn member(dir: &Path, tid: u32, folded: u64, hits: u64) {
    Fields::of_thread(tid, folded).counter("hits", hits).write(dir, format!("web-7-{tid}.mmstats"));
}

#[test]
fn a_fold_that_is_stopped_for_many_rows_makes_no_spike_for_the_threads_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let end = |tid: u32| std::fs::remove_file(dir.path().join(format!("web-7-{tid}.mmstats"))).unwrap();
    member(dir.path(), 0, 2, 10);
    member(dir.path(), 8, 0, 100);
    member(dir.path(), 9, 0, 1000);
    let watch = start(dir.path(), &["-d", "0.01", "-o", "tsv", "hits"]);
    watch.line();
    assert_eq!(watch.numbers(), [Some(1110.0)]);
    // The first thread was folded; the fold of the second, which has counted on, does not come to its end.
    watch.while_stopped(|| {
        member(dir.path(), 8, 4, 100);
        member(dir.path(), 0, 5, 110);
        end(8);
        member(dir.path(), 9, 6, 1007);
    });
    assert_eq!(sum(&watch, 7.0, 7.0), 7.0);
    for row in 0..6 {
        assert_eq!(watch.numbers(), [Some(0.0)], "row {row}");
    }
    // Now it does, and another thread has come and gone.
    watch.while_stopped(|| {
        member(dir.path(), 0, 8, 110 + 1007 + 5);
        end(9);
    });
    assert_eq!(sum(&watch, 5.0, 1000.0), 5.0, "the first thread's 100 were shown before");
    super::every::end(watch);
}
