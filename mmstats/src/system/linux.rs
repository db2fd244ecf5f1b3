//! As Linux answers.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use nix::errno::Errno;
use nix::libc::off_t;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};
use nix::sys::stat::fstat;
use nix::time::{ClockId, clock_gettime};
use nix::unistd::{SysconfVar, Whence, getgid, getpid, gettid, getuid, lseek, sysconf};

/// `CLOCK_MONOTONIC`.
#[inline]
pub(crate) fn monotonic_nanoseconds() -> i64 {
    // It fails for clocks that do not exist only.
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC);
    // `num_nanoseconds` minds moments before 0, too, and the next reading of the clock waits for that.
    #[allow(clippy::useless_conversion)] // Of 32 bits on some platforms.
    now.map_or(0, |now| i64::from(now.tv_sec()) * 1_000_000_000 + i64::from(now.tv_nsec()))
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

/// Whether standard error is a file that this many bytes more would make larger than this process may make one: the
/// kernel answers with a `SIGXFSZ`, which ends a program.
pub(crate) fn would_signal(bytes: u64) -> bool {
    let limit = getrlimit(Resource::RLIMIT_FSIZE).map_or(RLIM_INFINITY, |(soft, _)| soft);
    let size = fstat(io::stderr().as_fd()).map_or(0, |stat| stat.st_size);
    if limit == RLIM_INFINITY {
        return false;
    }
    #[allow(clippy::useless_conversion)] // Of 32 bits on some platforms.
    let limit = u64::from(limit);
    u64::try_from(size).is_ok_and(|size| size.saturating_add(bytes) > limit)
}

/// Where temporary files go if no variable says another place. `env::temp_dir` takes an empty `TMPDIR` for the
/// current directory.
pub(crate) fn temp_dir() -> PathBuf {
    "/tmp".into()
}

/// A file name of any bytes.
pub(crate) fn os_string(bytes: Vec<u8>) -> OsString {
    OsString::from_vec(bytes)
}

/// The error of a name that ends with a slash.
pub(crate) fn is_a_directory() -> io::Error {
    Errno::EISDIR.into()
}

/// The error of memory that is not there.
pub(crate) fn no_memory() -> io::Error {
    Errno::ENOMEM.into()
}

/// Reads at a place, which moves nothing.
#[inline]
pub(crate) fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    file.read_at(bytes, offset)
}

/// The next part of `range` that is no hole; empty, and where the file ends, if there is none.
pub(crate) fn next_data(file: &File, range: Range<usize>) -> io::Result<Range<usize>> {
    let seek = |at: usize, whence| match lseek(file, at.try_into().unwrap_or(off_t::MAX), whence) {
        Ok(found) => Ok(usize::try_from(found).unwrap_or(usize::MAX)),
        Err(errno) => Err(errno),
    };
    let start = match seek(range.start, Whence::SeekData) {
        Ok(start) if start < range.end => start,
        // All of the rest is a hole, or there is no rest.
        Ok(_) | Err(Errno::ENXIO) => {
            let len = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
            let end = len.clamp(range.start, range.end);
            return Ok(end..end);
        }
        // Not a file that can be asked, such as those in /proc.
        Err(_) => return Ok(range),
    };
    let end = seek(start, Whence::SeekHole).unwrap_or(range.end);
    Ok(start..end.clamp(start, range.end))
}
