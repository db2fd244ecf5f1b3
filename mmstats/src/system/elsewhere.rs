//! As other systems than Linux answer, or this library for them.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

/// Nanoseconds since this was first asked.
pub(crate) fn monotonic_nanoseconds() -> i64 {
    static START: OnceLock<Instant> = OnceLock::new();
    i64::try_from(START.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(i64::MAX)
}

pub(crate) fn coarse_second() -> u64 {
    u64::try_from(monotonic_nanoseconds()).unwrap_or(0) / 1_000_000_000
}

/// A number that no other thread has.
pub(crate) fn thread_id() -> i64 {
    static NEXT: AtomicI64 = AtomicI64::new(1);
    thread_local! {
        static ID: i64 = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    ID.try_with(|id| *id).unwrap_or(0)
}

/// Nothing depends on it where nothing is published.
pub(crate) fn is_main_thread() -> bool {
    false
}

pub(crate) fn user_and_group() -> Option<(u64, u64)> {
    None
}

pub(crate) fn page_size() -> usize {
    4096
}

pub(crate) fn would_signal(_bytes: u64) -> bool {
    false
}

pub(crate) fn temp_dir() -> PathBuf {
    env::temp_dir()
}

/// What is no text becomes one: no file has the name.
pub(crate) fn os_string(bytes: Vec<u8>) -> OsString {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

pub(crate) fn is_a_directory() -> Error {
    ErrorKind::IsADirectory.into()
}

pub(crate) fn no_memory() -> Error {
    ErrorKind::OutOfMemory.into()
}

pub(crate) fn read_at(_file: &File, _bytes: &mut [u8], _offset: u64) -> Result<usize> {
    Err(ErrorKind::Unsupported.into())
}

pub(crate) fn next_data(_file: &File, range: Range<usize>) -> Result<Range<usize>> {
    Ok(range)
}
