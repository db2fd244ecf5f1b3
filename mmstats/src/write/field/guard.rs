//! Measuring from a call to the end of a scope.

use super::clock::{Clock, Monotonic};
use super::{Histogram, Timer};

/// What a guard records to: a [`Timer`] or a [`Histogram`].
pub trait Timed: Sized {
    /// The clock that is read.
    type Clock: Clock;

    /// It.
    #[doc(hidden)]
    fn clock(&self) -> &Self::Clock;

    /// Records the time between two moments.
    #[doc(hidden)]
    fn record_between(&self, from: Moment<Self>, to: Moment<Self>);
}

type Moment<T> = <<T as Timed>::Clock as Clock>::Moment;

/// Measures until it is dropped, or told to stop.
pub struct Guard<'a, T: Timed> {
    timed: &'a T,
    begin: Moment<T>,
    armed: bool,
}

/// What [`Timer::start`] gives.
pub type TimerGuard<'a, C = Monotonic> = Guard<'a, Timer<C>>;

/// What [`Histogram::start`] gives.
pub type HistogramGuard<'a> = Guard<'a, Histogram>;

impl<'a, T: Timed> Guard<'a, T> {
    #[inline]
    pub(super) fn new(timed: &'a T) -> Self {
        Self { timed, begin: timed.clock().now(), armed: true }
    }

    /// Seconds so far.
    #[must_use]
    pub fn elapsed(&self) -> f64 {
        let clock = self.timed.clock();
        clock.seconds(self.begin, clock.now())
    }

    /// Records now, and gives the seconds.
    #[allow(clippy::must_use_candidate)]
    pub fn stop(mut self) -> f64 {
        self.armed = false;
        let now = self.timed.clock().now();
        self.timed.record_between(self.begin, now);
        self.timed.clock().seconds(self.begin, now)
    }

    /// Records nothing, say for what failed.
    pub fn cancel(mut self) {
        self.armed = false;
    }
}

impl<T: Timed> Drop for Guard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if self.armed {
            self.timed.record_between(self.begin, self.timed.clock().now());
        }
    }
}
