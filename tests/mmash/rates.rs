//! Rates are differences of each process: programs and threads that come and go are no peaks and no dips.

use std::path::Path;
use std::sync::LazyLock;
use std::sync::mpsc::channel;

use harness::image::Fields;
use harness::while_stopped;
use mmstats::{Counter, Options, ThreadEnd, Version};

use crate::server::{Events, Server};

mmstats::stats! {
    struct Work {
        done: Counter = "work.done",
    }
}

/// All rates of a metric that are known, one for each sample.
fn rates(events: &mut Events, samples: usize) -> Vec<f64> {
    let mut rates = Vec::new();
    while rates.len() < samples {
        let rate = events.until(|name, data| (name == "point").then(|| data["line"][0].as_f64()));
        rates.extend(rate);
    }
    rates
}

#[test]
fn a_program_that_begins_again_is_a_mark_and_no_peak() {
    let dir = tempfile::tempdir().unwrap();
    let create = || Options::new().dir(dir.path()).create::<Work>().unwrap();
    let first = create();
    first.done.add(1_000_000);
    let Some(server) = Server::start(dir.path()) else { return };
    let mut events = Events::of(&server, "?label=work.done");
    rates(&mut events, 1);
    drop(first);
    let second = create();
    second.done.add(10);
    let rates = rates(&mut events, 3);
    assert!(rates.iter().all(|rate| (0.0..=1000.0).contains(rate)), "{rates:?}");
    assert!(rates.iter().any(|rate| *rate > 0.0), "what it has counted since counts: {rates:?}");
}

/// Where the threads of the two tests below publish.
static DIRECTORIES: [LazyLock<tempfile::TempDir>; 2] =
    [const { LazyLock::new(|| tempfile::tempdir().unwrap()) }; 2];

fn options(number: usize, version: Version) -> Options {
    Options::new().dir(DIRECTORIES[number].path()).version(version).thread_end(ThreadEnd::Fold)
}

mmstats::per_thread! {
    static WORK_1: Work = options(0, Version::V1);
    static WORK_2: Work = options(1, Version::V2);
}

fn threads_that_end(dir: &Path, count: fn(u64)) {
    // A thread that has counted a lot before anybody looks.
    let (end, ended) = channel::<()>();
    let (ready, is_ready) = channel();
    let old = std::thread::spawn(move || {
        count(1_000_000_000);
        ready.send(()).unwrap();
        ended.recv().unwrap_err();
    });
    is_ready.recv().unwrap();
    let Some(server) = Server::start(dir) else { return };
    let mut events = Events::of(&server, "?label=work.done");
    rates(&mut events, 2);
    drop(end);
    old.join().unwrap();
    for _ in 0..20 {
        std::thread::spawn(move || count(5)).join().unwrap();
    }
    let rates = rates(&mut events, 4);
    let sum: f64 = rates.iter().sum();
    assert!(rates.iter().all(|rate| (0.0..=1000.0).contains(rate)), "{rates:?}");
    // Samples are about a second apart.
    assert!((50.0..=200.0).contains(&sum), "all that was counted, once: {rates:?}");
}

#[test]
fn threads_that_end_are_no_peaks_in_files_of_version_1() {
    threads_that_end(DIRECTORIES[0].path(), |count| WORK_1.with(|work| work.done.add(count)));
}

#[test]
fn threads_that_end_are_no_peaks_in_files_of_version_2() {
    threads_that_end(DIRECTORIES[1].path(), |count| WORK_2.with(|work| work.done.add(count)));
}

/// A file of a group: of a thread, or with 0 of its process.
fn member(dir: &Path, tid: u32, folded: u64, done: u64) {
    Fields::of_thread(tid, folded).counter("work.done", done).write(dir, format!("web-7-{tid}.mmstats"));
}

#[test]
fn a_program_that_is_stopped_while_a_thread_ends_makes_no_peak() {
    const MANY: u64 = 1_000_000_000;
    let dir = tempfile::tempdir().unwrap();
    member(dir.path(), 0, 2, 10);
    member(dir.path(), 8, 0, MANY);
    let Some(server) = Server::start(dir.path()) else { return };
    let mut events = Events::of(&server, "?label=work.done");
    let mut all = rates(&mut events, 2);
    // The counts have gone over, and nothing says so yet.
    while_stopped(&server.child, || {
        member(dir.path(), 8, 4, MANY);
        member(dir.path(), 0, 3, 10 + MANY);
    });
    all.extend(rates(&mut events, 3));
    while_stopped(&server.child, || {
        member(dir.path(), 0, 4, 10 + MANY + 50);
        std::fs::remove_file(dir.path().join("web-7-8.mmstats")).unwrap();
    });
    all.extend(rates(&mut events, 3));
    assert!(all.iter().all(|rate| (0.0..=1000.0).contains(rate)), "{all:?}");
    assert!(all.iter().any(|rate| *rate > 0.0), "what was counted since counts: {all:?}");
}
