//! How many files a process may hold.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Descriptors that are left for everything but followed files.
const SPARE: usize = 64;

/// How many descriptors this process may have, after asking for as many as the system grants.
#[must_use]
pub fn descriptors() -> usize {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return 0 };
    let granted = match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
        Ok(()) => hard,
        Err(_) => soft,
    };
    // The type's width differs between platforms.
    usize::try_from(granted).unwrap_or(usize::MAX)
}

/// How many followed files may be kept open.
pub(crate) fn open_files() -> usize {
    descriptors().saturating_sub(SPARE)
}
