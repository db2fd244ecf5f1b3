//! What was added to a value that only grows: a counter, a mean, a histogram.

use figures::Compound;
use mmstats::format::histogram::{Histogram, Shape};
use mmstats::format::scale::in_unit;
use mmstats::{HistogramTotal, Mean, Value};

/// The size of the words before the buckets of a histogram, and of a bucket.
const WORD: usize = 8;

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

/// How often values fell into which bucket.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Buckets {
    shape: Shape,
    counts: Vec<i64>,
    sum: i128,
    /// The greatest value, or a bound for it.
    max: u64,
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

impl Buckets {
    fn of(histogram: &Histogram) -> Self {
        Self {
            shape: histogram.shape(),
            counts: histogram.counts().iter().map(|&count| narrow(count)).collect(),
            sum: histogram.sum().into(),
            max: histogram.max().unwrap_or(0),
        }
    }

    fn count(&self) -> i64 {
        self.counts.iter().fold(0, |all, &count| all.saturating_add(count))
    }

    /// What was counted since `before`. The greatest value is exact if it is the greatest of all.
    fn since(&self, before: &Self) -> Self {
        let mut rest = self.clone();
        rest.add(before, -1);
        rest.counts.iter_mut().for_each(|count| *count = (*count).max(0));
        // The sum is modulo 2^64.
        rest.sum = rest.sum.rem_euclid(1 << 64);
        if self.max <= before.max {
            rest.max = rest.bounded(self.max);
        }
        rest
    }

    /// Adds the counts of another, or takes them away. Where their shapes differ, the common one is taken.
    fn add(&mut self, other: &Self, sign: i64) {
        let shape = self.shape.common(other.shape);
        self.make_coarser(shape);
        for (index, &count) in other.counts.iter().enumerate().filter(|(_, count)| **count != 0) {
            let same = if other.shape == shape { index } else { coarse(other.shape, index, shape) };
            self.counts[same] = self.counts[same].saturating_add(count.saturating_mul(sign));
        }
        self.sum += other.sum * i128::from(sign);
        if sign > 0 {
            self.max = self.max.max(other.max);
        }
    }

    fn make_coarser(&mut self, shape: Shape) {
        if shape == self.shape {
            return;
        }
        let mut counts = vec![0_i64; shape.buckets()];
        for (index, &count) in self.counts.iter().enumerate() {
            let same = &mut counts[coarse(self.shape, index, shape)];
            *same = same.saturating_add(count);
        }
        (self.shape, self.counts) = (shape, counts);
    }

    /// What of it has this sign, without it.
    fn part(&self, sign: i64) -> Self {
        let counts: Vec<_> = self.counts.iter().map(|count| count.saturating_mul(sign).max(0)).collect();
        let is_empty = counts.iter().all(|&count| count == 0);
        let sum = if is_empty { 0 } else { (self.sum * i128::from(sign)).max(0) };
        let mut part = Self { counts, sum, ..self.clone() };
        part.max = part.bounded(self.max);
        part
    }

    /// The greatest value, which is not above this nor beyond the last bucket with something in it.
    fn bounded(&self, max: u64) -> u64 {
        let highest = self.counts.iter().rposition(|&count| count > 0);
        let upper = highest.map(|highest| self.shape.bucket(highest).upper);
        match upper {
            None => 0,
            Some(None) => max,
            Some(Some(upper)) => max.min(upper - 1),
        }
    }

    fn histogram(&self) -> Histogram {
        let count = u64::try_from(self.count()).unwrap_or(0);
        // Of a sum that is modulo 2^64, no more is known.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let sum = self.sum as u64;
        let mut bytes = Vec::with_capacity(WORD * (4 + self.counts.len()));
        for word in [count, sum, self.max] {
            bytes.extend(word.to_ne_bytes());
        }
        bytes.extend(self.shape.p().to_ne_bytes());
        bytes.extend(self.shape.n().to_ne_bytes());
        bytes.extend(self.counts.iter().flat_map(|&count| count.max(0).to_ne_bytes()));
        Histogram::decode(&bytes).unwrap_or_else(|_| Histogram::new(self.shape))
    }
}

/// The bucket of a coarser shape that a bucket lies in.
fn coarse(shape: Shape, index: usize, coarser: Shape) -> usize {
    coarser.index(shape.bucket(index).lower)
}

fn narrow(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
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
