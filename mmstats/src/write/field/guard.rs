//! Measuring from a call to the end of a scope.

use std::fmt;

use super::clock::{Moment, seconds};
use super::{Histogram, SharedHistogram, Timer};

macro_rules! guard {
    ($(#[$doc:meta])* $guard:ident, $timed:ident) => {
        $(#[$doc])*
        pub struct $guard<'a> {
            timed: &'a $timed,
            begin: Moment,
            armed: bool,
        }

        impl<'a> $guard<'a> {
            #[inline]
            pub(super) fn new(timed: &'a $timed) -> Self {
                Self { timed, begin: Moment::now(), armed: true }
            }

            /// Seconds so far.
            #[must_use]
            pub fn elapsed(&self) -> f64 {
                seconds(self.begin.nanoseconds_to(Moment::now()))
            }

            /// Records now, and gives the seconds.
            #[allow(clippy::must_use_candidate)]
            pub fn stop(mut self) -> f64 {
                self.armed = false;
                let now = Moment::now();
                self.timed.record_between(self.begin, now);
                seconds(self.begin.nanoseconds_to(now))
            }

            /// Records nothing, for example for what failed.
            pub fn cancel(mut self) {
                self.armed = false;
            }
        }

        impl Drop for $guard<'_> {
            #[inline]
            fn drop(&mut self) {
                if self.armed {
                    self.timed.record_between(self.begin, Moment::now());
                }
            }
        }

        impl fmt::Debug for $guard<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($guard)).field("elapsed", &self.elapsed()).finish()
            }
        }
    };
}

guard! {
    /// Measures until it is dropped or stopped: [`Timer::start`] gives it.
    TimerGuard, Timer
}

guard! {
    /// Measures until it is dropped or stopped: [`Histogram::start`] gives it.
    HistogramGuard, Histogram
}

guard! {
    /// Measures until it is dropped or stopped: [`SharedHistogram::start`] gives it. It is `Send`: an async task may
    /// hold it across an `.await`.
    SharedHistogramGuard, SharedHistogram
}
