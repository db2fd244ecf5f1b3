//! The clock that time is measured by: the one that never goes back, which [`std::time::Instant`] reads, too. On
//! Linux reading it is no system call.

use crate::system::monotonic_nanoseconds;

/// A moment, in whole nanoseconds: taking one `Instant` from another costs a third of what reading the clock does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment(i64);

impl Moment {
    #[inline]
    pub(super) fn now() -> Self {
        Self(monotonic_nanoseconds())
    }

    /// Nanoseconds from here to a later moment.
    #[inline]
    pub(super) fn nanoseconds_to(self, later: Self) -> u64 {
        u64::try_from(later.0 - self.0).unwrap_or(0)
    }

    /// Which second of `CLOCK_MONOTONIC` it was in.
    #[inline]
    pub(super) fn second(self) -> u64 {
        u64::try_from(self.0).unwrap_or(0) / 1_000_000_000
    }
}

/// Whole nanoseconds up to 104 days. A division would take as long as the rest of a recording, for the last of 16
/// digits.
#[inline]
pub(super) fn seconds(nanoseconds: u64) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let nanoseconds = nanoseconds as f64;
    nanoseconds * 1e-9
}
