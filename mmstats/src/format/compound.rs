//! Values of more than one number, as a reader hands them out. All that they say is in the field's unit.

use std::fmt;

use super::bytes::{double, word};
use super::histogram::{self, Histogram};
use super::recent;
use super::scale::{Short, in_unit};
use super::value::Value;
use super::window::Summary;

/// The quantiles of a histogram that are shown where its field names none.
pub const SHOWN_QUANTILES: [f64; 4] = [0.5, 0.9, 0.99, 0.999];

/// A histogram in a file's bytes.
#[derive(Clone, Copy, PartialEq)]
pub struct HistogramView<'a> {
    value: &'a [u8],
    /// As in the item: `f64`s.
    quantiles: &'a [u8],
    scale: f64,
}

impl<'a> HistogramView<'a> {
    /// One whose bytes were checked: [`histogram::shape`].
    pub(crate) fn new(value: &'a [u8], quantiles: &'a [u8], scale: f64) -> Self {
        Self { value, quantiles, scale }
    }

    /// All that it holds, to ask more than once, or to add to.
    #[must_use]
    pub fn total(&self) -> HistogramTotal {
        let histogram =
            Histogram::decode(self.value).unwrap_or_else(|_| Histogram::new(histogram::Shape::MIN));
        let quantiles = self.quantiles.chunks_exact(8).map(|number| double(number, 0)).collect();
        HistogramTotal { histogram, quantiles, scale: self.scale }
    }

    /// How many values were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        let buckets = self.value.get(histogram::BUCKETS..).unwrap_or_default().chunks_exact(8);
        buckets.fold(0, |all, bucket| all.saturating_add(word(bucket, 0)))
    }

    /// What a raw value is multiplied with to be in the unit.
    #[must_use]
    pub fn scale(&self) -> f64 {
        self.scale
    }
}

impl fmt::Debug for HistogramView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for HistogramView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.total().fmt(f)
    }
}

/// A histogram of a file, or of several.
///
/// `Display` is one line: `n=120 mean=0.0021 p50=0.0019 p90=0.004 p99=0.011 p99.9=0.02 max=0.023`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct HistogramTotal {
    /// The raw values.
    pub histogram: Histogram,
    /// Which quantiles to show. Empty: [`SHOWN_QUANTILES`].
    pub quantiles: Vec<f64>,
    /// What a raw value is multiplied with to be in the unit.
    pub scale: f64,
}

/// Two histograms that cannot be one, since a raw value means another number in each.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct OtherScale;

impl fmt::Display for OtherScale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("histograms of different scales do not merge")
    }
}

impl std::error::Error for OtherScale {}

impl HistogramTotal {
    /// A histogram whose raw values times `scale` are in the unit. Without `quantiles` it shows
    /// [`SHOWN_QUANTILES`].
    #[must_use]
    pub fn new(histogram: Histogram, quantiles: Vec<f64>, scale: f64) -> Self {
        Self { histogram, quantiles, scale }
    }

    /// How many values were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.histogram.count()
    }

    /// The sum of the values, in the unit.
    #[must_use]
    pub fn sum(&self) -> f64 {
        #[allow(clippy::cast_precision_loss)]
        in_unit(self.histogram.sum() as f64, self.scale)
    }

    /// The arithmetic mean, in the unit, or `None` of nothing.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        self.histogram.mean().map(|mean| in_unit(mean, self.scale))
    }

    /// Adds the values of another. Where their shapes differ, the result has the coarser buckets of both.
    ///
    /// # Errors
    /// If it has another scale. Nothing is added then.
    pub fn merge(&mut self, other: &Self) -> Result<(), OtherScale> {
        if self.scale.to_bits() != other.scale.to_bits() {
            return Err(OtherScale);
        }
        self.histogram.merge(&other.histogram);
        Ok(())
    }

    /// What was counted since `earlier`, an earlier state of the same histogram.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let histogram = self.histogram.since(&earlier.histogram);
        Self { histogram, quantiles: self.quantiles.clone(), scale: self.scale }
    }

    /// The quantiles to show: those that the field names, or [`SHOWN_QUANTILES`].
    #[must_use]
    pub fn shown_quantiles(&self) -> &[f64] {
        if self.quantiles.is_empty() { &SHOWN_QUANTILES } else { &self.quantiles }
    }
}

impl fmt::Display for HistogramTotal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n={}", self.count())?;
        let (max, others): (Vec<_>, Vec<_>) = self.parts().into_iter().partition(|(name, _)| name == "max");
        for (name, value) in others.into_iter().chain(max) {
            match value {
                _ if name == "count" || name == "sum" => {}
                Value::Double(number) => write!(f, " {name}={}", Short(number))?,
                whole => write!(f, " {name}={whole}")?,
            }
        }
        Ok(())
    }
}

/// What a window has had in it in its last seconds, by the clock when the file was read. It may be nothing.
///
/// `Display` is one line, `n=4 rate=1.6 mean=0.375 max=4`, or `-` of nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WindowTotal {
    sum: f64,
    count: u64,
    max: f64,
    /// As [`Summary::seconds`].
    seconds: f64,
    length: u32,
}

impl WindowTotal {
    /// Over `length` seconds.
    pub(crate) fn new(length: u32, summary: Option<Summary>) -> Self {
        match summary {
            Some(Summary { sum, count, max, seconds }) => Self { sum, count, max, seconds, length },
            None => Self { sum: 0.0, count: 0, max: 0.0, seconds: 1.0, length },
        }
    }

    /// As another unit has it.
    pub(crate) fn scaled(self, scale: f64) -> Self {
        Self { sum: in_unit(self.sum, scale), max: in_unit(self.max, scale), ..self }
    }

    /// Whether another has had the same in it, whatever the clock says.
    pub(crate) fn has_same(&self, other: &Self) -> bool {
        let bits = |total: &Self| (total.count, total.sum.to_bits(), total.max.to_bits());
        bits(self) == bits(other)
    }

    /// Over how many seconds the window goes.
    #[must_use]
    pub fn length(&self) -> u32 {
        self.length
    }

    /// How much was seen.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Sum, greatest number and rate of what was seen, or `None` if that was nothing.
    #[must_use]
    pub fn summary(&self) -> Option<Summary> {
        let &Self { sum, count, max, seconds, .. } = self;
        (count > 0).then_some(Summary { sum, count, max, seconds })
    }

    /// Adds what another file saw in the same time.
    pub fn merge(&mut self, other: &Self) {
        let length = self.length.max(other.length);
        let summary = match (self.summary(), other.summary()) {
            (Some(mut all), Some(more)) => {
                all.merge(&more);
                Some(all)
            }
            (one, other) => one.or(other),
        };
        *self = Self::new(length, summary);
    }
}

impl fmt::Display for WindowTotal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(all) = self.summary() else { return f.write_str("-") };
        let (rate, mean, max) = (Short(all.rate()), Short(all.mean()), Short(all.max));
        write!(f, "n={} rate={rate} mean={mean} max={max}", all.count)
    }
}

/// The last numbers, in a file's bytes.
///
/// `Display` writes them all with blanks between them, the newest last, and `-` if there are none.
#[derive(Clone, Copy, PartialEq)]
pub struct RecentView<'a> {
    value: &'a [u8],
    first: u64,
    end: u64,
    scale: f64,
}

impl<'a> RecentView<'a> {
    /// The numbers that were found to be right in these bytes: [`recent::range`].
    pub(crate) fn new(value: &'a [u8], range: std::ops::Range<u64>, scale: f64) -> Self {
        Self { value, first: range.start, end: range.end, scale }
    }

    /// The numbers, in the order in which they were added.
    pub fn numbers(&self) -> impl DoubleEndedIterator<Item = f64> + use<'a> {
        let scale = self.scale;
        recent::numbers(self.value, self.first..self.end).map(move |number| in_unit(number, scale))
    }

    /// How many numbers were added before the first of these.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.first
    }

    /// How many they are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.end - self.first
    }
}

impl fmt::Debug for RecentView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for RecentView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.count() == 0 {
            return f.write_str("-");
        }
        for (place, number) in self.numbers().enumerate() {
            write!(f, "{}{number:?}", if place == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}
