//! The numbers that a value of several numbers has, by name: `count`, `mean`, `p99`, `rate60`. A tool shows part
//! `p99` of a field `web.answer` as `web.answer:p99`.
//!
//! | value | parts | of them shown where nobody chooses |
//! |---|---|---|
//! | number, text | none | itself, under no name |
//! | mean | `count sum mean` | all |
//! | histogram | `count sum mean max`, `pN` with 0 < N < 100, such as `p99.9` | `count sum mean max`, and of the quantiles those that the field names; else `p50 p90 p99 p99.9` |
//! | window of N seconds | `count sum mean max rate`, each also with N after it: `rate60` | `rateN meanN maxN` |
//! | recent | `count sum mean max min last`, `pN` | `last mean max` |
//!
//! All are in the field's unit. What is nothing, such as the mean of no numbers, is not there: only a count is 0.

use std::borrow::Cow;

use crate::format::compound::{HistogramTotal, RecentView, WindowTotal};
use crate::format::mean::Mean;
use crate::format::scale::in_unit;
use crate::format::value::Value;

/// A part's name and what it is.
pub type Part<'a> = (Cow<'static, str>, Value<'a>);

impl<'a> Value<'a> {
    /// The part of this name: see [`Value::parts`]. `None` if the value has no such part, or nothing in it.
    ///
    /// A histogram is gone through anew each time: for several parts, take [`crate::HistogramView::total`] first.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<Value<'static>> {
        match self {
            Self::Mean(mean) => of_mean(mean, name),
            Self::Histogram(histogram) => histogram.total().part(name),
            Self::Window(window) => window.part(name),
            Self::Recent(recent) => recent.part(name),
            _ => None,
        }
    }

    /// The numbers that a tool shows where nobody chooses, with their names, in the value's unit. A number, a
    /// bool or a text is itself, under an empty name.
    ///
    /// A mean has `count sum mean`. A histogram has `count sum mean max` and its quantiles, `p50 p90 p99 p99.9`
    /// unless the field names others. A window of 60 seconds has `rate60 mean60 max60`, the last numbers have
    /// `last mean max`. What is nothing is left out.
    #[must_use]
    pub fn parts(&self) -> Vec<Part<'a>> {
        match self {
            Self::Mean(mean) => chosen(["count", "sum", "mean"], |name| of_mean(mean, name)),
            Self::Histogram(histogram) => histogram.total().parts(),
            Self::Window(window) => window.parts(),
            Self::Recent(recent) => chosen(["last", "mean", "max"], |name| recent.part(name)),
            scalar => vec![(Cow::Borrowed(""), *scalar)],
        }
    }
}

impl HistogramTotal {
    /// The part of this name: `count`, `sum`, `mean`, `max`, or `pN`. `None` if there is no such part, or nothing
    /// in it. Of a scale of 1, sum, maximum and percentiles are integers.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<Value<'static>> {
        let raw = |raw: u64| Value::Unsigned(raw).in_unit(self.scale);
        match name {
            "count" => Some(Value::Unsigned(self.count())),
            "sum" => (self.count() > 0).then(|| raw(self.histogram.sum())),
            "mean" => self.mean().map(Value::Double),
            "max" => self.histogram.max().map(raw),
            _ => self.histogram.quantile(quantile(name)?).map(|quantile| raw(quantile.value)),
        }
    }

    /// As [`Value::parts`].
    #[must_use]
    pub fn parts<'a>(&self) -> Vec<Part<'a>> {
        let mut parts = chosen(["count", "sum", "mean", "max"], |name| self.part(name));
        for &q in self.shown_quantiles() {
            let Some(name) = percentile(q) else { continue };
            if let Some(value) = self.part(&name) {
                parts.push((name.into(), value));
            }
        }
        parts
    }
}

impl WindowTotal {
    /// The part of this name: `count`, `sum`, `mean`, `max` or `rate` (per second), each also with the window's
    /// length after it, such as `rate60`. `None` if there is no such part, or nothing in the window.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<Value<'static>> {
        let all = self.summary()?;
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let length = &name[stem.len()..];
        if !length.is_empty() && length != self.length().to_string() {
            return None;
        }
        match stem {
            "count" => Some(Value::Unsigned(all.count)),
            "sum" => Some(Value::Double(all.sum)),
            "mean" => Some(Value::Double(all.mean())),
            "max" => Some(Value::Double(all.max)),
            "rate" => Some(Value::Double(all.rate())),
            _ => None,
        }
    }

    /// As [`Value::parts`].
    #[must_use]
    pub fn parts<'a>(&self) -> Vec<Part<'a>> {
        let names = ["rate", "mean", "max"].map(|name| format!("{name}{}", self.length()));
        let parts = names.into_iter().filter_map(|name| self.part(&name).map(|value| (name.into(), value)));
        parts.collect()
    }
}

impl RecentView<'_> {
    /// The part of this name: `count`, `sum`, `mean`, `max`, `min`, `last` or `pN`. `None` if there is no such
    /// part, or no number.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<Value<'static>> {
        #[allow(clippy::cast_precision_loss)]
        let count = self.count() as f64;
        let number = match name {
            "count" => return Some(Value::Unsigned(self.count())),
            _ if self.count() == 0 => return None,
            "sum" => self.numbers().sum(),
            "mean" => self.numbers().sum::<f64>() / count,
            "max" => self.numbers().fold(f64::NEG_INFINITY, f64::max),
            "min" => self.numbers().fold(f64::INFINITY, f64::min),
            "last" => self.numbers().next_back()?,
            _ => {
                let q = quantile(name)?;
                let mut numbers: Vec<_> = self.numbers().collect();
                numbers.sort_by(f64::total_cmp);
                let rank = crate::format::histogram::rank(q, self.count())?;
                *numbers.get(usize::try_from(rank - 1).ok()?)?
            }
        };
        Some(Value::Double(number))
    }
}

fn of_mean(mean: &Mean, name: &str) -> Option<Value<'static>> {
    match name {
        "count" => Some(Value::Unsigned(mean.count)),
        "sum" => (mean.count > 0).then_some(Value::Double(mean.sum)),
        "mean" => mean.mean().map(Value::Double),
        _ => None,
    }
}

fn chosen<'a, const N: usize>(
    names: [&'static str; N],
    part: impl Fn(&str) -> Option<Value<'static>>,
) -> Vec<Part<'a>> {
    names.into_iter().filter_map(|name| part(name).map(|value| (Cow::Borrowed(name), value))).collect()
}

/// The quantile that a percentile's name means: `p99.9` is 0.999. `None` unless it is `pN` with 0 < N < 100.
#[must_use]
pub(crate) fn quantile(name: &str) -> Option<f64> {
    let number = name.strip_prefix('p')?;
    let is_digits = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) =
        number.split_once('.').map_or((number, "0"), |(whole, fraction)| (whole, fraction));
    if !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    // Divided by 100, 99.9 would be a little more than 0.999, and might be the next rank.
    let q: f64 = format!("{number}e-2").parse().ok()?;
    (q > 0.0 && q < 1.0).then_some(q)
}

/// The name of a percentile: of 0.999, `p99.9`. `None` unless the quantile is above 0 and below 1.
#[must_use]
pub(crate) fn percentile(q: f64) -> Option<String> {
    if !(q > 0.0 && q < 1.0) {
        return None;
    }
    let digits = format!("{q:e}");
    let (mantissa, exponent) = digits.split_once('e')?;
    let percent: f64 = format!("{mantissa}e{}", exponent.parse::<i32>().ok()? + 2).parse().ok()?;
    Some(format!("p{percent}"))
}

/// A mean in its unit.
pub(crate) fn scaled_mean(mean: Mean, scale: f64) -> Mean {
    Mean { sum: in_unit(mean.sum, scale), ..mean }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::compound::HistogramView;
    use crate::format::histogram::{Histogram, Shape};
    use crate::format::recent;
    use crate::format::window::Summary;

    fn shown(parts: &[Part<'_>]) -> String {
        let parts: Vec<_> = parts.iter().map(|(name, value)| format!("{name}={value}")).collect();
        parts.join(" ")
    }

    #[test]
    fn names_of_percentiles_lead_back() {
        for (name, q) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("p99.99", 0.9999), ("p7", 0.07)] {
            assert_eq!((quantile(name), percentile(q).as_deref()), (Some(q), Some(name)));
        }
        for q in (1..1000).map(|n| f64::from(n) / 1000.0) {
            assert_eq!(quantile(&percentile(q).unwrap()), Some(q));
        }
        assert_eq!((quantile("p099.90"), quantile("p0.1")), (Some(0.999), Some(0.001)));
        for name in
            ["p", "p0", "p100", "p-1", "p1e1", "pinf", "pNaN", "p5.", "p.5", "p+5", "q50", "p5.5.5", "p5 "]
        {
            assert_eq!(quantile(name), None, "{name}");
        }
        assert_eq!((percentile(0.0), percentile(1.0), percentile(f64::NAN)), (None, None, None));
    }

    fn histogram(values: &[u64]) -> Vec<u8> {
        let mut histogram = Histogram::new(Shape::new(5, 42).unwrap());
        values.iter().for_each(|&value| histogram.record(value));
        histogram.encode()
    }

    #[test]
    fn a_histogram_has_its_parts() {
        let bytes = histogram(&(1..=1000).map(|n| n * 1_000_000).collect::<Vec<_>>());
        let value = Value::Histogram(HistogramView::new(&bytes, &[], 1e-9));
        assert_eq!(
            shown(&value.parts()),
            "count=1000 sum=500.5 mean=0.5005 max=1.0 p50=0.499122176 p90=0.897581056 p99=0.998244352 p99.9=0.998244352"
        );
        assert_eq!(
            value.to_string(),
            "n=1000 mean=0.5005 p50=0.4991 p90=0.8976 p99=0.9982 p99.9=0.9982 max=1"
        );
        assert_eq!(value.part("p25"), Some(Value::Double(0.249_561_088)));
        assert_eq!((value.part("p100"), value.part("rate60"), value.part("")), (None, None, None));
        let whole = Value::Histogram(HistogramView::new(&bytes, &[], 1.0));
        assert_eq!(whole.part("max"), Some(Value::Unsigned(1_000_000_000)));
        let named: Vec<u8> = [0.0_f64, 0.25, 1.0].iter().flat_map(|q| q.to_ne_bytes()).collect();
        let named = Value::Histogram(HistogramView::new(&bytes, &named, 1.0));
        assert_eq!(shown(&named.parts()[4..]), "p25=249561088", "0 and 1 have no name");
        let empty = histogram(&[]);
        let empty = Value::Histogram(HistogramView::new(&empty, &[], 1e-9));
        assert_eq!((shown(&empty.parts()), empty.to_string()), ("count=0".into(), "n=0".into()));
    }

    #[test]
    fn histograms_of_several_files_are_one_unless_their_scales_differ() {
        let (one, two) = (histogram(&[1, 2]), histogram(&[3]));
        let mut total = HistogramView::new(&one, &[], 1.0).total();
        let before = total.clone();
        total.merge(&HistogramView::new(&two, &[], 1.0).total()).unwrap();
        assert_eq!(total.to_string(), "n=3 mean=2 p50=2 p90=3 p99=3 p99.9=3 max=3");
        assert_eq!(total.since(&before).to_string(), "n=1 mean=3 p50=3 p90=3 p99=3 p99.9=3 max=3");
        assert!(total.merge(&HistogramView::new(&two, &[], 0.5).total()).is_err());
        assert_eq!(total.count(), 3);
    }

    #[test]
    fn a_window_has_its_parts() {
        let summary = Summary { sum: 3.0, count: 4, max: 2.5, seconds: 59.5 };
        let window = WindowTotal::new(60, Some(summary));
        assert_eq!(shown(&window.parts()), "rate60=0.06722689075630252 mean60=0.75 max60=2.5");
        assert_eq!(window.to_string(), "n=4 rate=0.06723 mean=0.75 max=2.5");
        assert_eq!(window.part("mean"), window.part("mean60"));
        assert_eq!((window.part("mean6"), window.part("p50"), window.part("60")), (None, None, None));
        let nothing = Value::Window(WindowTotal::new(60, None));
        assert_eq!(
            (nothing.to_string(), nothing.parts().len(), nothing.part("count60")),
            ("-".into(), 0, None)
        );
        let mut both = WindowTotal::new(60, None);
        both.merge(&window);
        both.merge(&WindowTotal::new(10, Some(Summary { max: 3.0, seconds: 9.5, ..summary })));
        assert_eq!(both.to_string(), "n=8 rate=0.1345 mean=0.75 max=3");
    }

    #[test]
    fn the_last_numbers_and_a_mean_have_their_parts() {
        let bytes = recent::encode(&[9.0, 2.0, -1.0, 4.0], 3);
        let recent = Value::Recent(RecentView::new(&bytes, 1..4, 2.0));
        assert_eq!(
            (recent.to_string(), shown(&recent.parts())),
            ("4.0 -2.0 8.0".into(), "last=8.0 mean=3.3333333333333335 max=8.0".into())
        );
        assert_eq!(
            (recent.part("min"), recent.part("p50")),
            (Some(Value::Double(-2.0)), Some(Value::Double(4.0)))
        );
        let none = Value::Recent(RecentView::new(&bytes, 0..0, 1.0));
        assert_eq!((none.to_string(), none.parts().len(), none.part("last")), ("-".into(), 0, None));

        let mean = Value::Mean(scaled_mean(Mean { sum: 3.0, count: 2 }, 0.5));
        assert_eq!(
            (mean.to_string(), shown(&mean.parts())),
            ("0.75".into(), "count=2 sum=1.5 mean=0.75".into())
        );
        assert_eq!(Value::Mean(Mean::default()).to_string(), "-");
        assert_eq!(shown(&Value::Mean(Mean::default()).parts()), "count=0");
        assert_eq!(shown(&Value::Text(b"x").parts()), "=x");
        assert_eq!(Value::Unsigned(7).part("count"), None);
    }
}
