//! Tests in a process of their own.

use nix::libc;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};

/// Runs `child` in a forked process and says how that ended.
pub(crate) fn in_child(child: impl FnOnce()) -> WaitStatus {
    // SAFETY: the child runs test code and leaves by _exit; glibc keeps its allocator usable.
    match unsafe { fork() }.unwrap() {
        ForkResult::Parent { child } => waitpid(child, None).unwrap(),
        ForkResult::Child => {
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(child));
            // SAFETY: ends the process without running the test harness's handlers.
            unsafe { libc::_exit(i32::from(outcome.is_err())) }
        }
    }
}

#[track_caller]
pub(crate) fn assert_ended_well(status: WaitStatus) {
    assert!(matches!(status, WaitStatus::Exited(_, 0)), "{status:?}");
}
