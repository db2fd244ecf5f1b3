//! Who hears of what goes wrong where no caller gets an error.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};
use nix::sys::stat::fstat;

use crate::error::Error;

/// Bytes that a line on standard error has at the most: a path, twice.
const LONGEST_LINE: u64 = 3 * 4096;

static HOOK: RwLock<Option<fn(&Error)>> = RwLock::new(None);

/// Sets a hook for errors that no caller gets: an instance that had to be made in private memory
/// ([`crate::Options::create_or_private`], [`crate::PerThread::with`]), or the counts of an ended thread that
/// could not be folded. The hook is called for each error, in the thread in which it occurs.
///
/// Without a hook, the first error of a process is printed as one line on standard error, and later errors are
/// not reported.
///
/// The hook itself may count: an instance that is just being made counts in private memory until it is complete.
///
/// ```
/// mmstats::on_error(|error| eprintln!("stats are not published: {error}"));
/// ```
pub fn on_error(hook: fn(&Error)) {
    *HOOK.write().unwrap_or_else(PoisonError::into_inner) = Some(hook);
}

/// Tells the hook, or the user. `consequence` is for the user.
pub(crate) fn report(error: &Error, consequence: &str) {
    static TOLD: AtomicBool = AtomicBool::new(false);
    let hook = *HOOK.read().unwrap_or_else(PoisonError::into_inner);
    match hook {
        Some(hook) => hook(error),
        None if TOLD.swap(true, Ordering::Relaxed) => {}
        None if would_signal() => {}
        // A program without a standard error goes on all the same. One call, so that the line stays whole.
        None => drop(io::stderr().write_all(format!("mmstats: {error}; {consequence}\n").as_bytes())),
    }
}

/// Whether standard error is a file as large as this process may make one: the kernel answers a further line
/// with a `SIGXFSZ`, which ends a program.
fn would_signal() -> bool {
    let limit = getrlimit(Resource::RLIMIT_FSIZE).map_or(RLIM_INFINITY, |(soft, _)| soft);
    let size = fstat(io::stderr().as_fd()).map_or(0, |stat| stat.st_size);
    if limit == RLIM_INFINITY {
        return false;
    }
    #[allow(clippy::useless_conversion)] // Of 32 bits on some platforms.
    let limit = u64::from(limit);
    u64::try_from(size).is_ok_and(|size| size.saturating_add(LONGEST_LINE) > limit)
}
