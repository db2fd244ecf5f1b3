//! What becomes of the files when a process ends in order. Each end is that of a child process, whose main thread must
//! be that of the program: so there is no test harness in it.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use mmstats::live::{Judge, Life};
use mmstats::{Counter, Options, PerThread, ProcessEnd, Snapshot, ThreadKey, per_thread, stats};

/// Set in a child: what it is to do.
const ROLE: &str = "MMSTATS_TEST_ROLE";

stats! {
    struct Work {
        done: Counter,
    }
}

per_thread! {
    static REMOVED: Work = Options::new();
    static LEFT: Work = Options::new().process_end(ProcessEnd::Leave);
}

#[allow(clippy::print_stderr)]
fn main() {
    match std::env::var(ROLE).as_deref() {
        Ok("removes") => return work(&REMOVED),
        Ok("leaves") => return work(&LEFT),
        _ => {}
    }
    // What lists the tests of all programs finds none here.
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    if cfg!(target_env = "musl") {
        // Standard error, since there is no harness that would keep it.
        eprintln!("skipped: with musl, what a main thread has is not destroyed at its end");
    } else {
        assert_eq!(left_by("removes", dir.path()), []);
    }
    let left = left_by("leaves", dir.path());
    assert_eq!(left, [("work-0.mmstats".to_owned(), 4), ("work-MAIN.mmstats".to_owned(), 3)]);
}

/// Counts in the main thread and in one that ends.
fn work<K: ThreadKey<Model = Work>>(stats: &'static PerThread<K>) {
    stats.with(|work| work.done.add(3));
    thread::spawn(|| stats.with(|work| work.done.add(4))).join().unwrap();
}

/// What a process has left behind that did this: file names, and what each says was done.
fn left_by(role: &str, dir: &Path) -> Vec<(String, i128)> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(ROLE, role).env("MMSTATS_PATH", dir).env("MMSTATS_FILES", "work-{TID}.mmstats");
    let mut child = command.stdin(Stdio::null()).spawn().unwrap();
    assert!(child.wait().unwrap().success());
    let main = child.id().to_string();
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    let mut left: Vec<_> = entries
        .map(|entry| {
            let snapshot = Snapshot::of(entry.path()).unwrap();
            assert_eq!(Judge::new().judge(&snapshot).life, Life::Dead);
            let name = entry.file_name().into_string().unwrap().replace(&main, "MAIN");
            (name, snapshot.find("done").unwrap().value().as_integer().unwrap())
        })
        .collect();
    left.sort();
    left
}
