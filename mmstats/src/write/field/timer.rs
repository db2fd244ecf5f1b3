//! How long things take.

use std::cell::Cell;
use std::time::Duration;

use super::Spec;
use super::clock::{Moment, seconds};
use super::guard::TimerGuard;
use super::histogram::{Histogram, HistogramSpec};
use super::window::{Window, WindowSpec};
use crate::error::Error;
use crate::system::coarse_second;
use crate::write::builder::Builder;
use crate::write::model::labelled;

/// How long something takes, in seconds: a [`Histogram`] of all times, and under the label with `.minute` after
/// it a [`Window`] of the last minute. In version 1 each is a `d`, the mean.
///
/// ```
/// # use mmstats::{Options, Timer};
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let stats = Options::new().dir(dir).create_with(|fields| fields.add("load", Timer::spec()))?;
/// {
///     let _guard = stats.start();
///     // what is timed: the guard records when it goes out of scope
/// }
/// let answer = stats.time(|| 6 * 7);
/// assert_eq!((answer, stats.all().count()), (42, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Timer {
    all: Histogram,
    minute: Window,
    last: Cell<f64>,
}

/// What can be chosen for a [`Timer`].
#[derive(Clone, Debug, Default)]
pub struct TimerSpec {
    all: HistogramSpec,
}

impl TimerSpec {
    /// What it measures, in one line. Default: none; in [`stats!`](crate::stats) the first paragraph of the
    /// field's documentation comment.
    #[must_use]
    pub fn help(self, help: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self { all: self.all.help(help) }
    }

    /// How finely times are told apart: see [`HistogramSpec::precision`].
    #[must_use]
    pub fn precision(self, bits: u32) -> Self {
        Self { all: self.all.precision(bits) }
    }

    /// Up to how many nanoseconds: see [`HistogramSpec::range`].
    #[must_use]
    pub fn range(self, bits: u32) -> Self {
        Self { all: self.all.range(bits) }
    }

    /// Which quantiles readers show: see [`HistogramSpec::quantiles`].
    #[must_use]
    pub fn quantiles(self, quantiles: impl IntoIterator<Item = f64>) -> Self {
        Self { all: self.all.quantiles(quantiles) }
    }
}

impl Spec for TimerSpec {
    type Field = Timer;

    fn document(self, doc: &str) -> Self {
        Self { all: self.all.document(doc) }
    }

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<Timer, Error> {
        let label = labelled(label, name);
        let spec = self.all.durations();
        let minute = WindowSpec::minute(spec.about());
        let all = spec.add(builder, Some(label), name)?;
        // Attributes are the label's end.
        let (start, attributes) = label.split_at(label.find('{').unwrap_or(label.len()));
        let minute = minute.add(builder, Some(&format!("{start}.minute{attributes}")), name)?;
        Ok(Timer { all, minute, last: Cell::new(0.0) })
    }
}

super::spec_of!(Timer, TimerSpec);

impl Timer {
    /// Begins to measure. Any number of guards may run at once, one within another or not.
    #[inline]
    #[must_use = "a guard that is dropped at once measures nothing"]
    pub fn start(&self) -> TimerGuard<'_> {
        TimerGuard::new(self)
    }

    /// Records a time that was measured elsewhere.
    #[inline]
    pub fn record(&self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.put(nanoseconds, time.as_secs_f64(), coarse_second());
    }

    /// Calls `f` and records how long that took, also if it panics.
    #[inline]
    pub fn time<R>(&self, f: impl FnOnce() -> R) -> R {
        let _guard = self.start();
        f()
    }

    #[inline]
    pub(super) fn record_between(&self, from: Moment, to: Moment) {
        let nanoseconds = from.nanoseconds_to(to);
        self.put(nanoseconds, seconds(nanoseconds), to.second());
    }

    #[inline]
    fn put(&self, nanoseconds: u64, seconds: f64, second: u64) {
        self.last.set(seconds);
        self.all.record_nanoseconds(nanoseconds);
        self.minute.add_at(second, seconds);
    }

    /// The latest time, in seconds; 0 before the first.
    #[inline]
    #[must_use]
    pub fn last(&self) -> f64 {
        self.last.get()
    }

    /// The mean of all times, in seconds; 0 before the first.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.all.value()
    }

    /// All times.
    #[must_use]
    pub fn all(&self) -> &Histogram {
        &self.all
    }

    /// Those of the last minute.
    #[must_use]
    pub fn minute(&self) -> &Window {
        &self.minute
    }
}
