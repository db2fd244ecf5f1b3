//! A program that keeps what its ended processes have counted.

use std::fs;
use std::path::Path;
use std::sync::{Mutex, OnceLock};

use mmstats::{Counter, ErrorKind, Histogram, Options, Snapshot, Value, Version, per_thread, stats};
use nix::libc;

use super::{dir, files, sum};
use crate::child::{assert_ended_well, in_child};

stats! {
    struct Work {
        done: Counter,
        size: Histogram { unit: "bytes" },
        page: mmstats::Text,
    }
}

static DIR: OnceLock<tempfile::TempDir> = OnceLock::new();

fn per_thread_options() -> Options {
    Options::new().dir(dir(&DIR)).filename("thread-{PID}-{TID}.mmstats")
}

per_thread! {
    static WORK: Work = per_thread_options();
}

/// A process that counts and leaves its file behind, as one that is killed.
fn dies(options: &Options, done: u64) {
    assert_ended_well(in_child(|| {
        let work = options.create::<Work>().unwrap();
        work.done.add(done);
        work.size.record(done);
        std::mem::forget(work);
        // SAFETY: as in `in_child`.
        unsafe { libc::_exit(0) }
    }));
}

fn names(dir: &Path) -> Vec<String> {
    files(dir).iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn counts_of_ended_processes_stay_and_their_files_go() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new().dir(dir.path()).filename("web-{PID}-{TID}.mmstats");
    let own = options.create::<Work>().unwrap();
    own.done.add(1);
    assert_eq!(options.fold_dead().unwrap(), 0, "nothing has ended");
    // More than are dealt with at once.
    for done in 0..100 {
        dies(&options, done);
    }
    let total = 1 + (0..100).sum::<i128>();
    assert_eq!((files(dir.path()).len(), sum(dir.path(), "done")), (101, total));
    assert_eq!(options.fold_dead().unwrap(), 100);
    assert_eq!((files(dir.path()).len(), sum(dir.path(), "done")), (2, total));
    assert_eq!(options.fold_dead().unwrap(), 0);

    let name = format!("web-departed-{}.mmstats", nix::unistd::geteuid());
    let departed = Snapshot::of(dir.path().join(&name)).unwrap();
    let Value::Histogram(size) = departed.find("size").unwrap().value() else { panic!("no histogram") };
    assert_eq!((size.count(), departed.find("page").is_none()), (100, true));
    assert_eq!(departed.find("size").unwrap().unit(), Some("bytes"));
    drop(own);
    assert_eq!(names(dir.path()), [name], "nothing else is left");
}

#[test]
fn ended_threads_of_ended_processes_count_once() {
    let options = per_thread_options();
    for _ in 0..3 {
        assert_ended_well(in_child(|| {
            for _ in 0..2 {
                std::thread::spawn(|| WORK.with(|work| work.done.add(10))).join().unwrap();
            }
            WORK.with(|work| work.done.add(1));
            // SAFETY: as in `in_child`.
            unsafe { libc::_exit(0) }
        }));
    }
    assert_eq!((files(dir(&DIR)).len(), sum(dir(&DIR), "done")), (6, 63), "one per thread, one per process");
    assert_eq!(options.fold_dead().unwrap(), 6);
    assert_eq!((files(dir(&DIR)).len(), sum(dir(&DIR), "done")), (1, 63));
}

#[test]
fn several_threads_may_do_it_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new().dir(dir.path()).filename("web-{PID}-{TID}.mmstats");
    for _ in 0..50 {
        dies(&options, 3);
    }
    let removed: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| options.fold_dead().unwrap())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!((removed, files(dir.path()).len(), sum(dir.path(), "done")), (50, 1, 150));
}

#[test]
fn other_files_stay() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new().dir(dir.path());
    dies(&options.clone().filename("other-{PID}.mmstats"), 1);
    dies(&options.clone().filename("web-{PID}.mmstats").version(Version::V1), 1);
    fs::write(dir.path().join("web-1.mmstats"), "a shopping list").unwrap();
    std::os::unix::fs::symlink(files(dir.path()).remove(0), dir.path().join("web-2.mmstats")).unwrap();
    nix::unistd::mkfifo(&dir.path().join("web-3.mmstats"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let before = names(dir.path());
    assert_eq!(options.filename("web-{PID}.mmstats").fold_dead().unwrap(), 0);
    assert_eq!(names(dir.path()), before);
}

#[test]
fn files_in_several_directories_are_an_error() {
    let dir = tempfile::tempdir().unwrap();
    for key in ["{PID}", "{TID}", "{MODEL}"] {
        let error = Options::new().dir(dir.path().join(key)).fold_dead().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Template, "{error}");
        let error = Options::new().dir(dir.path()).filename(format!("{key}/x")).fold_dead().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Template, "{error}");
    }
    let error = Options::new().dir(dir.path().join("none")).fold_dead().unwrap_err();
    assert!(error.is_not_found(), "{error}");
    fs::create_dir(dir.path().join("below")).unwrap();
    let below = Options::new().dir(dir.path()).filename("below/web-{MODEL}-{PID}.mmstats");
    dies(&below, 4);
    assert_eq!((below.fold_dead().unwrap(), sum(&dir.path().join("below"), "done")), (1, 4));
}

#[test]
fn what_cannot_be_written_is_not_removed() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new().dir(dir.path()).filename("web-{PID}.mmstats");
    dies(&options, 5);
    let departed = dir.path().join(format!("web-departed-{}.mmstats", nix::unistd::geteuid()));
    fs::create_dir(&departed).unwrap();
    assert_eq!(options.fold_dead().unwrap(), 0, "the hook has heard why");
    fs::remove_dir(&departed).unwrap();
    assert_eq!((options.fold_dead().unwrap(), sum(dir.path(), "done")), (1, 5));
}

stats! {
    /// What a later release of the program has.
    struct Rework {
        done: Counter { unit: "jobs" },
        size: Counter,
    }

    /// And one after that.
    struct Unlike {
        done: Counter { unit: "pages" },
    }
}

#[test]
fn what_is_something_else_by_now_is_not_removed() {
    static HEARD: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new().dir(dir.path()).filename("again{PID}.mmstats");
    dies(&options, 5);
    let more = |count: fn(&Options)| {
        assert_ended_well(in_child(|| {
            count(&options);
            // SAFETY: as in `in_child`.
            unsafe { libc::_exit(0) }
        }));
    };
    more(|options| {
        let work = options.create::<Rework>().unwrap();
        work.done.add(6);
        std::mem::forget(work);
    });
    assert_eq!(
        options.fold_dead().unwrap(),
        2,
        "a unit alone is no other meaning, and what is 0 is not lost"
    );
    let departed = dir.path().join(format!("again{{PID}}-departed-{}.mmstats", nix::unistd::geteuid()));
    assert_eq!(Snapshot::of(&departed).unwrap().find("done").unwrap().unit(), Some("jobs"));
    more(|options| {
        let work = options.create::<Unlike>().unwrap();
        work.done.add(7);
        std::mem::forget(work);
    });
    mmstats::on_error(|error| HEARD.lock().unwrap().push(error.to_string()));
    assert_eq!(options.fold_dead().unwrap(), 0);
    let why = format!("done is something else in {}: another unit", departed.display());
    assert!(HEARD.lock().unwrap().iter().any(|error| error.contains(&why)), "{:?}", HEARD.lock().unwrap());
    assert_eq!((files(dir.path()).len(), sum(dir.path(), "done")), (2, 18));
}
