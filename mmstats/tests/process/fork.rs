//! Processes that fork.

use std::fs;

use crate::child::{assert_ended_well, in_child};
use crate::kernel;
use mmstats::live::{Judge, Life};
use mmstats::{Counter, ErrorKind, Options, Snapshot, Value};
use nix::libc;
use nix::unistd::{ForkResult, fork};

use super::{Every, FORK, FORK_DIR, Hits, dir, files, sum, value};

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
    if !kernel::wipes_on_fork() {
        return;
    }
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
                return kernel::skip("other users may not enter the directory for temporary files");
            }
        }
        let error = Snapshot::of(&path).map(drop).unwrap_err();
        assert_eq!(error.to_string(), format!("{}: opening it: Permission denied", path.display()));
        let snapshot = Snapshot::of(&open).unwrap();
        assert_eq!(Judge::new().judge(&snapshot).life, Life::Alive, "a stranger sees the lock, too");
    });
    assert_ended_well(status);
}
