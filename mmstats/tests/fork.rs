//! What a forked child does to the memory that its parent published from.

#![allow(clippy::unwrap_used)]

#[path = "common/child.rs"]
mod child;
mod kernel;

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use child::{assert_ended_well, in_child};
use memmap2::MmapOptions;
use mmstats::{Counter, ErrorKind, Instance, Options, Snapshot, Text, ThreadEnd, per_thread, stats};
use nix::libc;

stats! {
    struct Hits {
        hits: Counter,
        page: Text,
    }
}

fn hits(path: &Path) -> String {
    Snapshot::of(path).unwrap().find("hits").unwrap().value().to_string()
}

/// Mappings and heap memory of the sizes that a hole in the address space is filled with, and a check that
/// they are there and hold what they held.
struct Tenants {
    maps: Vec<memmap2::MmapMut>,
    vectors: Vec<Vec<u8>>,
}

impl Tenants {
    fn move_in() -> Self {
        let sizes = [4096, 64 * 1024, 128 * 1024, 1024 * 1024];
        let map = |len| MmapOptions::new().len(len).map_anon().unwrap();
        let mut maps: Vec<_> = (0..64).map(|n| map(sizes[n % 4])).collect();
        maps.iter_mut().for_each(|map| map.fill(7));
        // Large enough for the allocator to map each.
        let vectors = (0..16).map(|_| vec![7; 400_000]).collect();
        Self { maps, vectors }
    }

    #[track_caller]
    fn assert_unharmed(&self) {
        assert!(self.maps.iter().all(|map| map.iter().all(|&byte| byte == 7)));
        assert!(self.vectors.iter().all(|vector| vector.iter().all(|&byte| byte == 7)));
    }
}

fn named(dir: &Path, name: &str) -> Options {
    Options::new().dir(dir).filename(format!("{name}-{{PID}}.mmstats"))
}

/// What a program has when it forks.
fn inherited(dir: &Path, count: usize) -> Vec<Instance<Hits>> {
    let make = |n: usize| named(dir, &format!("parent{n}")).create::<Hits>().unwrap();
    let made: Vec<_> = (0..count).map(make).collect();
    for instance in &made {
        instance.hits.add(5);
        instance.page.set("parent");
    }
    made
}

#[test]
fn a_child_takes_an_instance_of_its_own_in_place_of_the_inherited_one() {
    if !kernel::wipes_on_fork() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut instance = named(dir.path(), "web").create::<Hits>().unwrap();
    let path = instance.path().to_owned();
    instance.hits.add(5);
    let status = in_child(|| {
        // As the documentation says. The new one is there before the old one goes.
        instance = named(dir.path(), "web").create::<Hits>().unwrap();
        instance.hits.incr();
        instance.page.set("child");
        assert_eq!(hits(instance.path()), "1");
    });
    assert_ended_well(status);
    assert_eq!(hits(&path), "5");
}

#[test]
fn dropping_what_was_inherited_does_not_touch_the_childs_memory() {
    if !kernel::wipes_on_fork() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut parents = inherited(dir.path(), 16);
    let status = in_child(|| {
        let tenants = Tenants::move_in();
        let own = named(dir.path(), "own").create::<Hits>().unwrap();
        // Half of them are used first: their handles leave for private memory.
        parents.iter().step_by(2).for_each(|parent| parent.hits.incr());
        parents.iter().step_by(4).for_each(|parent| parent.page.set("child"));
        parents.clear();
        tenants.assert_unharmed();
        own.hits.incr();
        own.page.set("own");
        assert_eq!(hits(own.path()), "1");
    });
    assert_ended_well(status);
    for parent in &parents {
        parent.hits.incr();
        assert_eq!(hits(parent.path()), "6");
    }
}

#[test]
fn a_handle_of_a_file_that_had_grown_is_dropped_without_harm_too() {
    if !kernel::wipes_on_fork() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let parent = named(dir.path(), "parent").create::<Hits>().unwrap();
    let add = |n| parent.add_field(&format!("late.{n}"), Counter::spec()).unwrap();
    let late: Vec<_> = (0..5000).map(add).collect();
    let mut both = Some((parent, late));
    let status = in_child(|| {
        let tenants = Tenants::move_in();
        let (parent, late) = both.take().unwrap();
        late.iter().step_by(3).for_each(Counter::incr);
        drop(parent);
        late.iter().step_by(5).for_each(Counter::incr);
        drop(late);
        tenants.assert_unharmed();
    });
    assert_ended_well(status);
}

static FOLD_DIR: OnceLock<tempfile::TempDir> = OnceLock::new();

per_thread! {
    static FOLD: Hits = Options::new()
        .dir(FOLD_DIR.get_or_init(|| tempfile::tempdir().unwrap()).path())
        .thread_end(ThreadEnd::Fold);
}

#[test]
fn threads_of_a_child_are_folded_into_a_file_of_its_own() {
    if !kernel::wipes_on_fork() {
        return;
    }
    let count = || std::thread::spawn(|| FOLD.with(|stats| stats.hits.incr())).join().unwrap();
    FOLD.with(|stats| stats.hits.add(5));
    count();
    let sum = || {
        let dir = fs::read_dir(FOLD_DIR.get().unwrap().path()).unwrap();
        dir.map(|entry| hits(&entry.unwrap().path()).parse::<u64>().unwrap()).sum::<u64>()
    };
    assert_eq!(sum(), 6);
    let status = in_child(|| {
        let tenants = Tenants::move_in();
        FOLD.with(|stats| stats.hits.incr());
        for n in 1..=5 {
            count();
            assert_eq!(sum(), 7 + n);
        }
        tenants.assert_unharmed();
        FOLD.remove().unwrap();
    });
    assert_ended_well(status);
    count();
    assert_eq!(sum(), 7);
    FOLD.remove().unwrap();
}

#[test]
fn a_grandchild_drops_what_it_has_of_both() {
    if !kernel::wipes_on_fork() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut parents = inherited(dir.path(), 3);
    let status = in_child(|| {
        let mut own = inherited(dir.path(), 3);
        let status = in_child(|| {
            let tenants = Tenants::move_in();
            own.clear();
            parents.clear();
            tenants.assert_unharmed();
        });
        assert_ended_well(status);
        own.iter().for_each(|own| assert_eq!(hits(own.path()), "5"));
    });
    assert_ended_well(status);
    parents.iter().for_each(|parent| assert_eq!(hits(parent.path()), "5"));
}

#[test]
fn a_fork_while_an_instance_is_made_leaves_it_to_the_parent() {
    if !kernel::wipes_on_fork() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let child_failed = std::cell::Cell::new(false);
    let made = named(dir.path(), "parent").create_with(|fields| {
        let first = fields.add("first", Counter::spec())?;
        let status = in_child(|| {
            let tenants = Tenants::move_in();
            let refused = fields.add("second", Counter::spec()).map(drop).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Forked);
            first.incr();
            tenants.assert_unharmed();
        });
        child_failed.set(!matches!(status, nix::sys::wait::WaitStatus::Exited(_, 0)));
        Ok(first)
    });
    assert!(!child_failed.get());
    made.unwrap().incr();
    // A child that goes on to publish what its parent has begun.
    let (parent, mut ended) = (std::process::id(), None);
    let made = named(dir.path(), "begun").create_with(|_| {
        // SAFETY: the child runs test code and leaves by _exit.
        if let nix::unistd::ForkResult::Parent { child } = unsafe { nix::unistd::fork() }.unwrap() {
            ended = Some(nix::sys::wait::waitpid(child, None).unwrap());
        }
        Ok(())
    });
    if std::process::id() != parent {
        let is_refused = made.is_err_and(|error| error.kind() == ErrorKind::Forked);
        // SAFETY: ends the process without running the test harness's handlers.
        unsafe { libc::_exit(i32::from(!is_refused)) };
    }
    assert_ended_well(ended.unwrap());
    let made = made.unwrap();
    assert!(made.path().exists());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file is left");
}

/// From here on this process's kernel cannot wipe memory on a fork, as kernels before 4.14 cannot.
fn forget_wiping() {
    let rule = |code: u32, jump_false: u8, value: u32| libc::sock_filter {
        code: u16::try_from(code).unwrap(),
        jt: 0,
        jf: jump_false,
        k: value,
    };
    let bits = |number: i32| u32::try_from(number).unwrap();
    let argument = |n: u32| 16 + 8 * n + 4 * u32::from(cfg!(target_endian = "big"));
    let mut filter = [
        rule(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0),
        rule(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 3, u32::try_from(libc::SYS_madvise).unwrap()),
        rule(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, argument(2)),
        rule(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 1, bits(libc::MADV_WIPEONFORK)),
        rule(libc::BPF_RET | libc::BPF_K, 0, libc::SECCOMP_RET_ERRNO | bits(libc::EINVAL)),
        rule(libc::BPF_RET | libc::BPF_K, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: 6, filter: filter.as_mut_ptr() };
    // SAFETY: prctl with constants.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }, 0);
    // SAFETY: the program lives until the call is over, and its length is right.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &program) }, 0);
}

#[test]
fn where_the_kernel_cannot_wipe_parent_and_child_share_and_neither_is_harmed() {
    if !kernel::filters_calls() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let status = in_child(|| {
        forget_wiping();
        let mut parents = inherited(dir.path(), 3);
        let status = in_child(|| {
            let tenants = Tenants::move_in();
            parents[0].hits.incr();
            // Not to be removed: nothing tells this process that they are its parent's.
            parents.iter().for_each(Instance::keep);
            parents.clear();
            tenants.assert_unharmed();
        });
        assert_ended_well(status);
        assert_eq!(hits(parents[0].path()), "6");
        parents.iter().for_each(|parent| parent.hits.incr());
    });
    assert_ended_well(status);
}
