//! What several instances of a thread, and the ends of threads, make of the files. Each test has a child
//! process of its own: what it tries is true of a whole process.

#![allow(clippy::unwrap_used)]

mod kernel;

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use mmstats::live::{Judge, Life};
use mmstats::{
    Average, Bool, Builder, Counter, Error, ErrorKind, Gauge, Model, Options, Snapshot, StaticText, Text,
    ThreadEnd, Timer, UpDown, per_thread, stats,
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
    command.args(["--exact", role, "--nocapture", "--test-threads=1"]).env(ROLE, role);
    command.env("MMSTATS_PATH", dir).env_remove("MMSTATS_FILES").envs(env.iter().copied());
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{} {}", text(&output.stdout), text(&output.stderr));
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

#[test]
fn a_librarys_static_beside_the_applications_counts() {
    let dir = tempfile::tempdir().unwrap();
    let stderr = in_process("a_librarys_static_beside_the_applications_counts", dir.path(), || {
        let dir = here();
        APP.with(|stats| stats.hits.add(5));
        LIBRARY.with(|stats| {
            stats.calls.add(7);
            assert!(stats.error().is_none());
            assert!(stats.path().to_string_lossy().ends_with(".mmstats"), "readers look for it");
        });
        let own = Options::new().create::<Library>().unwrap();
        own.calls.add(1);
        assert!(own.path().to_string_lossy().ends_with(".4.mmstats"), "{own:?}");
        assert_eq!(value(own.path(), "calls").as_deref(), Some("1"));
        in_thread(|| {
            APP.with(|stats| stats.hits.add(10));
            LIBRARY.with(|stats| stats.calls.add(20));
        });
        assert_eq!(sum(&dir, "hits"), 15);
        assert_eq!(sum(&dir, "calls"), 28 + 1, "and once while the options were asked for");
        drop(own);
        APP.remove().unwrap();
        LIBRARY.remove().unwrap();
        COUNTING.remove().unwrap();
        assert_eq!(files(&dir), Vec::<PathBuf>::new());
    });
    assert_eq!(stderr, "");
    assert_eq!(files(dir.path()), Vec::<PathBuf>::new());
}

#[test]
fn what_cannot_be_published_is_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing");
    let stderr = in_process("what_cannot_be_published_is_told_once", &missing, || {
        for _ in 0..3 {
            in_thread(|| LIBRARY.with(|stats| stats.calls.incr()));
        }
    });
    let [line] = stderr.lines().collect::<Vec<_>>()[..] else { panic!("one line: {stderr:?}") };
    let (start, end) =
        (format!("mmstats: {}/", missing.display()), ": creating it: No such file or directory");
    assert!(line.starts_with(&start) && line.contains(end), "{line}");
    assert!(line.ends_with("; counting in private memory"), "{line}");
}

#[test]
fn a_hook_hears_of_each_failure_and_may_count() {
    static HEARD: Mutex<Vec<ErrorKind>> = Mutex::new(Vec::new());
    fn hook(error: &Error) {
        LIBRARY.with(|stats| stats.calls.incr());
        assert_eq!(LIBRARY.try_with(|stats| stats.calls.incr()), None, "it is being made");
        HEARD.lock().unwrap().push(error.kind());
    }
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing");
    let stderr = in_process("a_hook_hears_of_each_failure_and_may_count", &missing, || {
        mmstats::on_error(hook);
        for _ in 0..3 {
            in_thread(|| LIBRARY.with(|stats| stats.calls.incr()));
        }
        let heard = HEARD.lock().unwrap();
        assert!(heard.len() >= 3 && heard.iter().all(|kind| *kind == ErrorKind::Io), "{heard:?}");
    });
    assert_eq!(stderr, "");
}

#[test]
fn only_what_folds_is_in_the_folded_file_and_all_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let first = [("MMSTATS_VERSION", "1")];
    in_process_with("only_what_folds_is_in_the_folded_file_and_all_of_it", dir.path(), &first, || {
        let dir = here();
        for round in 1..=3_u32 {
            in_thread(move || {
                APP.with(|stats| {
                    stats.hits.add(10);
                    stats.load.set(7);
                    drop(stats.took.start());
                    // Nothing from the first thread: that is no mean of 0.
                    for _ in 0..round * (round - 1) {
                        stats.mean.add(f64::from(round));
                    }
                    let late = stats.add_field("late.hits", Counter::spec()).unwrap();
                    late.add(1000);
                    let mean = stats.add_field(&format!("late.mean{round}"), Average::spec()).unwrap();
                    mean.add(2.0);
                    mean.add(4.0);
                    stats.add_field("late.load", Gauge::<i32>::spec().initial(5)).unwrap();
                    stats.add_field("never", Average::spec()).unwrap();
                    drop(stats.add_field("late.tasks", UpDown::spec()).map(|tasks| tasks.sub(2)));
                });
            });
        }
        let folded: Vec<_> = files(&dir).into_iter().filter(|path| value(path, "hits").is_some()).collect();
        let [path] = &folded[..] else { panic!("{folded:?}") };
        let snapshot = Snapshot::of(path).unwrap();
        let text = |label: &[u8]| String::from_utf8_lossy(label).into_owned();
        let fields: Vec<_> = snapshot.fields().map(|field| text(field.unwrap().label())).collect();
        let sys = ["sys.pid", "sys.tid", "sys.uid", "sys.gid", "sys.created", "org.rust.version"];
        let ours = ["org.mmstats.version", "sys.fold", "sys.folded"];
        let own = [
            "hits",
            "tasks",
            "took",
            "late.hits",
            "late.mean1",
            "late.tasks",
            "mean",
            "late.mean2",
            "late.mean3",
        ];
        assert_eq!(fields, [&sys[..], &ours, &own].concat());
        let value = |label| snapshot.find(label).unwrap().value().to_string();
        assert_eq!(value("late.hits"), "3000");
        assert_eq!(value("hits"), "30");
        assert_eq!(value("late.tasks"), "-6");
        assert_eq!(value("late.mean1"), "3.0");
        assert_eq!(value("mean"), "2.75", "each thread's by its count");
        assert_eq!(value("sys.folded"), "6", "three folds, none under way");
    });
}

#[test]
fn one_label_of_two_types_loses_the_later_one_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let stderr = in_process("one_label_of_two_types_loses_the_later_one_and_says_so", dir.path(), || {
        in_thread(|| LIBRARY.with(|stats| stats.add_field("odd", Counter::spec()).unwrap().add(3)));
        in_thread(|| LIBRARY.with(|stats| stats.add_field("odd", UpDown::spec()).unwrap().add(-1)));
        assert_eq!(sum(&here(), "odd"), 3);
    });
    assert!(stderr.contains("label \"odd\" means another type in another thread"), "{stderr}");
}

#[test]
fn a_count_that_goes_up_on_one_thread_and_down_on_another_is_right() {
    let dir = tempfile::tempdir().unwrap();
    in_process("a_count_that_goes_up_on_one_thread_and_down_on_another_is_right", dir.path(), || {
        let dir = here();
        in_thread(|| APP.with(|stats| stats.tasks.add(300)));
        assert_eq!(sum(&dir, "tasks"), 300);
        let (ready, is_ready) = mpsc::channel();
        let (end, may_end) = mpsc::channel::<()>();
        let worker = thread::spawn(move || {
            APP.with(|stats| stats.tasks.sub(299));
            APP.with(|stats| stats.tasks.decr());
            ready.send(()).unwrap();
            may_end.recv().unwrap();
            APP.with(|stats| stats.tasks.incr());
        });
        is_ready.recv().unwrap();
        assert_eq!(sum(&dir, "tasks"), 0);
        end.send(()).unwrap();
        worker.join().unwrap();
        assert_eq!(sum(&dir, "tasks"), 1);
    });
}

#[test]
fn names_that_come_round_lose_no_counts() {
    let dir = tempfile::tempdir().unwrap();
    // Without the thread's id in it, the name of each thread is that of the one before.
    let env = [("MMSTATS_FILES", "{PID}.mmstats")];
    let stderr = in_process_with("names_that_come_round_lose_no_counts", dir.path(), &env, || {
        let dir = here();
        for _ in 0..20 {
            in_thread(|| LEFT.with(|stats| stats.calls.add(10)));
        }
        assert_eq!((sum(&dir, "calls"), files(&dir).len()), (200, 20));
        let judge = Judge::new();
        for path in files(&dir) {
            assert_eq!(judge.judge(&Snapshot::of(&path).unwrap()).life, Life::Alive);
        }
        LEFT.remove().unwrap();
        assert_eq!(files(&dir), Vec::<PathBuf>::new());
    });
    assert_eq!(stderr, "");
}

#[test]
fn files_that_are_left_are_bounded_and_their_counts_are_not() {
    let dir = tempfile::tempdir().unwrap();
    in_process("files_that_are_left_are_bounded_and_their_counts_are_not", dir.path(), || {
        let dir = here();
        for _ in 0..600 {
            in_thread(|| LEFT.with(|stats| stats.calls.add(10)));
        }
        assert_eq!((sum(&dir, "calls"), files(&dir).len()), (6000, 257));
        let maps = fs::read_to_string("/proc/self/maps").unwrap();
        let count = maps.lines().filter(|line| line.ends_with(".mmstats")).count();
        assert!(count <= 257, "{count} mappings");
        LEFT.remove().unwrap();
        assert_eq!(files(&dir), Vec::<PathBuf>::new());
    });
}

#[test]
fn what_ends_after_remove_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    in_process("what_ends_after_remove_leaves_nothing", dir.path(), || {
        let dir = here();
        let (ready, is_ready) = mpsc::channel();
        let (end, may_end) = mpsc::channel::<()>();
        let worker = thread::spawn(move || {
            LIBRARY.with(|stats| stats.calls.incr());
            LEFT.with(|stats| stats.calls.incr());
            GONE.with(|stats| stats.calls.incr());
            ready.send(()).unwrap();
            may_end.recv().unwrap();
        });
        is_ready.recv().unwrap();
        in_thread(|| LIBRARY.with(|stats| stats.calls.incr()));
        assert_eq!(files(&dir).len(), 4);
        for remove in [|| LIBRARY.remove(), || LEFT.remove(), || GONE.remove()] {
            remove().unwrap();
        }
        assert_eq!(files(&dir).len(), 3, "a living thread's files are not touched, and none is made");
        end.send(()).unwrap();
        worker.join().unwrap();
        assert_eq!(files(&dir), Vec::<PathBuf>::new());
    });
}

#[test]
fn a_model_may_try_its_own_static_while_it_is_built() {
    let dir = tempfile::tempdir().unwrap();
    in_process("a_model_may_try_its_own_static_while_it_is_built", dir.path(), || {
        NESTED.with(|stats| stats.hits.incr());
        assert_eq!((sum(&here(), "hits"), files(&here()).len()), (1, 1));
        // One that insists gets a panic that says what to do: not a stack overflow, and no files.
        in_thread(|| {
            NESTED_USES_WITH.store(true, Ordering::SeqCst);
            let outcome = std::panic::catch_unwind(|| NESTED.with(|stats| stats.hits.incr()));
            let payload = outcome.unwrap_err();
            assert!(payload.downcast_ref::<&str>().unwrap().contains("try_with"));
            NESTED_USES_WITH.store(false, Ordering::SeqCst);
            NESTED.with(|stats| stats.hits.incr());
            assert_eq!((sum(&here(), "hits"), files(&here()).len()), (2, 2), "and it can be made later");
        });
    });
}

#[test]
fn an_allocator_may_count() {
    let dir = tempfile::tempdir().unwrap();
    in_process("an_allocator_may_count", dir.path(), || {
        COUNTS_ALLOCATIONS.store(true, Ordering::SeqCst);
        for _ in 0..10 {
            in_thread(|| {
                LIBRARY.with(|stats| stats.calls.incr());
                drop(std::hint::black_box(vec![0_u8; 100]));
            });
        }
        COUNTS_ALLOCATIONS.store(false, Ordering::SeqCst);
        let hidden = |path: &PathBuf| path.to_string_lossy().ends_with(".new");
        assert!(!files(&here()).iter().any(hidden), "no temporary file is left");
        assert!(sum(&here(), "calls") >= 20);
    });
}

#[test]
fn options_are_asked_for_once_per_process() {
    if !kernel::wipes_on_fork() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    in_process("options_are_asked_for_once_per_process", dir.path(), || {
        for _ in 0..3 {
            in_thread(|| APP.with(|stats| stats.hits.incr()));
        }
        assert_eq!(APP_OPTIONS.load(Ordering::SeqCst), 1);
        // SAFETY: the child runs test code and leaves by _exit.
        match unsafe { nix::unistd::fork() }.unwrap() {
            nix::unistd::ForkResult::Child => {
                in_thread(|| APP.with(|stats| stats.hits.incr()));
                in_thread(|| APP.with(|stats| stats.hits.incr()));
                let times = APP_OPTIONS.load(Ordering::SeqCst);
                // SAFETY: ends the process.
                unsafe { nix::libc::_exit(times.try_into().unwrap()) }
            }
            nix::unistd::ForkResult::Parent { child } => {
                let status = nix::sys::wait::waitpid(child, None).unwrap();
                assert!(matches!(status, nix::sys::wait::WaitStatus::Exited(_, 2)), "{status:?}");
            }
        }
        // An expression that counts into its own static: no recursion.
        COUNTING.with(|stats| stats.calls.incr());
        assert_eq!(COUNTING_OPTIONS.load(Ordering::SeqCst), 1);
    });
}
