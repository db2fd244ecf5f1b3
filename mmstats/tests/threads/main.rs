//! What several instances of a thread, and the ends of threads, make of the files. Each test has a child
//! process of its own: what it tries is true of a whole process.

#![allow(clippy::unwrap_used)]

mod fold;
#[path = "../kernel/mod.rs"]
mod kernel;
mod reports;
mod statics;

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use mmstats::{
    Average, Bool, Builder, Counter, Error, Gauge, Model, Options, Snapshot, StaticText, Text, ThreadEnd,
    Timer, UpDown, per_thread, stats,
};

/// Set in a child: which test it is to be.
const ROLE: &str = "MMSTATS_TEST_ROLE";

stats! {
    struct App {
        hits: Counter,
        mean: Average,
        tasks: UpDown,
        load: Gauge<u32>,
        ready: Bool { initial: true },
        page: Text,
        took: Timer,
        version: StaticText { value: "1.2" },
    }

    struct Library {
        calls: Counter,
    }
}

per_thread! {
    static APP: App = counted(&APP_OPTIONS);
    static LIBRARY: Library = Options::new();
    static LEFT: Library = Options::new().thread_end(ThreadEnd::Leave);
    static GONE: Library = Options::new().thread_end(ThreadEnd::Remove);
    static NESTED: Nested = Options::new();
    static COUNTING: Library = counted(&COUNTING_OPTIONS);
    static ALLOCATIONS: Library = Options::new();
}

static APP_OPTIONS: AtomicUsize = AtomicUsize::new(0);
static COUNTING_OPTIONS: AtomicUsize = AtomicUsize::new(0);

/// Counts how often options are asked for, and counts meanwhile.
fn counted(times: &AtomicUsize) -> Options {
    times.fetch_add(1, Ordering::SeqCst);
    COUNTING.with(|stats| stats.calls.incr());
    Options::new()
}

/// Counts allocations, in one child only.
struct Allocator;

static COUNTS_ALLOCATIONS: AtomicBool = AtomicBool::new(false);

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if COUNTS_ALLOCATIONS.load(Ordering::Relaxed) {
            ALLOCATIONS.try_with(|stats| stats.calls.incr());
        }
        // SAFETY: the caller keeps what `GlobalAlloc` demands.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// Uses its own static while it is built.
struct Nested {
    hits: Counter,
}

static NESTED_USES_WITH: AtomicBool = AtomicBool::new(false);

impl Model for Nested {
    fn build(builder: &mut Builder<'_>) -> Result<Self, Error> {
        if NESTED_USES_WITH.load(Ordering::SeqCst) {
            NESTED.with(|stats| stats.hits.incr());
        }
        assert_eq!(NESTED.try_with(|stats| stats.hits.incr()), None);
        Ok(Self { hits: builder.add("hits", Counter::spec())? })
    }
}

/// Runs `child` in a process of its own, with `dir` for its files, and gives its standard error.
fn in_process(role: &str, dir: &Path, child: impl FnOnce()) -> String {
    in_process_with(role, dir, &[], child)
}

fn in_process_with(role: &str, dir: &Path, env: &[(&str, &str)], child: impl FnOnce()) -> String {
    if std::env::var_os(ROLE).is_some_and(|wanted| wanted == role) {
        child();
        // Without the harness: what a thread's end does is looked at from outside.
        std::process::exit(0);
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([role, "--nocapture", "--test-threads=1"]).env(ROLE, role);
    command.env("MMSTATS_PATH", dir).env_remove("MMSTATS_FILES").envs(env.iter().copied());
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{} {}", text(&output.stdout), text(&output.stderr));
    assert!(text(&output.stdout).contains("running 1 test\n"), "{role} is the name of one test");
    text(&output.stderr)
}

/// Where the child finds its files.
fn here() -> PathBuf {
    std::env::var_os("MMSTATS_PATH").unwrap().into()
}

fn value(path: &Path, label: &str) -> Option<String> {
    Some(Snapshot::of(path).ok()?.find(label)?.value().to_string())
}

/// The sum of a counter over all files below `dir`.
fn sum(dir: &Path, label: &str) -> i128 {
    files(dir).iter().filter_map(|path| Snapshot::of(path).ok()?.find(label)?.value().as_integer()).sum()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn in_thread(f: impl FnOnce() + Send + 'static) {
    thread::spawn(f).join().unwrap();
}
