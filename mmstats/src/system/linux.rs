//! As Linux answers.

use std::io;
use std::os::fd::AsFd;

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};
use nix::sys::stat::fstat;
use nix::sys::time::TimeValLike;
use nix::time::{ClockId, clock_gettime};
use nix::unistd::{SysconfVar, getgid, getpid, gettid, getuid, sysconf};

/// `CLOCK_MONOTONIC`.
#[inline]
pub(crate) fn monotonic_nanoseconds() -> i64 {
    // It fails for clocks that do not exist only.
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC);
    now.map_or(0, |now| now.num_nanoseconds())
}

/// The second of `CLOCK_MONOTONIC`, as it was at the last tick.
#[inline]
pub(crate) fn coarse_second() -> u64 {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC_COARSE);
    now.map_or(0, |now| u64::try_from(now.tv_sec()).unwrap_or(0))
}

/// This thread's id.
pub(crate) fn thread_id() -> i64 {
    gettid().as_raw().into()
}

/// Whether this is the thread with which the process ends.
pub(crate) fn is_main_thread() -> bool {
    gettid() == getpid()
}

/// The user id and the group id of this process, where there are such.
pub(crate) fn user_and_group() -> Option<(u64, u64)> {
    Some((getuid().as_raw().into(), getgid().as_raw().into()))
}

/// Bytes of a page of memory.
pub(crate) fn page_size() -> usize {
    let size = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
    size.and_then(|size| usize::try_from(size).ok()).unwrap_or(4096)
}

/// Whether standard error is a file that so many bytes more would make larger than this process may make one: the
/// kernel answers with a `SIGXFSZ`, which ends a program.
pub(crate) fn would_signal(bytes: u64) -> bool {
    let limit = getrlimit(Resource::RLIMIT_FSIZE).map_or(RLIM_INFINITY, |(soft, _)| soft);
    let size = fstat(io::stderr().as_fd()).map_or(0, |stat| stat.st_size);
    limit != RLIM_INFINITY && u64::try_from(size).is_ok_and(|size| size.saturating_add(bytes) > limit)
}
