//! Reports of errors that no caller gets.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use crate::error::Error;
use crate::system::would_signal;

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
#[doc(hidden)]
pub fn report(error: &Error, consequence: &str) {
    static TOLD: AtomicBool = AtomicBool::new(false);
    tell(error, consequence, || !TOLD.swap(true, Ordering::Relaxed));
}

/// As [`report`], but without a hook, too, the user is told of each error: for a caller that reports each thing that
/// fails once.
#[doc(hidden)]
pub fn report_each(error: &Error, consequence: &str) {
    tell(error, consequence, || true);
}

fn tell(error: &Error, consequence: &str, is_for_user: impl FnOnce() -> bool) {
    let hook = *HOOK.read().unwrap_or_else(PoisonError::into_inner);
    match hook {
        Some(hook) => hook(error),
        None if !is_for_user() => {}
        None if would_signal(LONGEST_LINE) => {}
        // A program without a standard error goes on all the same. One call, so that the line stays whole.
        None => drop(io::stderr().write_all(format!("mmstats: {error}; {consequence}\n").as_bytes())),
    }
}
