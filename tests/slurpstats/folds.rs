//! It adds up the counts of a program whose threads come and go all the time: none is counted twice, and none
//! is lost while it goes from a thread's file to its process's.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use harness::{counter, field, write};
use mmstats::{Counter, Histogram, Options, ThreadEnd, Version, per_thread, stats};

use super::run;

/// How often it is asked, with threads that end meanwhile.
const ROUNDS: u32 = 100;
/// How many threads there are at a time.
const WORKERS: usize = 4;
/// What a thread counts in its life: little, so that there are many ends.
const LIFE: u64 = 20;

stats! {
    struct Work {
        done: Counter,
        size: Histogram { unit: "bytes" },
    }
}

static DIR: OnceLock<tempfile::TempDir> = OnceLock::new();

fn dir(version: &str) -> PathBuf {
    let path = DIR.get_or_init(|| tempfile::tempdir().unwrap()).path().join(version);
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn options(version: Version, name: &str) -> Options {
    Options::new().version(version).dir(dir(name)).thread_end(ThreadEnd::Fold)
}

per_thread! {
    static FIRST: Work = options(Version::V1, "1");
    static SECOND: Work = options(Version::V2, "2");
    static ENDED: Work = options(Version::V2, "ended");
}

fn shown(args: &[&str], dir: &Path) -> String {
    let (out, err, code) = run(args, &[dir]);
    assert_eq!((&*err, code), ("", Some(0)));
    out
}

/// The sum of a label, 0 where it is not there yet.
fn sum(args: &[&str], dir: &Path, label: &str) -> u64 {
    let out = shown(args, dir);
    let line = out.lines().find_map(|line| line.strip_prefix(label)?.strip_prefix('\t'));
    line.map_or(0, |value| value.parse().unwrap())
}

/// Asks again and again while threads count, and end. What is shown is at least what was counted before, and at most
/// what may have been counted after.
fn watch(dir: &Path, args: &[&str], labels: &[&str], count: impl Fn() + Sync) {
    let (begun, done, is_over) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let live = || {
        for _ in 0..LIFE {
            begun.fetch_add(1, Ordering::SeqCst);
            count();
            done.fetch_add(1, Ordering::SeqCst);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while !is_over.load(Ordering::SeqCst) {
                    // Joined, so that its end is over: its file has gone.
                    let thread = std::thread::scope(|inner| inner.spawn(live).join());
                    assert!(thread.is_ok());
                }
            });
        }
        let over = Over(&is_over);
        while done.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        for round in 0..ROUNDS {
            let label = labels[round as usize % labels.len()];
            let before = done.load(Ordering::SeqCst);
            let shown = sum(args, dir, label);
            let after = begun.load(Ordering::SeqCst);
            assert!(
                (before..=after).contains(&shown),
                "{label} {shown} of {before} to {after}, round {round}"
            );
        }
        drop(over);
    });
    let label = labels[0];
    assert_eq!(sum(args, dir, label), done.into_inner(), "all have ended");
}

/// Ends the workers, by a panic, too.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn no_count_of_version_1_is_doubled_or_lost() {
    watch(&dir("1"), &["-a", "sum"], &["done"], || FIRST.with(|work| work.done.incr()));
}

#[test]
fn no_count_of_version_2_is_doubled_or_lost() {
    watch(&dir("2"), &["-a", "auto"], &["done"], || SECOND.with(|work| work.done.incr()));
}

#[test]
fn what_ended_threads_have_counted_is_there_once() {
    for size in 1..=20_u64 {
        std::thread::spawn(move || {
            ENDED.with(|work| {
                work.done.add(size);
                work.size.record(size);
            });
        })
        .join()
        .unwrap();
    }
    let out = shown(
        &["-a", "auto", "-p", "done", "-p", "size:count", "-p", "size:max", "-p", "size:p50"],
        &dir("ended"),
    );
    assert_eq!(out, "done\t210\nsize:count\t20\nsize:max\t20\nsize:p50\t10\n");
}

/// A file of a group, as version 1 has it.
fn member(dir: &Path, name: &str, tid: u64, folded: u64, hits: u64) {
    let fold = field(b"sys.fold", "I", 0xff, &77_u32.to_ne_bytes());
    let fields =
        [counter("sys.pid", 4_194_310), counter("sys.tid", tid), fold, counter("sys.folded", folded)];
    write(dir, name, &[&fields[..], &[counter("hits", hits)]].concat());
}

#[test]
fn the_numbers_of_the_folds_say_what_is_held_already() {
    let dir = tempfile::tempdir().unwrap();
    member(dir.path(), "a.mmstats", 1, 2, 10);
    member(dir.path(), "b.mmstats", 2, 4, 100);
    member(dir.path(), "c.mmstats", 3, 0, 1000);
    member(dir.path(), "process.mmstats", 0, 2, 13);
    assert_eq!(shown(&["-a", "sum", "-p", "hits"], dir.path()), "hits\t1113\n", "10 is in the 13");
    assert_eq!(shown(&["-a", "auto", "-p", "hits"], dir.path()), "hits\t13, 100, 1000\n");
    // What one file shows is what it has.
    assert_eq!(shown(&["-p", "hits"], dir.path()).lines().count(), 4);
}

#[test]
fn a_fold_that_does_not_end_is_told() {
    let dir = tempfile::tempdir().unwrap();
    member(dir.path(), "process.mmstats", 0, 3, 13);
    let (out, err, code) = run(&["-a", "sum", "-p", "hits"], &[dir.path()]);
    let path = dir.path().join("process.mmstats");
    let why = "a thread's end is half written: its counts may be missing or doubled";
    assert_eq!((&*out, code), ("hits\t13\n", Some(1)));
    assert_eq!(err, format!("slurpstats: {}: {why}\n", path.display()));
}
