//! Threads that end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;

use mmstats::Snapshot;
use mmstats::live::{Judge, Life};

use super::{
    FOLD, FOLD_DIR, LEAVE, LEAVE_DIR, REMOVE, REMOVE_DIR, TEARDOWN, TEARDOWN_DIR, dir, files, sum, value,
};

#[test]
fn each_thread_has_a_file_that_goes_with_it() {
    let dir = dir(&REMOVE_DIR);
    let (ready, is_ready) = mpsc::channel();
    let (end, may_end) = mpsc::channel::<()>();
    let worker = thread::spawn(move || {
        REMOVE.with(|stats| stats.hits.add(2));
        ready.send(REMOVE.with(|stats| stats.path().to_owned())).unwrap();
        may_end.recv().unwrap();
    });
    let path = is_ready.recv().unwrap();
    REMOVE.with(|stats| stats.hits.add(1));
    assert_eq!(files(dir).len(), 2);
    assert_eq!(value(&path, "hits").as_deref(), Some("2"));
    end.send(()).unwrap();
    worker.join().unwrap();
    assert_eq!(files(dir).len(), 1);
    REMOVE.remove().unwrap();
    assert_eq!(files(dir).len(), 0);
}

#[test]
fn files_of_ended_threads_stay_alive_until_the_process_removes_them() {
    let dir = dir(&LEAVE_DIR);
    for _ in 0..3 {
        thread::spawn(|| LEAVE.with(|stats| stats.hits.add(10))).join().unwrap();
    }
    let (ready, is_ready) = mpsc::channel();
    let (end, may_end) = mpsc::channel::<()>();
    let worker = thread::spawn(move || {
        LEAVE.with(|stats| stats.hits.incr());
        ready.send(()).unwrap();
        may_end.recv().unwrap();
    });
    is_ready.recv().unwrap();
    assert_eq!(sum(dir, "hits"), 31);
    let judge = Judge::new();
    for path in files(dir) {
        assert_eq!(judge.judge(&Snapshot::of(&path).unwrap()).life, Life::Alive);
    }
    LEAVE.remove().unwrap();
    assert_eq!(sum(dir, "hits"), 1, "the living thread's file is not touched");
    end.send(()).unwrap();
    worker.join().unwrap();
    LEAVE.remove().unwrap();
    assert_eq!(files(dir).len(), 0);
}

#[test]
fn folded_counts_are_kept_by_the_process() {
    let dir = dir(&FOLD_DIR);
    let mut last = 0;
    for round in 1..=20_u32 {
        thread::spawn(move || {
            FOLD.with(|stats| {
                stats.hits.add(u64::from(round));
                stats.load.set(7);
                stats.mean.add(f64::from(round));
            });
        })
        .join()
        .unwrap();
        let now = sum(dir, "hits");
        assert_eq!(now, last + i128::from(round));
        last = now;
    }
    let [path] = &files(dir)[..] else { panic!("one file for the process") };
    assert_eq!(value(path, "sys.tid").as_deref(), Some("0"));
    assert!(path.to_string_lossy().ends_with("-0.mmstats"));
    assert_eq!(value(path, "hits").as_deref(), Some("210"));
    assert_eq!(value(path, "mean").as_deref(), Some("10.5"));
    assert_eq!(value(path, "load"), None, "a gauge ends with its thread");
    FOLD.remove().unwrap();
    assert_eq!(files(dir).len(), 0);
}

/// Counts once more while its thread is being torn down.
struct Last;

impl Drop for Last {
    fn drop(&mut self) {
        TEARDOWN.with(|stats| stats.hits.incr());
        TORN_DOWN.store(true, Ordering::SeqCst);
    }
}

static TORN_DOWN: AtomicBool = AtomicBool::new(false);

thread_local! {
    static LAST: Last = const { Last };
}

#[test]
fn counting_while_a_thread_is_torn_down_does_no_harm() {
    let dir = dir(&TEARDOWN_DIR);
    thread::spawn(|| {
        // Destroyed in reverse order of first use, or not: either way nothing may panic.
        LAST.with(|_| ());
        TEARDOWN.with(|stats| stats.hits.incr());
    })
    .join()
    .unwrap();
    assert!(TORN_DOWN.load(Ordering::SeqCst));
    assert_eq!(files(dir).len(), 0);
}
