//! One second of a window, and its words.

use std::sync::atomic::Ordering::{Relaxed, Release};
use std::sync::atomic::{AtomicU64, fence};

use crate::format::window::Slot;

/// Words of one second: stamp, sum, count, max, check.
pub(super) const SLOT: usize = 5;

/// What was added in one second of `CLOCK_MONOTONIC`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Second {
    /// The second and 1; 0 is an empty slot.
    pub(crate) stamp: u64,
    pub(crate) sum: f64,
    pub(crate) count: u64,
    /// Means something only where the count is not 0.
    pub(crate) max: f64,
}

impl Second {
    /// Of one second, to which other values are added.
    #[inline(always)]
    pub(super) fn plus(self, other: Self) -> Self {
        // Ignores a NaN in `other`. `f64::max` looks for one on either side, which doubles what an update costs.
        let max = if other.max > self.max { other.max } else { self.max };
        Self { sum: self.sum + other.sum, count: self.count.wrapping_add(other.count), max, ..self }
    }

    /// Of one second, to which nothing was added.
    pub(super) fn empty(stamp: u64) -> Self {
        Self { stamp, sum: 0.0, count: 0, max: f64::NEG_INFINITY }
    }

    #[inline(always)]
    fn check(self) -> u64 {
        let Self { stamp, sum, count, max } = self;
        Slot { stamp, sum, count, max }.check()
    }

    #[inline(always)]
    pub(super) fn load([stamp, sum, count, max, _]: &[AtomicU64; SLOT]) -> Self {
        let [stamp, sum, count, max] = [stamp, sum, count, max].map(|word| word.load(Relaxed));
        Self { stamp, sum: f64::from_bits(sum), count, max: f64::from_bits(max) }
    }

    /// All stores before this come first: a reader that sees a word of it sees them when it looks again.
    /// Pairs with the fence between a reader's looks. The order of these five does not matter.
    #[inline(always)]
    pub(super) fn store(self, [stamp, sum, count, max, check]: &[AtomicU64; SLOT]) {
        fence(Release);
        stamp.store(self.stamp, Relaxed);
        sum.store(self.sum.to_bits(), Relaxed);
        count.store(self.count, Relaxed);
        max.store(self.max.to_bits(), Relaxed);
        check.store(self.check(), Relaxed);
    }
}
