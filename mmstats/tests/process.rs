//! Threads that end, processes that fork, updates that must not call the system.

#![allow(clippy::unwrap_used)]

#[path = "common/child.rs"]
mod child;
mod kernel;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::{fs, thread};

use child::{assert_ended_well, in_child};
use mmstats::live::{Judge, Life};
use mmstats::{
    Average, Bool, Counter, ErrorKind, Gauge, MovingAverage, Options, Snapshot, Text, ThreadEnd, Timer,
    Value, per_thread, stats,
};
use nix::libc;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};

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

/// From here on any system call but `exit` is answered by death (`SIGSYS`). (The kernel's ready-made strict
/// mode takes the time stamp counter away, too, which reading the clock needs and which is no system call.)
fn forbid_calls() {
    let rule = |code: u32, jump_false: u8, value: u32| libc::sock_filter {
        code: u16::try_from(code).unwrap(),
        jt: 0,
        jf: jump_false,
        k: value,
    };
    let mut filter = [
        rule(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0),
        rule(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 1, u32::try_from(libc::SYS_exit).unwrap()),
        rule(libc::BPF_RET | libc::BPF_K, 0, libc::SECCOMP_RET_ALLOW),
        rule(libc::BPF_RET | libc::BPF_K, 0, libc::SECCOMP_RET_KILL_PROCESS),
    ];
    let program = libc::sock_fprog { len: 4, filter: filter.as_mut_ptr() };
    // SAFETY: prctl with constants.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }, 0);
    // SAFETY: the program lives until the call is over, and its length is right.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &program) }, 0);
}

#[test]
fn no_update_calls_the_system() {
    if !kernel::filters_calls() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let status = in_child(|| {
        let every = Options::new().dir(dir.path()).create::<Every>().unwrap();
        let late = every.add_field("late", Counter::spec()).unwrap();
        QUIET.with(|stats| stats.hits.incr());
        forbid_calls();
        for n in 0..100_000_u32 {
            every.counter.incr();
            every.gauge.set(f64::from(n));
            every.small.add(1);
            every.yes.set(n % 2 == 0);
            every.text.set("some text");
            every.average.add(f64::from(n));
            every.moving.add(f64::from(n));
            drop(every.timer.start());
            late.add(2);
            QUIET.with(|stats| stats.hits.incr());
        }
        // SAFETY: exit, not exit_group, is the call that is let through.
        unsafe { libc::syscall(libc::SYS_exit, 7) };
    });
    assert!(matches!(status, WaitStatus::Exited(_, 7)), "{status:?}");
    // And the test can fail: one call is the end.
    let status = in_child(|| {
        forbid_calls();
        // SAFETY: harmless, and not allowed.
        unsafe { libc::syscall(libc::SYS_getppid) };
    });
    assert!(matches!(status, WaitStatus::Signaled(_, Signal::SIGSYS, _)), "{status:?}");
}

#[test]
fn the_environment_says_where_files_go_and_what_they_are_called() {
    let dir = tempfile::tempdir().unwrap();
    let status = in_child(|| {
        // SAFETY: the forked child has one thread.
        unsafe { std::env::set_var("MMSTATS_PATH", dir.path()) };
        let stats = Options::new().create::<Hits>().unwrap();
        let argv0 = std::env::args().next().unwrap();
        let command = Path::new(&argv0).file_name().unwrap().to_str().unwrap().to_owned();
        let pid = std::process::id();
        assert_eq!(stats.path(), dir.path().join(format!("{command}-{pid}-{pid}.mmstats")));
        // SAFETY: as above.
        unsafe { std::env::set_var("MMSTATS_FILES", "{PID}.{TID}") };
        let stats = Options::new().create::<Hits>().unwrap();
        assert_eq!(stats.path(), dir.path().join(format!("{pid}.{pid}")));
        let stats = Options::new().dir(dir.path().join("..")).filename("own").create::<Hits>();
        assert!(stats.is_ok_and(|stats| stats.path().ends_with("../own")), "the program's word comes first");
    });
    assert_ended_well(status);
}

#[test]
fn an_empty_variable_counts_as_none() {
    let status = in_child(|| {
        for name in ["MMSTATS_PATH", "MMSTATS_FILES", "TMPDIR"] {
            // SAFETY: the forked child has one thread.
            unsafe { std::env::set_var(name, "") };
        }
        assert_eq!(mmstats::default_dir(), Path::new("/tmp"));
        let stats = Options::new().create_or_private::<Hits>();
        let pid = std::process::id();
        assert_eq!(stats.path().parent(), Some(Path::new("/tmp")));
        assert!(stats.path().to_string_lossy().ends_with(&format!("-{pid}-{pid}.mmstats")));
    });
    assert_ended_well(status);
}

#[test]
fn a_forked_child_leaves_its_parents_values_alone() {
    if !kernel::wipes_on_fork() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let every = Options::new().dir(dir.path()).create::<Every>().unwrap();
    every.counter.add(5);
    every.text.set("parent");
    let (path, every) = (every.path().to_owned(), every);
    let every = std::cell::Cell::new(Some(every));
    let status = in_child(|| {
        let every = every.take().unwrap();
        assert!(every.is_inherited());
        for _ in 0..1000 {
            every.counter.incr();
        }
        every.text.set("child");
        every.yes.set(true);
        every.small.set(3);
        every.moving.add(1.0);
        assert_eq!(every.counter.value(), 1005, "it counts on, in private");
        assert_eq!(every.text.value(), "child");
        let refused = every.add_field("late", Counter::spec()).map(drop).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Forked);
        assert_eq!(every.flush(true).unwrap_err().kind(), ErrorKind::Forked);
        every.remove().unwrap();
        drop(every);
        assert!(path.exists(), "the file is not the child's to remove");
        let own = Options::new().dir(dir.path()).create::<Every>().unwrap();
        own.counter.incr();
        assert!(!own.is_inherited());
        assert_eq!(value(own.path(), "counter").as_deref(), Some("1"));
    });
    assert_ended_well(status);
    let every = every.take().unwrap();
    assert_eq!(value(&path, "counter").as_deref(), Some("5"));
    every.counter.incr();
    assert_eq!(value(&path, "counter").as_deref(), Some("6"));
    assert_eq!(value(&path, "text").as_deref(), Some("parent"));
}

#[test]
fn a_child_that_outlives_its_parent_does_not_keep_the_file_alive() {
    let dir = tempfile::tempdir().unwrap();
    let (wait_end, hold_end) = nix::unistd::pipe().unwrap();
    let status = in_child(|| {
        let stats = Options::new().dir(dir.path()).create::<Hits>().unwrap();
        stats.hits.add(3);
        std::mem::forget(stats);
        // SAFETY: the grandchild only reads and leaves.
        if let ForkResult::Child = unsafe { fork() }.unwrap() {
            drop(hold_end);
            let _ = nix::unistd::read(&wait_end, &mut [0]);
            // SAFETY: as in `in_child`.
            unsafe { libc::_exit(0) };
        }
    });
    assert_ended_well(status);
    let [path] = &files(dir.path())[..] else { panic!("one file") };
    let snapshot = Snapshot::of(path).unwrap();
    assert_eq!(snapshot.find("hits").unwrap().value(), Value::Unsigned(3));
    assert_eq!(Judge::new().judge(&snapshot).life, Life::Dead, "though the grandchild still runs");
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
fn removing_one_instance_takes_ended_threads_files_that_were_kept() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new().dir(dir.path());
    let theirs = options.clone();
    thread::spawn(move || theirs.create::<Hits>().unwrap().keep()).join().unwrap();
    let moved = {
        let theirs = options.clone();
        thread::spawn(move || theirs.create::<Hits>().unwrap()).join().unwrap()
    };
    fs::write(dir.path().join("stranger.mmstats"), "not ours").unwrap();
    let own = options.create::<Hits>().unwrap();
    assert_eq!(files(dir.path()).len(), 4);
    own.remove().unwrap();
    let left = files(dir.path());
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(left.contains(&moved.path().to_owned()), "its thread has ended, but the instance is in use");
}

#[test]
fn removing_takes_nothing_that_another_process_has_left() {
    let dir = tempfile::tempdir().unwrap();
    // Where process ids repeat, as in containers, the names of two processes are of one form.
    let options = Options::new().dir(dir.path()).filename("web-1-{TID}.mmstats");
    let crashed = dir.path().join("web-1-0.mmstats");
    let status = in_child(|| {
        let stats = Options::new().dir(dir.path()).filename("web-1-0.mmstats").create::<Hits>().unwrap();
        stats.hits.add(3);
        stats.keep();
    });
    assert_ended_well(status);
    let own = options.create::<Hits>().unwrap();
    let theirs = options.clone();
    thread::spawn(move || theirs.create::<Hits>().unwrap().keep()).join().unwrap();
    own.remove().unwrap();
    assert_eq!(files(dir.path()), std::slice::from_ref(&crashed), "the ended thread's is gone");
    assert_eq!(value(&crashed, "hits").as_deref(), Some("3"));
}

#[test]
fn processes_that_have_one_process_id_have_names_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let name = format!("web-{}.mmstats", std::process::id());
    let (wait_end, hold_end) = nix::unistd::pipe().unwrap();
    let (ready_end, told_end) = nix::unistd::pipe().unwrap();
    // SAFETY: the child runs test code and leaves by _exit.
    let child = match unsafe { fork() }.unwrap() {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            drop(hold_end);
            let stats = Options::new().dir(dir.path()).filename(&name).create::<Hits>().unwrap();
            stats.hits.add(1);
            nix::unistd::write(&told_end, &[0]).unwrap();
            let _ = nix::unistd::read(&wait_end, &mut [0]);
            drop(stats);
            // SAFETY: as in `in_child`.
            unsafe { libc::_exit(0) }
        }
    };
    drop(told_end);
    assert_eq!(nix::unistd::read(&ready_end, &mut [0]), Ok(1));
    let exact = Options::new().dir(dir.path()).filename(&name).create::<Hits>();
    assert_eq!(
        exact.map(drop).unwrap_err().kind(),
        ErrorKind::Held,
        "a name that was asked for is that name"
    );
    let stats = Options::new().dir(dir.path()).filename("web-{PID}.mmstats").create::<Hits>().unwrap();
    stats.hits.add(2);
    assert!(stats.path().to_string_lossy().ends_with(".2.mmstats"), "{stats:?}");
    assert_eq!(sum(dir.path(), "hits"), 3);
    drop(hold_end);
    assert_ended_well(waitpid(child, None).unwrap());
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

#[test]
fn a_forked_child_gets_an_instance_of_its_own_for_its_thread() {
    if !kernel::wipes_on_fork() {
        return;
    }
    let dir = dir(&FORK_DIR);
    FORK.with(|stats| stats.hits.add(5));
    let status = in_child(|| {
        FORK.with(|stats| {
            assert!(stats.error().is_none());
            stats.hits.incr();
            let pid = std::process::id();
            assert!(stats.path().to_string_lossy().contains(&format!("-{pid}-")));
            assert_eq!(value(stats.path(), "hits").as_deref(), Some("1"));
        });
        assert_eq!(sum(dir, "hits"), 6);
        FORK.remove().unwrap();
    });
    assert_ended_well(status);
    assert_eq!(sum(dir, "hits"), 5);
    FORK.remove().unwrap();
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

#[test]
fn what_may_not_be_read_is_said_so() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let stats = Options::new().dir(dir.path()).mode(0o600).create::<Hits>().unwrap();
    let readable = Options::new().dir(dir.path()).filename("all").mode(0o644).create::<Hits>().unwrap();
    if !nix::unistd::getuid().is_root() {
        fs::set_permissions(stats.path(), fs::Permissions::from_mode(0o000)).unwrap();
    }
    let (path, open) = (stats.path().to_owned(), readable.path().to_owned());
    let status = in_child(|| {
        if nix::unistd::getuid().is_root() {
            nix::unistd::setuid(nix::unistd::Uid::from_raw(65534)).unwrap();
            if fs::metadata(dir.path()).is_err() {
                return kernel::skip("other users may not enter the folder for temporary files");
            }
        }
        let error = Snapshot::of(&path).map(drop).unwrap_err();
        assert_eq!(error.to_string(), format!("{}: opening it: Permission denied", path.display()));
        let snapshot = Snapshot::of(&open).unwrap();
        assert_eq!(Judge::new().judge(&snapshot).life, Life::Alive, "a stranger sees the lock, too");
    });
    assert_ended_well(status);
}
