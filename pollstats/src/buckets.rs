//! The buckets of a histogram that is added to others, and taken away from them.

use mmstats::format::histogram::{Histogram, Shape};

/// The size of the words before the buckets of a histogram, and of a bucket.
const WORD: usize = 8;

/// How often values fell into which bucket.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Buckets {
    shape: Shape,
    pub(crate) counts: Vec<i64>,
    pub(crate) sum: i128,
    /// The greatest value, or a bound for it.
    max: u64,
}

impl Buckets {
    pub(crate) fn of(histogram: &Histogram) -> Self {
        Self {
            shape: histogram.shape(),
            counts: histogram.counts().iter().map(|&count| narrow(count)).collect(),
            sum: histogram.sum().into(),
            max: histogram.max().unwrap_or(0),
        }
    }

    pub(crate) fn count(&self) -> i64 {
        self.counts.iter().fold(0, |all, &count| all.saturating_add(count))
    }

    /// What was counted since `before`. The greatest value is exact if it is the greatest of all.
    pub(crate) fn since(&self, before: &Self) -> Self {
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
    pub(crate) fn add(&mut self, other: &Self, sign: i64) {
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
    pub(crate) fn part(&self, sign: i64) -> Self {
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

    pub(crate) fn histogram(&self) -> Histogram {
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

/// A count that may be taken away from another.
pub(crate) fn narrow(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
