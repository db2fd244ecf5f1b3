//! What some tests need of the kernel, which not every one gives: qemu's user emulation, for one. Each question
//! says so where the answer is no.

#![allow(dead_code, unreachable_pub)]

use std::io::Write;

use nix::errno::Errno;
use nix::libc;

/// Whether memory can be wiped in a forked child, by which an instance knows that it was inherited.
pub fn wipes_on_fork() -> bool {
    let page = memmap2::MmapOptions::new().len(1).map_anon().unwrap();
    // SAFETY: exactly the page that was just mapped, private and anonymous as the advice demands.
    let advised = unsafe { libc::madvise(page.as_ptr().cast_mut().cast(), 1, libc::MADV_WIPEONFORK) };
    advised == 0 || no("memory cannot be wiped on fork (MADV_WIPEONFORK)")
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
