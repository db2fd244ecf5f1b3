//! How often which values were seen, by several threads.

use std::time::Duration;

use crate::error::Error;
use crate::format::histogram::{DEFAULT_N, DEFAULT_P};
use crate::write::about::About;
use crate::write::builder::Builder;
use crate::write::field::clock::Moment;
use crate::write::field::guard::SharedHistogramGuard;
use crate::write::field::histogram::{NANO, SECONDS, Unit, place};
use crate::write::field::{Spec, histogram};
use crate::write::model::labelled;
use crate::write::values::shared;

/// A [`Histogram`](crate::Histogram) that several threads update at the same time, with the same options and the same
/// bytes in the file. To record is three atomic additions, and a fourth operation for a new greatest value.
///
/// A reader that looks in the middle of a record may see the bucket and not yet the sum. All that it derives (count,
/// quantiles) comes from the buckets, so it counts each number once.
///
/// It is also what takes the place of a [`Timer`](crate::Timer) where threads share it: a timer's last minute is a
/// [`Window`](crate::Window), of which several words must match. Readers take any interval from the histogram.
///
/// In version 1, where readers see the mean, that may be off by the numbers that other threads are just recording. In a
/// forked child it begins empty, in private memory; with version 1 with what the parent had.
///
/// ```
/// use mmstats::{Options, SharedHistogram, stats};
///
/// stats! {
///     struct Web {
///         /// How long an answer takes.
///         answer: SharedHistogram { durations },
///     }
/// }
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let web = Options::new().dir(dir).create::<Web>()?;
/// std::thread::scope(|scope| {
///     scope.spawn(|| web.answer.time(|| 6 * 7));
///     scope.spawn(|| web.answer.record(1_500_000));
/// });
/// assert_eq!(web.answer.count(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SharedHistogram {
    value: shared::Histogram,
    /// In version 1.
    shown: Option<shared::Number>,
    unit: Unit,
}

/// What can be chosen for a [`SharedHistogram`]: the same as for a [`Histogram`](crate::Histogram).
#[derive(Clone, Debug)]
pub struct SharedHistogramSpec {
    precision: u32,
    range: u32,
    about: About,
}

impl Default for SharedHistogramSpec {
    fn default() -> Self {
        Self { precision: DEFAULT_P, range: DEFAULT_N, about: About::default() }
    }
}

impl SharedHistogramSpec {
    crate::write::about::described!();
    histogram::sized!();
}

impl Spec for SharedHistogramSpec {
    type Field = SharedHistogram;

    fn document(mut self, doc: &str) -> Self {
        self.about.document(doc);
        self
    }

    fn add(
        self,
        builder: &mut Builder<'_>,
        label: Option<&str>,
        name: &str,
    ) -> Result<SharedHistogram, Error> {
        let Self { precision, range, about } = self;
        let (added, shape, unit) = place(builder, labelled(label, name), precision, range, about)?;
        let make = |home, at, mark| shared::Histogram::new(home, at, shape, mark);
        let (value, shown) = added.shared_words(make);
        Ok(SharedHistogram { value, shown, unit })
    }
}

crate::write::field::spec_of!(SharedHistogram, SharedHistogramSpec);

impl SharedHistogram {
    histogram::recorded!();

    /// Counts a number.
    #[inline]
    pub fn record(&self, value: u64) {
        self.value.record(value);
        if let Some(shown) = &self.shown {
            self.value.show_mean(shown, |sum, count| self.unit.mean(sum, count));
        }
    }

    /// Begins to measure a time, to be recorded as by [`SharedHistogram::record_duration`]. Any number of guards may
    /// run at once, and each may end on another thread than it began on.
    #[inline]
    #[must_use = "a guard that is dropped at once measures nothing"]
    pub fn start(&self) -> SharedHistogramGuard<'_> {
        SharedHistogramGuard::new(self)
    }

    /// How many numbers all threads have counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.value.count()
    }

    /// The mean of all of them in the unit; 0 of none. Off by what other threads are just recording.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.unit.mean(self.value.sum(), self.value.count())
    }
}
