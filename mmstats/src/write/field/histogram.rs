//! How often which values were seen.

use std::time::Duration;

use super::clock::Moment;
use super::guard::HistogramGuard;
use super::{ShownMean, Spec, mean};
use crate::error::Error;
use crate::format::histogram::{self, DEFAULT_N, DEFAULT_P, Shape};
use crate::format::kind::MetricType;
use crate::write::about::About;
use crate::write::builder::Builder;
use crate::write::description::{Data, Description, Words};
use crate::write::fold::Kind;
use crate::write::model::labelled;
use crate::write::schema::Added;
use crate::write::values;

/// The unit of time.
pub(super) const SECONDS: &str = "seconds";
/// From nanoseconds to seconds.
pub(super) const NANO: f64 = 1e-9;

/// Counts whole numbers by their size: readers take quantiles from it, exact to 1.6 % by default, over any
/// number of files and between any two moments. On disk 9.7 KiB by default: the count, the sum, the greatest and
/// 1,216 buckets; in version 1 `d`, two buffers, the mean.
///
/// ```
/// use mmstats::{Histogram, Options, stats};
///
/// stats! {
///     struct Web {
///         /// How long an answer takes.
///         answer: Histogram { durations },
///         /// What is sent.
///         size: Histogram { unit: "bytes", precision: 4, range: 32 },
///     }
/// }
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let web = Options::new().dir(dir).create::<Web>()?;
/// {
///     let _timed = web.answer.start();
///     web.size.record(1480);
/// }
/// assert_eq!((web.answer.count(), web.size.count()), (1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Histogram {
    value: values::histogram::Histogram,
    shown: ShownMean,
    unit: Unit,
}

/// The options of histograms: the spec keeps them in its fields `precision`, `range` and `about`.
macro_rules! sized {
    () => {
        /// For times: what is recorded is nanoseconds, and the unit seconds.
        #[must_use]
        pub fn durations(self) -> Self {
            self.unit(SECONDS).scale(NANO)
        }

        /// What a number is multiplied with, so that it is in the unit: greater than 0. Default: 1.
        #[must_use]
        pub fn scale(mut self, scale: f64) -> Self {
            self.about.scale = Some(scale);
            self
        }

        /// How finely sizes are told apart, in bits: from 0 to 16. With `p` bits a bucket is at most 2^-p of its
        /// numbers wide, and the middle of it off by half of that. Each bit more doubles the memory. Default: 5.
        #[must_use]
        pub fn precision(mut self, bits: u32) -> Self {
            self.precision = bits;
            self
        }

        /// Up to which size, in bits: numbers below 2^n are told apart; larger ones are counted together, and
        /// shown as at least 2^n. More than the precision, and at most 64. Default: 42, which for nanoseconds
        /// is 73 minutes.
        #[must_use]
        pub fn range(mut self, bits: u32) -> Self {
            self.range = bits;
            self
        }

        /// Which quantiles readers show, each from 0 to 1. Default: the reader's choice.
        #[must_use]
        pub fn quantiles(mut self, quantiles: impl IntoIterator<Item = f64>) -> Self {
            self.about.quantiles = quantiles.into_iter().collect();
            self
        }
    };
}
pub(super) use sized;

/// What is recorded of times and taken from what was recorded: of a type with `record`, `start`, `value` and `unit`.
macro_rules! recorded {
    () => {
        /// Counts a time: its whole nanoseconds; with the unit `seconds`, in whatever the scale says.
        #[inline]
        pub fn record_duration(&self, time: Duration) {
            self.record_nanoseconds(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        }

        #[inline]
        pub(in crate::write::field) fn record_nanoseconds(&self, nanoseconds: u64) {
            self.record(self.unit.of_nanoseconds(nanoseconds));
        }

        #[inline]
        pub(in crate::write::field) fn record_between(&self, from: Moment, to: Moment) {
            self.record_nanoseconds(from.nanoseconds_to(to));
        }

        /// Calls `f` and records how long that took, also if it panics.
        #[inline]
        pub fn time<R>(&self, f: impl FnOnce() -> R) -> R {
            let _guard = self.start();
            f()
        }

        /// The greatest of them in the unit; 0 of none.
        #[must_use]
        pub fn max(&self) -> f64 {
            #[allow(clippy::cast_precision_loss)]
            let max = self.value.max() as f64;
            self.unit.in_unit(max)
        }

        /// What `q` of them, from 0 to 1, are not above, in the unit: 0.5 is the median. `None` of none, and for
        /// another `q`.
        #[must_use]
        pub fn quantile(&self, q: f64) -> Option<f64> {
            #[allow(clippy::cast_precision_loss)]
            self.value.read().quantile(q).map(|quantile| self.unit.in_unit(quantile.value as f64))
        }
    };
}
pub(super) use recorded;

/// What can be chosen for a [`Histogram`].
#[derive(Clone, Debug)]
pub struct HistogramSpec {
    precision: u32,
    range: u32,
    about: About,
}

impl Default for HistogramSpec {
    fn default() -> Self {
        Self { precision: DEFAULT_P, range: DEFAULT_N, about: About::default() }
    }
}

impl HistogramSpec {
    crate::write::about::described!();

    sized!();

    /// A histogram that is like another.
    pub(crate) fn like(shape: Shape, about: About) -> Self {
        Self { precision: shape.p(), range: shape.n(), about }
    }

    pub(super) fn about(&self) -> &About {
        &self.about
    }
}

impl Spec for HistogramSpec {
    type Field = Histogram;

    fn document(mut self, doc: &str) -> Self {
        self.about.document(doc);
        self
    }

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<Histogram, Error> {
        let Self { precision, range, about } = self;
        let (added, shape, unit) = place(builder, labelled(label, name), precision, range, about)?;
        let make = |home, at, mark| values::histogram::Histogram::new(home, at, shape, mark);
        let (value, shown) = added.words(make);
        Ok(Histogram { value, shown: ShownMean(shown), unit })
    }
}

super::spec_of!(Histogram, HistogramSpec);

/// Adds a histogram, whoever may write it.
pub(super) fn place(
    builder: &mut Builder<'_>,
    label: &str,
    precision: u32,
    range: u32,
    about: About,
) -> Result<(Added, Shape, Unit), Error> {
    let shape = Shape::new(precision, range).ok_or_else(|| {
        let what = format!(
            "a precision of {precision} bits and a range of {range}: the precision is at most 16 and less \
             than the range, which is at most 64"
        );
        builder.refused(label, what)
    })?;
    let data = Data::Words(Words::Histogram(shape));
    let added = builder.place(label, &Description { data, metric: MetricType::Histogram, about: &about })?;
    let unit = Unit::of(&about);
    builder.folds(label, Kind::Histogram(added.shared(shape.size() / 8), shape), about);
    Ok((added, shape, unit))
}

/// What a recorded number means.
#[derive(Clone, Copy)]
pub(super) struct Unit {
    scale: f64,
    /// Nanoseconds for 1.
    tick: u64,
}

impl Unit {
    fn of(about: &About) -> Self {
        let scale = about.scale.unwrap_or(1.0);
        let tick = if about.unit.as_deref() == Some(SECONDS) { scale / NANO } else { 1.0 };
        // A conversion by `as` takes what is too large for the largest number.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let tick = (tick.round() as u64).max(1);
        Self { scale, tick }
    }

    /// What is recorded for a time.
    #[inline]
    pub(super) fn of_nanoseconds(self, nanoseconds: u64) -> u64 {
        if self.tick == 1 { nanoseconds } else { nanoseconds / self.tick }
    }

    /// A recorded number in the unit.
    #[inline]
    pub(super) fn in_unit(self, raw: f64) -> f64 {
        // 1e9 is a whole number and 1e-9 is none: this way 0.1 s is 0.1.
        if self.scale == NANO { raw / 1e9 } else { raw * self.scale }
    }

    /// The mean of so many numbers.
    #[inline]
    pub(super) fn mean(self, sum: u64, count: u64) -> f64 {
        #[allow(clippy::cast_precision_loss)]
        let sum = sum as f64;
        self.in_unit(mean(sum, count))
    }
}

impl Histogram {
    recorded!();

    /// Counts a number.
    #[inline]
    pub fn record(&self, value: u64) {
        self.value.record(value);
        self.shown.show(|| self.value());
    }

    /// Begins to measure a time, to be recorded as by [`Histogram::record_duration`]. Any number of guards may
    /// run at once.
    #[inline]
    #[must_use = "a guard that is dropped at once measures nothing"]
    pub fn start(&self) -> HistogramGuard<'_> {
        HistogramGuard::new(self)
    }

    /// How many numbers were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.value.count()
    }

    /// The mean of all of them in the unit; 0 of none.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.unit.mean(self.value.sum(), self.value.count())
    }

    /// Takes over what another has counted.
    pub(crate) fn merge(&self, other: &histogram::Histogram) {
        self.value.merge(&values::histogram::Counts::of(other));
        self.shown.show(|| self.value());
    }
}
