//! What some tests need of the kernel, which not every one gives: qemu's user emulation, for one. Each question
//! says so where the answer is no.

#![allow(dead_code, unreachable_pub)]

use std::io::Write;

use nix::errno::Errno;
use nix::libc;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};

/// Whether memory is wiped in a forked child that is to be, by which an instance knows that it was inherited.
/// qemu takes the advice, and does not follow it.
pub fn wipes_on_fork() -> bool {
    let mut page = memmap2::MmapOptions::new().len(1).map_anon().unwrap();
    // SAFETY: exactly the page that was just mapped, private and anonymous as the advice demands.
    let advised = unsafe { libc::madvise(page.as_mut_ptr().cast(), 1, libc::MADV_WIPEONFORK) };
    page[0] = 1;
    // SAFETY: the child looks at a byte and leaves.
    let status = match unsafe { fork() }.unwrap() {
        ForkResult::Parent { child } => waitpid(child, None).unwrap(),
        // SAFETY: ends the process without running the test harness's handlers.
        ForkResult::Child => unsafe { libc::_exit(page[0].into()) },
    };
    let wiped = advised == 0 && matches!(status, WaitStatus::Exited(_, 0));
    wiped || no("memory is not wiped on fork (MADV_WIPEONFORK)")
}

/// Whether system calls can be forbidden.
pub fn filters_calls() -> bool {
    let nothing = std::ptr::null::<libc::sock_fprog>();
    // SAFETY: no filter is given, so none is set; the kernel looks at the pointer and refuses it.
    let set = unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, nothing) };
    (set == -1 && Errno::last() == Errno::EFAULT) || no("system calls cannot be filtered (seccomp)")
}

fn no(reason: &str) -> bool {
    skip(reason);
    false
}

/// Says that a test is skipped, past the harness, which keeps what passing tests print.
#[allow(clippy::explicit_write)]
pub fn skip(reason: &str) {
    writeln!(std::io::stderr(), "skipped: {reason}").unwrap();
}
