//! How long things take.

use std::cell::Cell;
use std::time::{Duration, SystemTime};

use nix::sys::time::TimeValLike;
use nix::time::{ClockId, clock_gettime};

use super::average::{MovingAverage, MovingAverageSpec};
use super::{Field, Spec};
use crate::error::Error;
use crate::write::model::Builder;

/// A clock that a [`Timer`] reads. Implement it to choose another.
pub trait Clock {
    /// A moment, as the clock has it.
    type Moment: Copy;

    /// Now.
    fn now(&self) -> Self::Moment;

    /// Seconds from one moment to another; 0 where the clock went back.
    fn seconds(&self, from: Self::Moment, to: Self::Moment) -> f64;
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
        let nanoseconds = (to.0 - from.0).max(0) as f64;
        nanoseconds * 1e-9
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

/// The moving average, in seconds, of how long something took. On disk `d`, two buffers.
///
/// ```
/// # use mmstats::{Options, Timer};
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let stats = Options::new().path(dir).create_with(|fields| fields.add("load", Timer::spec()))?;
/// {
///     let _guard = stats.start();
///     // what is timed: the guard records when it goes out of scope
/// }
/// assert!(stats.last() > 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Timer<C: Clock = Monotonic> {
    average: MovingAverage,
    last: Cell<f64>,
    clock: C,
}

/// What can be chosen for a [`Timer`].
#[derive(Clone, Copy, Debug, Default)]
pub struct TimerSpec<C = Monotonic> {
    average: MovingAverageSpec,
    clock: C,
}

impl<C: Clock> TimerSpec<C> {
    /// How many times it looks back on, at least 1, for 8 bytes of memory each. Default: 100.
    #[must_use]
    pub fn window(mut self, times: usize) -> Self {
        self.average = self.average.window(times);
        self
    }

    /// The clock. Default: [`Monotonic`], or what the field's type says.
    #[must_use]
    pub fn clock<D: Clock>(self, clock: D) -> TimerSpec<D> {
        TimerSpec { average: self.average, clock }
    }
}

impl<C: Clock> Spec for TimerSpec<C> {
    type Field = Timer<C>;

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<Timer<C>, Error> {
        let average = self.average.add(builder, label, name)?;
        Ok(Timer { average, last: Cell::new(0.0), clock: self.clock })
    }
}

impl<C: Clock + Default> Field for Timer<C> {
    type Spec = TimerSpec<C>;

    fn spec() -> TimerSpec<C> {
        TimerSpec::default()
    }
}

impl Timer {
    /// The spec, for [`Builder::add`].
    #[must_use]
    pub fn spec() -> TimerSpec {
        TimerSpec::default()
    }
}

impl<C: Clock> Timer<C> {
    /// Begins to measure. Any number of guards may run at once, one within another or not.
    #[inline]
    #[must_use = "a guard that is dropped at once measures nothing"]
    pub fn start(&self) -> TimerGuard<'_, C> {
        TimerGuard { timer: self, begin: self.clock.now(), armed: true }
    }

    /// Records a time that was measured elsewhere.
    #[inline]
    pub fn record(&self, time: Duration) {
        self.record_seconds(time.as_secs_f64());
    }

    #[inline]
    fn record_seconds(&self, seconds: f64) {
        self.last.set(seconds);
        self.average.add(seconds);
    }

    /// The latest time, in seconds; 0 before the first.
    #[inline]
    #[must_use]
    pub fn last(&self) -> f64 {
        self.last.get()
    }

    /// The mean of the latest times, in seconds; 0 before the first.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.average.value()
    }
}

/// Measures until it is dropped, or told to stop.
pub struct TimerGuard<'a, C: Clock = Monotonic> {
    timer: &'a Timer<C>,
    begin: C::Moment,
    armed: bool,
}

impl<C: Clock> TimerGuard<'_, C> {
    /// Seconds so far.
    #[must_use]
    pub fn elapsed(&self) -> f64 {
        self.timer.clock.seconds(self.begin, self.timer.clock.now())
    }

    /// Records now, and gives the seconds.
    #[allow(clippy::must_use_candidate)]
    pub fn stop(mut self) -> f64 {
        self.armed = false;
        let seconds = self.elapsed();
        self.timer.record_seconds(seconds);
        seconds
    }

    /// Records nothing, say for what failed.
    pub fn cancel(mut self) {
        self.armed = false;
    }
}

impl<C: Clock> Drop for TimerGuard<'_, C> {
    #[inline]
    fn drop(&mut self) {
        if self.armed {
            self.timer.record_seconds(self.elapsed());
        }
    }
}
