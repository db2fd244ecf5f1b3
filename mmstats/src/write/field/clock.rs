//! Clocks that time is measured by.

use std::time::SystemTime;

use nix::sys::time::TimeValLike;
use nix::time::{ClockId, clock_gettime};

/// A clock that a [`crate::Timer`] reads. Implement it to choose another.
pub trait Clock {
    /// A moment, as the clock has it.
    type Moment: Copy;

    /// Now.
    fn now(&self) -> Self::Moment;

    /// Seconds from one moment to another; 0 where the clock went back.
    fn seconds(&self, from: Self::Moment, to: Self::Moment) -> f64;

    /// The same in whole nanoseconds.
    #[inline]
    fn nanoseconds(&self, from: Self::Moment, to: Self::Moment) -> u64 {
        nanoseconds(self.seconds(from, to))
    }

    /// Which second of `CLOCK_MONOTONIC` a moment was in, if the clock knows: a timer reads that clock, too,
    /// otherwise.
    #[inline]
    fn monotonic_second(&self, moment: Self::Moment) -> Option<u64> {
        let _ = moment;
        None
    }
}

/// The clock that never goes back: the one that [`std::time::Instant`] reads. On Linux reading it is no
/// system call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Monotonic;

/// A moment of [`Monotonic`], in whole nanoseconds: taking one `Instant` from another costs a third of
/// what reading the clock does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonotonicMoment(i64);

impl Clock for Monotonic {
    type Moment = MonotonicMoment;

    #[inline]
    fn now(&self) -> MonotonicMoment {
        // It fails for clocks that do not exist only.
        let now = clock_gettime(ClockId::CLOCK_MONOTONIC);
        MonotonicMoment(now.map_or(0, |now| now.num_nanoseconds()))
    }

    #[inline]
    fn seconds(&self, from: MonotonicMoment, to: MonotonicMoment) -> f64 {
        // Whole nanoseconds up to 104 days. A division would take as long as the rest of a recording, for
        // the last of 16 digits.
        #[allow(clippy::cast_precision_loss)]
        let nanoseconds = self.nanoseconds(from, to) as f64;
        nanoseconds * 1e-9
    }

    #[inline]
    fn nanoseconds(&self, from: MonotonicMoment, to: MonotonicMoment) -> u64 {
        u64::try_from(to.0 - from.0).unwrap_or(0)
    }

    #[inline]
    fn monotonic_second(&self, moment: MonotonicMoment) -> Option<u64> {
        u64::try_from(moment.0).ok().map(|nanoseconds| nanoseconds / 1_000_000_000)
    }
}

/// The clock on the wall, which the original uses: it jumps when it is set.
#[derive(Clone, Copy, Debug, Default)]
pub struct WallClock;

impl Clock for WallClock {
    type Moment = SystemTime;

    #[inline]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    #[inline]
    fn seconds(&self, from: SystemTime, to: SystemTime) -> f64 {
        to.duration_since(from).unwrap_or_default().as_secs_f64()
    }
}

/// The nearest whole number of nanoseconds.
#[inline]
pub(super) fn nanoseconds(seconds: f64) -> u64 {
    // A conversion by `as` takes what is below 0 for 0, and what is too large for the largest number.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let nanoseconds = (seconds * 1e9 + 0.5) as u64;
    nanoseconds
}
