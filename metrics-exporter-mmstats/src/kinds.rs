//! The kinds of metrics, as fields of a file.

use metrics::{CounterFn, GaugeFn, HistogramFn};
use mmstats::{Error, Instance, SharedCounter, SharedGauge, SharedHistogram};

use crate::published::Published;
use crate::stats::About;
use crate::units;

/// Bits of the values that a histogram tells apart: as many as an `f64` holds exactly.
const RANGE: u32 = 53;
/// The value from which on they are counted together.
const MOST: u64 = 1 << RANGE;

/// A kind of metric.
pub(crate) trait Kind: Sized {
    /// What a program calls it.
    const NAME: &'static str;

    /// Adds a field.
    fn add(instance: &Instance<()>, label: &str, about: &About) -> Result<Self, Error>;
}

/// A spec with unit and help, where they are known.
macro_rules! described {
    ($spec:expr, $about:expr, $unit:expr) => {{
        let mut spec = $spec;
        if let Some(unit) = $unit.and_then(units::name) {
            spec = spec.unit(unit);
        }
        if let Some(help) = &$about.help {
            spec = spec.help(help.clone());
        }
        spec
    }};
}

impl Kind for SharedCounter {
    const NAME: &'static str = "counter";

    fn add(instance: &Instance<()>, label: &str, about: &About) -> Result<Self, Error> {
        instance.add_field(label, described!(Self::spec(), about, about.unit))
    }
}

impl Kind for SharedGauge {
    const NAME: &'static str = "gauge";

    fn add(instance: &Instance<()>, label: &str, about: &About) -> Result<Self, Error> {
        instance.add_field(label, described!(Self::spec(), about, about.unit))
    }
}

/// A histogram of numbers of any size.
pub(crate) struct Samples {
    histogram: SharedHistogram,
    /// How many scales are 1.
    per_one: f64,
}

impl Kind for Samples {
    const NAME: &'static str = "histogram";

    fn add(instance: &Instance<()>, label: &str, about: &About) -> Result<Self, Error> {
        let unit = about.unit.or_else(|| units::of_name(&about.name));
        let scale = about.scale.unwrap_or_else(|| units::scale(unit));
        let mut spec = described!(SharedHistogram::spec().range(RANGE), about, unit);
        if scale.to_bits() != 1_f64.to_bits() {
            spec = spec.scale(scale);
        }
        Ok(Self { histogram: instance.add_field(label, spec)?, per_one: 1.0 / scale })
    }
}

impl Samples {
    /// What is recorded for a value: nothing for what is no number.
    fn whole(&self, value: f64) -> Option<u64> {
        let scales = value * self.per_one;
        // A conversion by `as` takes what is below 0 for 0, and what is too large for the largest number.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        (!scales.is_nan()).then(|| ((scales + 0.5) as u64).min(MOST))
    }
}

impl CounterFn for Published<SharedCounter> {
    fn increment(&self, value: u64) {
        self.update(move |counter| counter.add(value));
    }

    fn absolute(&self, value: u64) {
        self.update(move |counter| counter.raise(value));
    }
}

impl GaugeFn for Published<SharedGauge> {
    fn increment(&self, value: f64) {
        self.update(move |gauge| gauge.add(value));
    }

    fn decrement(&self, value: f64) {
        self.update(move |gauge| gauge.sub(value));
    }

    fn set(&self, value: f64) {
        self.update(move |gauge| gauge.set(value));
    }
}

impl HistogramFn for Published<Samples> {
    fn record(&self, value: f64) {
        self.update(move |samples| {
            if let Some(value) = samples.whole(value) {
                samples.histogram.record(value);
            }
        });
    }
}
