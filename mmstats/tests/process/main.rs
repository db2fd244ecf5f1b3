//! Threads that end, processes that fork, updates that must not call the system.

#![allow(clippy::unwrap_used)]

mod calls;
#[path = "../common/child.rs"]
mod child;
mod fold_dead;
mod fork;
#[path = "../kernel/mod.rs"]
mod kernel;
mod names;
mod thread_end;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use mmstats::{
    Average, Bool, Counter, Gauge, MovingAverage, Options, Snapshot, Text, ThreadEnd, Timer, per_thread,
    stats,
};

stats! {
    struct Hits {
        hits: Counter,
        load: Gauge<u32>,
        mean: Average,
    }

    struct Every {
        counter: Counter,
        gauge: Gauge<f64>,
        small: Gauge<i8>,
        yes: Bool,
        text: Text,
        average: Average,
        moving: MovingAverage { window: 10 },
        timer: Timer,
    }
}

fn value(path: &Path, label: &str) -> Option<String> {
    Some(Snapshot::of(path).ok()?.find(label)?.value().to_string())
}

/// The sum of a counter over all files below `dir`.
fn sum(dir: &Path, label: &str) -> i128 {
    let files = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    files.filter_map(|path| Snapshot::of(path).ok()?.find(label)?.value().as_integer()).sum()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

static REMOVE_DIR: OnceLock<tempfile::TempDir> = OnceLock::new();
static LEAVE_DIR: OnceLock<tempfile::TempDir> = OnceLock::new();
static FOLD_DIR: OnceLock<tempfile::TempDir> = OnceLock::new();
static FORK_DIR: OnceLock<tempfile::TempDir> = OnceLock::new();
static QUIET_DIR: OnceLock<tempfile::TempDir> = OnceLock::new();
static TEARDOWN_DIR: OnceLock<tempfile::TempDir> = OnceLock::new();

fn dir(cell: &'static OnceLock<tempfile::TempDir>) -> &'static Path {
    cell.get_or_init(|| tempfile::tempdir().unwrap()).path()
}

per_thread! {
    static REMOVE: Hits = Options::new().dir(dir(&REMOVE_DIR)).thread_end(ThreadEnd::Remove);
    static LEAVE: Hits = Options::new().dir(dir(&LEAVE_DIR)).thread_end(ThreadEnd::Leave);
    static FOLD: Hits = Options::new().dir(dir(&FOLD_DIR));
    static FORK: Hits = Options::new().dir(dir(&FORK_DIR));
    static QUIET: Hits = Options::new().dir(dir(&QUIET_DIR));
    static TEARDOWN: Hits = Options::new().dir(dir(&TEARDOWN_DIR)).thread_end(ThreadEnd::Remove);
}
