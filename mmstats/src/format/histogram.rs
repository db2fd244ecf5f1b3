//! A histogram: how often a value fell into which bucket, with buckets that are narrow in relation to what
//! falls into them.
//!
//! ```text
//! 0         8         16        24      28      32                32 + 8 * B
//! +---------+---------+---------+-------+-------+--- - - - ---+
//! | u64     | u64     | u64     | u32   | u32   | B buckets,  |
//! | count   | sum     | max     | p     | n     | u64 each    |
//! +---------+---------+---------+-------+-------+--- - - - ---+
//! ```
//!
//! With `p` bits of precision, a value below 2^(p+1) has a bucket of its own. Above, every power of two is cut
//! into 2^p buckets of the same width. Values from 2^n on are in the last bucket, whose upper end is unknown.

mod shape;

use super::What;
use super::bytes::{of_words, u32_at, word};
use super::kind::DataType;

pub use shape::{Bucket, DEFAULT_N, DEFAULT_P, LARGEST_N, LARGEST_P, Shape};

/// Where the buckets begin.
pub const BUCKETS: usize = 32;

/// An answer to how large a value of some rank is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantile {
    /// The middle of its bucket, or the greatest value if that is less.
    pub value: u64,
    /// Whether it is from the last bucket: then it is at least `value`.
    pub is_at_least: bool,
}

/// What a histogram holds. All of it can be taken from one look: every word is right on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    shape: Shape,
    counts: Vec<u64>,
    sum: u64,
    max: u64,
}

impl Histogram {
    /// An empty one.
    #[must_use]
    pub fn new(shape: Shape) -> Self {
        Self { shape, counts: vec![0; shape.buckets()], sum: 0, max: 0 }
    }

    /// Counts a value, as a writer does.
    pub fn record(&mut self, value: u64) {
        self.counts[self.shape.index(value)] += 1;
        self.sum = self.sum.wrapping_add(value);
        self.max = self.max.max(value);
    }

    /// Takes a value's bytes apart.
    ///
    /// # Errors
    /// As [`shape`].
    pub fn decode(value: &[u8]) -> Result<Self, What> {
        let shape = shape(value)?;
        let counts = value[BUCKETS..].chunks_exact(8).map(|bucket| word(bucket, 0)).collect();
        Ok(Self { shape, counts, sum: word(value, 8), max: word(value, 16) })
    }

    /// The bytes of a value.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = of_words(&[self.count(), self.sum, self.max]);
        bytes.extend(self.shape.p.to_ne_bytes());
        bytes.extend(self.shape.n.to_ne_bytes());
        bytes.extend(of_words(&self.counts));
        bytes
    }

    /// Which buckets there are.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// How many values each bucket has counted.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// The buckets that are not empty, with their counts.
    pub fn filled(&self) -> impl Iterator<Item = (Bucket, u64)> + '_ {
        let filled = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        filled.map(|(index, &count)| (self.shape.bucket(index), count))
    }

    /// How many values were counted: the sum of the buckets.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().fold(0, |all, &count| all.saturating_add(count))
    }

    /// The sum of the values, modulo 2^64.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.sum
    }

    /// The greatest value, or `None` of nothing. Where a look came between a bucket and the word that says
    /// the greatest, it is the lower edge of that bucket.
    #[must_use]
    pub fn max(&self) -> Option<u64> {
        let highest = self.counts.iter().rposition(|&count| count > 0)?;
        Some(self.max.max(self.shape.lower(highest)))
    }

    /// The arithmetic mean, or `None` of nothing.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let count = self.count();
        #[allow(clippy::cast_precision_loss)]
        (count > 0).then(|| self.sum as f64 / count as f64)
    }

    /// The value that `q` of all values are not above, by nearest rank: with N values, the least rank r from
    /// 1 on for which r / N is at least `q`. `None` of nothing, and unless `q` is from 0 to 1.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<Quantile> {
        let rank = rank(q, self.count())?;
        let mut below = 0_u64;
        let index = self.counts.iter().position(|&count| {
            below = below.saturating_add(count);
            below >= rank
        })?;
        let bucket = self.shape.bucket(index);
        let value = bucket.middle().min(self.max()?).max(bucket.lower);
        Some(Quantile { value, is_at_least: bucket.upper.is_none() })
    }

    /// How many values are not above each of the bounds ([`Shape::bounds`]).
    #[must_use]
    pub fn cumulative(&self) -> Vec<(u64, u64)> {
        let (mut below, mut next) = (0_u64, 0);
        let bounds = self.shape.bounds().map(|bound| {
            let end = self.shape.index(bound) + 1;
            below = self.counts[next..end].iter().fold(below, |all, &count| all.saturating_add(count));
            next = end;
            (bound, below)
        });
        bounds.collect()
    }

    /// The same values in fewer buckets.
    ///
    /// # Panics
    /// If `shape` is finer or wider: see [`Shape::common`].
    #[must_use]
    pub fn coarser(&self, shape: Shape) -> Self {
        assert!(shape.p <= self.shape.p && shape.n <= self.shape.n, "{shape:?} is no coarser");
        if shape == self.shape {
            return self.clone();
        }
        let mut coarse = Self { sum: self.sum, max: self.max, ..Self::new(shape) };
        for (index, &count) in self.counts.iter().enumerate() {
            let bucket = &mut coarse.counts[shape.index(self.shape.lower(index))];
            *bucket = bucket.saturating_add(count);
        }
        coarse
    }

    /// Adds the values of another. Where their shapes differ, the result has the common one.
    pub fn merge(&mut self, other: &Self) {
        let shape = self.shape.common(other.shape);
        if shape != self.shape {
            *self = self.coarser(shape);
        }
        let add = |counts: &[u64], into: &mut [u64]| {
            into.iter_mut().zip(counts).for_each(|(into, &count)| *into = into.saturating_add(count));
        };
        if shape == other.shape {
            add(&other.counts, &mut self.counts);
        } else {
            add(&other.coarser(shape).counts, &mut self.counts);
        }
        self.sum = self.sum.wrapping_add(other.sum);
        self.max = self.max.max(other.max);
    }

    /// What was counted since `earlier`, an earlier state of the same histogram. Its greatest value is exact
    /// if it is the greatest of all; else it is at most the upper edge of its bucket.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let shape = self.shape.common(earlier.shape);
        let (now, before) = (self.coarser(shape), earlier.coarser(shape));
        let counts: Vec<_> =
            now.counts.iter().zip(&before.counts).map(|(now, before)| now.saturating_sub(*before)).collect();
        let highest = counts.iter().rposition(|&count| count > 0);
        let edge = highest.and_then(|index| shape.bucket(index).upper).map_or(u64::MAX, |upper| upper - 1);
        let max = if now.max > before.max { now.max } else { now.max.min(edge) };
        Self { shape, counts, sum: now.sum.wrapping_sub(before.sum), max }
    }
}

/// The least rank r from 1 to `count` for which r / `count` is at least `q`, all as `f64`.
pub(crate) fn rank(q: f64, count: u64) -> Option<u64> {
    if count == 0 || !(0.0..=1.0).contains(&q) {
        return None;
    }
    #[allow(clippy::cast_precision_loss)]
    let part = |rank: u64| rank as f64 / count as f64;
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let near = ((q * count as f64).ceil() as u64).clamp(1, count);
    // The product is rounded, so it may be beside the whole number that it should be.
    Some(if near > 1 && part(near - 1) >= q {
        near - 1
    } else if near < count && part(near) < q {
        near + 1
    } else {
        near
    })
}

/// The shape of a value. It never changes.
///
/// # Errors
/// If its precision and range are none, or it does not have the size that follows from them.
pub fn shape(value: &[u8]) -> Result<Shape, What> {
    let bad = What::ValueSize(DataType::Histogram, value.len());
    let (Some(p), Some(n)) = (u32_at(value, 24), u32_at(value, 28)) else { return Err(bad) };
    let shape = Shape::new(p, n).ok_or(What::Shape { p, n })?;
    if value.len() == shape.size() { Ok(shape) } else { Err(bad) }
}

#[cfg(test)]
mod tests;
