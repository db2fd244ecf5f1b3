//! Threads that come and go: no spike, no gap.

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Instant, SystemTime};

use mmstats::{Options, ThreadEnd, per_thread};

use harness::PATIENCE;

use super::worker::Worker;
use super::{Rows, Web, start};

/// Where [`WORKERS`] publish.
static WORKERS_DIR: OnceLock<tempfile::TempDir> = OnceLock::new();

fn workers_dir() -> &'static Path {
    WORKERS_DIR.get_or_init(|| tempfile::tempdir().unwrap()).path()
}

per_thread! {
    static WORKERS: Web =
        Options::new().dir(workers_dir()).label_prefix("web.stats.").thread_end(ThreadEnd::Fold);
}

#[test]
fn a_thread_that_ends_and_is_folded_makes_no_spike() {
    let worker = || Worker::start(|order| WORKERS.with(|web| web.ok.add(order)));
    let (long, mut short) = (worker(), worker());
    long.order(10_000);
    short.order(1_000_000);
    let args = ["-d", "0.02", "-o", "tsv", "-p", "web.stats.status.", "2XX"];
    let watch = start(workers_dir(), &args);
    watch.line();
    assert_eq!(watch.row(), [Some(1_010_000)]);
    for round in 0..20 {
        short.order(7);
        long.order(1);
        short.end();
        assert_eq!(watch.sum(8, 8), 8, "round {round}");
        short = worker();
        short.order(50_000);
        assert_eq!(watch.sum(50_000, 50_000), 50_000, "round {round}");
    }
    // Threads that nobody has seen count, too.
    for _ in 0..10 {
        let worker = worker();
        worker.order(3);
        worker.end();
    }
    assert_eq!(watch.sum(30, 30), 30);
    long.end();
    short.end();
    assert_eq!(watch.interrupt().0, "");
}

per_thread! {
    static SHORT: Web = Options::new().dir(workers_dir()).label_prefix("short.stats.");
}

/// Raises a flag when it goes, by a panic, too: the threads that wait for it shall end.
struct Raise<'a>(&'a AtomicBool);

impl Drop for Raise<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// How often the threads below have begun to count, and how often they have counted.
static BEGUN: AtomicU64 = AtomicU64::new(0);
static DONE: AtomicU64 = AtomicU64::new(0);

#[test]
fn threads_that_come_and_go_all_the_time_make_neither_spike_nor_gap() {
    let over = AtomicBool::new(false);
    let short = |count| {
        for _ in 0..count {
            BEGUN.fetch_add(1, Ordering::SeqCst);
            SHORT.with(|web| web.ok.incr());
            DONE.fetch_add(1, Ordering::SeqCst);
        }
    };
    std::thread::spawn(move || short(50)).join().unwrap();
    let args = ["-d", "0.005", "-t", "-o", "tsv", "-p", "short.stats.status.", "2XX"];
    let watch = start(workers_dir(), &args);
    assert_eq!(watch.line(), "time\t2XX");
    // What was done at some moments. A row's time is the moment when its look began, by the same clock.
    let mut history: Vec<(String, u64)> = Vec::new();
    let mut sum = 0;
    let mut check = |history: &[(String, u64)]| {
        let line = watch.line();
        let (time, change) = line.split_once('\t').unwrap();
        let change: i64 = change.parse().unwrap();
        assert!(change >= 0, "{change} in one row");
        sum += change.unsigned_abs();
        assert!(sum <= BEGUN.load(Ordering::SeqCst), "{sum}: counted twice");
        let done = history.iter().rev().find(|(moment, _)| moment.as_str() < time);
        assert!(done.is_none_or(|(_, done)| *done <= sum), "{sum} of {done:?} at {time}: not counted");
        sum
    };
    std::thread::scope(|scope| {
        let _end = Raise(&over);
        // Some threads live for many looks, some for none.
        for count in [10, 1000, 10_000, 100_000] {
            let over = &over;
            scope.spawn(move || {
                while !over.load(Ordering::SeqCst) {
                    std::thread::spawn(move || short(count)).join().unwrap();
                }
            });
        }
        for _ in 0..300 {
            let done = DONE.load(Ordering::SeqCst);
            history.push((cli::Timestamp(SystemTime::now()).to_string(), done));
            check(&history);
        }
    });
    let total = DONE.load(Ordering::SeqCst);
    let began = Instant::now();
    while check(&history) < total {
        assert!(began.elapsed() < PATIENCE, "{total} were counted");
    }
    assert_eq!(check(&history), total);
    assert_eq!(watch.interrupt().0, "");
}
