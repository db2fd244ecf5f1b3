//! Which bucket of a histogram a number falls into: log-linear, `2^p` buckets per power of two.

use super::words::WORD;

/// Precision and range of a histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// The `p` of the format: a bucket is at most `2^-p` of its numbers wide.
    precision: u32,
    /// The `n` of the format: numbers below `2^n` are told apart.
    range: u32,
}

impl Default for Shape {
    /// 3 % wide, and for nanoseconds up to 73 minutes.
    fn default() -> Self {
        Self { precision: 5, range: 42 }
    }
}

impl Shape {
    /// The largest precision.
    pub(crate) const FINEST: u32 = 16;
    /// The largest range: all of `u64`.
    pub(crate) const WIDEST: u32 = u64::BITS;

    /// `None` if the precision is over 16, or if the range is not above the precision or over 64.
    pub(crate) fn new(precision: u32, range: u32) -> Option<Self> {
        let makes_sense = precision <= Self::FINEST && precision < range && range <= Self::WIDEST;
        makes_sense.then_some(Self { precision, range })
    }

    pub(crate) fn precision(self) -> u32 {
        self.precision
    }

    pub(crate) fn range(self) -> u32 {
        self.range
    }

    /// How many buckets there are.
    pub(crate) fn buckets(self) -> usize {
        ((self.range - self.precision + 1) as usize) << self.precision
    }

    /// Bytes of a histogram's value.
    pub(crate) fn size(self) -> usize {
        (super::histogram::HEAD + self.buckets()) * WORD
    }

    /// The bucket of `value`, or one after the last where the value is beyond the range.
    #[inline(always)]
    pub(crate) fn index(self, value: u64) -> usize {
        // The lowest bit makes no difference, and tells the compiler that the number is not 0.
        let octave = (value | 1 << self.precision | 1).ilog2();
        let shift = octave - self.precision;
        // The page's formula: from the second octave on, the bits after the shift begin with a 1, which is
        // the `2^p` by which the page's `e - p + 1` is larger than the shift.
        #[allow(clippy::cast_possible_truncation)]
        let index = (u64::from(shift) << self.precision) + (value >> shift);
        index as usize
    }

    /// The smallest number of a bucket, and how many numbers it has.
    pub(crate) fn bounds(self, index: usize) -> (u64, u64) {
        let index = index as u64;
        let shift = (index >> self.precision).saturating_sub(1);
        let low = (index - (shift << self.precision)) << shift;
        (low, 1 << shift)
    }

    /// The number in the middle of a bucket.
    pub(crate) fn middle(self, index: usize) -> u64 {
        let (low, width) = self.bounds(index);
        low + width / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The page's formula, word by word.
    fn by_the_page(p: u32, n: u32, v: u64) -> usize {
        let buckets = ((n - p + 1) as usize) << p;
        if n < 64 && v >= 1 << n {
            return buckets - 1;
        }
        if v < 1 << (p + 1) {
            return usize::try_from(v).unwrap();
        }
        let e = 63 - v.leading_zeros();
        usize::try_from((u64::from(e - p + 1) << p) + ((v - (1 << e)) >> (e - p))).unwrap()
    }

    fn edges() -> impl Iterator<Item = u64> {
        let near = |bit: u32| {
            let power = 1_u64 << bit;
            [power - 1, power, power + 1, power + power / 2, power + power / 3, power + power / 7 * 6]
        };
        (0..64).flat_map(near).chain([0, 5, 1_000, 1_000_000_007, u64::MAX - 1, u64::MAX])
    }

    #[test]
    fn the_table_of_the_design_holds() {
        let buckets = |precision| Shape::new(precision, 42).unwrap().buckets();
        assert_eq!([4, 5, 6].map(buckets), [624, 1216, 2368]);
        assert_eq!(Shape::default().size(), 32 + 9728);
    }

    #[test]
    fn a_shape_that_makes_no_sense_is_refused() {
        for (precision, range) in [(17, 64), (5, 5), (5, 4), (5, 65), (0, 0)] {
            assert_eq!(Shape::new(precision, range), None);
        }
        assert!([(0, 1), (16, 64), (16, 17)].iter().all(|&(p, n)| Shape::new(p, n).is_some()));
    }

    #[test]
    fn a_number_falls_where_the_page_says() {
        for (p, n) in [(0, 1), (0, 64), (4, 42), (5, 42), (6, 64), (15, 20), (16, 64)] {
            let shape = Shape::new(p, n).unwrap();
            for value in edges() {
                let index = shape.index(value).min(shape.buckets() - 1);
                assert_eq!(index, by_the_page(p, n, value), "{value} with p = {p}, n = {n}");
            }
        }
    }

    #[test]
    fn every_bucket_holds_its_own_numbers_and_no_gap_is_left() {
        for (p, n) in [(0, 64), (3, 12), (5, 42), (7, 64)] {
            let shape = Shape::new(p, n).unwrap();
            let mut next = 0_u64;
            for index in 0..shape.buckets() {
                let (low, width) = shape.bounds(index);
                assert_eq!(low, next, "bucket {index}");
                let ends = [low, low + (width - 1), shape.middle(index)];
                assert_eq!(ends.map(|value| shape.index(value)), [index; 3]);
                next = low.wrapping_add(width);
            }
            assert_eq!(next, 1_u64.checked_shl(n).unwrap_or(0), "the range's end");
        }
    }
}
