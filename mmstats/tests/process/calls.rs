//! An update does not call the system.

use crate::child::in_child;
use crate::kernel;
use mmstats::{Counter, Options};
use nix::libc;
use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;

use super::{Every, QUIET};

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
