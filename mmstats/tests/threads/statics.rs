//! Statics side by side, and within each other.

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use mmstats::Options;

use crate::kernel;

use super::{
    APP, APP_OPTIONS, COUNTING, COUNTING_OPTIONS, COUNTS_ALLOCATIONS, LIBRARY, Library, NESTED,
    NESTED_USES_WITH, files, here, in_process, in_thread, sum, value,
};

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
