//! What was added to a value that only grows: a counter, a mean, a histogram.

use figures::Compound;
use mmstats::format::scale::in_unit;
use mmstats::{HistogramTotal, Mean, Value};

use crate::buckets::{Buckets, narrow};

/// An amount. It is negative only between two steps of a calculation.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Amount {
    #[default]
    Nothing,
    /// Of a counter, as the file has it.
    Integer(i128),
    /// Of a counter that is a float.
    Double(f64),
    Mean {
        sum: f64,
        count: i64,
    },
    Histogram(Box<Buckets>),
}

impl Amount {
    /// All that a file has counted. `None` of what does not only grow.
    pub(crate) fn of(value: &Value<'_>) -> Option<Self> {
        Some(match value {
            Value::Mean(mean) => Self::Mean { sum: mean.sum, count: narrow(mean.count) },
            Value::Histogram(view) => Self::Histogram(Box::new(Buckets::of(&view.total().histogram))),
            number => Self::Double(number.as_f64()?),
        })
    }

    /// What was added since `before`, an earlier state of the same file. What has become less began again.
    pub(crate) fn since(&self, before: &Self) -> Self {
        match (self, before) {
            (Self::Double(now), Self::Double(before)) => {
                Self::Double(if now >= before { now - before } else { now.max(0.0) })
            }
            (Self::Mean { sum, count }, Self::Mean { sum: sum_before, count: before }) if count >= before => {
                // With no number, there is nothing in the sum but what was rounded.
                let sum = if count == before { 0.0 } else { sum - sum_before };
                Self::Mean { sum, count: count - before }
            }
            (Self::Histogram(now), Self::Histogram(before)) if now.count() >= before.count() => {
                Self::Histogram(Box::new(now.since(before)))
            }
            _ => self.clone(),
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        match (&mut *self, other) {
            (_, Self::Nothing) => {}
            (Self::Integer(all), Self::Integer(more)) => *all = all.saturating_add(*more),
            (Self::Double(all), Self::Double(more)) => *all += more,
            #[allow(clippy::cast_precision_loss)]
            (Self::Double(all), Self::Integer(more)) => *all += *more as f64,
            #[allow(clippy::cast_precision_loss)]
            (Self::Integer(all), Self::Double(more)) => *self = Self::Double(*all as f64 + more),
            (Self::Mean { sum, count }, Self::Mean { sum: more, count: number }) => {
                *sum += more;
                *count = count.saturating_add(*number);
            }
            (Self::Histogram(all), Self::Histogram(more)) => all.add(more, 1),
            // Nothing was there, or a file says another thing than before.
            (all, more) => *all = more.clone(),
        }
    }

    /// What is left of this, and what is missing from it, after `other` was taken away.
    pub(crate) fn without(&self, other: &Self) -> (Self, Self) {
        match (self, other) {
            (_, Self::Nothing) => (self.clone(), Self::Nothing),
            (Self::Nothing, _) => (Self::Nothing, other.clone()),
            (Self::Integer(all), Self::Integer(less)) => {
                let rest = all.saturating_sub(*less);
                (Self::Integer(rest.max(0)), Self::Integer(rest.saturating_neg().max(0)))
            }
            (Self::Double(all), Self::Double(less)) => {
                (Self::Double((all - less).max(0.0)), Self::Double((less - all).max(0.0)))
            }
            (Self::Mean { sum, count }, Self::Mean { sum: less, count: number }) => {
                let (sum, count) = (sum - less, count.saturating_sub(*number));
                match count {
                    0 => (Self::Nothing, Self::Nothing),
                    1.. => (Self::Mean { sum, count }, Self::Nothing),
                    _ => (Self::Nothing, Self::Mean { sum: -sum, count: count.saturating_neg() }),
                }
            }
            (Self::Histogram(all), Self::Histogram(less)) => {
                let mut rest = all.as_ref().clone();
                rest.add(less, -1);
                let missing = rest.part(-1);
                (Self::Histogram(Box::new(rest.part(1))), Self::Histogram(Box::new(missing)))
            }
            _ => (self.clone(), Self::Nothing),
        }
    }

    /// A number of the file in its unit. Values of several numbers stay as they are.
    pub(crate) fn in_unit(self, scale: f64) -> Self {
        #[allow(clippy::cast_precision_loss)]
        match self {
            Self::Integer(raw) if scale != 1.0 => Self::Double(in_unit(raw as f64, scale)),
            Self::Double(raw) => Self::Double(in_unit(raw, scale)),
            other => other,
        }
    }

    pub(crate) fn is_zero(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Integer(value) => *value == 0,
            Self::Double(value) => *value == 0.0,
            Self::Mean { count, .. } => *count == 0,
            Self::Histogram(buckets) => buckets.counts.iter().all(|&count| count == 0),
        }
    }

    /// How many numbers are in it, and their sum as the file has it. `None` of a counter.
    pub(crate) fn count_and_sum(&self) -> Option<(f64, f64)> {
        #[allow(clippy::cast_precision_loss)]
        match self {
            Self::Mean { sum, count } => Some((*count as f64, *sum)),
            Self::Histogram(buckets) => Some((buckets.count() as f64, buckets.sum as f64)),
            _ => None,
        }
    }

    /// As a value of several numbers. `None` of a counter.
    pub(crate) fn compound(&self, scale: f64) -> Option<Compound> {
        Some(match self {
            Self::Mean { sum, count } => {
                Compound::Mean(Mean { sum: *sum, count: u64::try_from(*count).unwrap_or(0) })
            }
            Self::Histogram(buckets) => {
                Compound::Histogram(HistogramTotal::new(buckets.histogram(), Vec::new(), scale))
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use mmstats::format::histogram::{Histogram, Shape};

    use super::*;

    fn histogram(values: &[u64]) -> Amount {
        histogram_of(Shape::default(), values)
    }

    fn histogram_of(shape: Shape, values: &[u64]) -> Amount {
        let mut histogram = Histogram::new(shape);
        values.iter().for_each(|&value| histogram.record(value));
        Amount::Histogram(Box::new(Buckets::of(&histogram)))
    }

    fn shown(amount: &Amount) -> String {
        amount.compound(1.0).unwrap().to_string()
    }

    #[test]
    fn what_was_added_is_a_difference() {
        let (before, now) = (histogram(&[5, 40]), histogram(&[5, 40, 7, 20]));
        assert_eq!(shown(&now.since(&before)), "n=2 mean=13.5 p50=7 p90=20 p99=20 p99.9=20 max=20");
        assert_eq!(now.since(&now).count_and_sum(), Some((0.0, 0.0)));
        assert!(now.since(&now).is_zero());
        assert_eq!(before.since(&now), before, "it began again");
        assert_eq!(Amount::Double(3.0).since(&Amount::Double(1.0)), Amount::Double(2.0));
        assert_eq!(Amount::Double(1.0).since(&Amount::Double(3.0)), Amount::Double(1.0));
        let mean = |sum, count| Amount::Mean { sum, count };
        assert_eq!(mean(-3.0, 2).since(&mean(1.0, 1)), mean(-4.0, 1));
        assert_eq!(mean(0.3, 3).since(&mean(0.1 + 0.2, 3)), mean(0.0, 0));
    }

    #[test]
    fn a_greatest_value_is_exact_if_it_is_the_greatest_of_all() {
        let before = histogram(&[1000]);
        let since = |value| shown(&histogram(&[1000, value]).since(&before));
        assert!(since(1001).ends_with("max=1001"));
        assert!(since(500).ends_with("max=503"), "the upper edge of its bucket: {}", since(500));
    }

    #[test]
    fn what_is_missing_is_told_from_what_is_left() {
        let (rest, missing) = histogram(&[1, 2, 2]).without(&histogram(&[2, 3]));
        assert_eq!(shown(&rest), "n=2 mean=0 p50=1 p90=2 p99=2 p99.9=2 max=2");
        assert_eq!(missing.count_and_sum().unwrap().0, 1.0);
        let (rest, missing) = histogram(&[1, 2, 2]).without(&histogram(&[2]));
        assert_eq!(
            (shown(&rest).as_str(), missing.is_zero()),
            ("n=2 mean=1.5 p50=1 p90=2 p99=2 p99.9=2 max=2", true)
        );
        assert_eq!(Amount::Integer(5).without(&Amount::Integer(7)), (Amount::Integer(0), Amount::Integer(2)));
        assert_eq!(Amount::Nothing.without(&Amount::Integer(7)).1, Amount::Integer(7));
    }

    #[test]
    fn histograms_of_other_shapes_are_one() {
        let fine = Shape::new(5, 42).unwrap();
        let coarse = Shape::new(2, 20).unwrap();
        let mut all = histogram_of(fine, &[1, 100, 1 << 30]);
        all.add(&histogram_of(coarse, &[100]));
        assert_eq!(all.count_and_sum(), Some((4.0, 201.0 + f64::from(1 << 30))));
        let mut other = histogram_of(coarse, &[100]);
        other.add(&histogram_of(fine, &[1, 100, 1 << 30]));
        assert_eq!(all, other);
        let mut nothing = Amount::Nothing;
        nothing.add(&all);
        assert_eq!(nothing, all);
    }
}
