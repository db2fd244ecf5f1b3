//! Which buckets a histogram has, and what each counts.

use super::BUCKETS;

/// The highest precision.
pub const LARGEST_P: u32 = 16;
/// The widest range.
pub const LARGEST_N: u32 = 64;
/// The precision of a writer that asks for none: buckets are 3.1 % wide.
pub const DEFAULT_P: u32 = 5;
/// The range of a writer that asks for none: 1 ns to 73 minutes.
pub const DEFAULT_N: u32 = 42;

/// Which buckets there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub(super) p: u32,
    pub(super) n: u32,
}

/// The values that a bucket counts: from `lower`, up to but not including `upper`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The least.
    pub lower: u64,
    /// The least that is too large, or `None` of the last bucket.
    pub upper: Option<u64>,
}

impl Bucket {
    /// The value that is shown for it: the middle, and of the last bucket the lower edge.
    #[must_use]
    pub fn middle(&self) -> u64 {
        self.upper.map_or(self.lower, |upper| self.lower + (upper - self.lower) / 2)
    }
}

impl Default for Shape {
    fn default() -> Self {
        Self { p: DEFAULT_P, n: DEFAULT_N }
    }
}

impl Shape {
    /// The smallest there is.
    pub(crate) const MIN: Self = Self { p: 0, n: 1 };

    /// Buckets of `p` bits of precision for values below 2^`n`. `None` unless `p` is at most 16, `n` at most
    /// 64, and `p` less than `n`.
    #[must_use]
    pub const fn new(p: u32, n: u32) -> Option<Self> {
        if p <= LARGEST_P && n <= LARGEST_N && p < n { Some(Self { p, n }) } else { None }
    }

    /// The precision in bits.
    #[must_use]
    pub const fn p(self) -> u32 {
        self.p
    }

    /// The range in bits.
    #[must_use]
    pub const fn n(self) -> u32 {
        self.n
    }

    /// How many buckets there are.
    #[must_use]
    pub const fn buckets(self) -> usize {
        ((self.n - self.p + 1) as usize) << self.p
    }

    /// The size of a value in bytes.
    #[must_use]
    pub const fn size(self) -> usize {
        BUCKETS + 8 * self.buckets()
    }

    /// The bucket that counts `value`.
    #[must_use]
    pub const fn index(self, value: u64) -> usize {
        let (index, last) = (self.index_or_beyond(value), self.buckets() - 1);
        if index < last { index } else { last }
    }

    /// The bucket that counts `value`, or a number that no bucket has where the value is beyond the range: for
    /// who looks whether the bucket is there in any case.
    #[inline(always)]
    #[must_use]
    pub const fn index_or_beyond(self, value: u64) -> usize {
        // The lowest bit makes no difference, and tells the compiler that the number is not 0.
        let e = (value | 1 << self.p | 1).ilog2();
        let shift = e - self.p;
        // From the second octave on, the bits after the shift begin with a 1, which is the 2^p by which
        // (e - p + 1) << p is larger than this.
        #[allow(clippy::cast_possible_truncation)]
        let index = (((shift as u64) << self.p) + (value >> shift)) as usize;
        index
    }

    /// What bucket `index` counts.
    ///
    /// # Panics
    /// If there is no such bucket.
    #[must_use]
    pub fn bucket(self, index: usize) -> Bucket {
        assert!(index < self.buckets(), "no bucket {index}");
        let upper = (index + 1 < self.buckets()).then(|| self.lower(index + 1));
        Bucket { lower: self.lower(index), upper }
    }

    pub(super) fn lower(self, index: usize) -> u64 {
        let octave = index >> self.p;
        if octave <= 1 {
            return index as u64;
        }
        let inside = (index & ((1 << self.p) - 1)) as u64;
        ((1 << self.p) + inside) << (octave - 1)
    }

    /// The finest shape into which both can be counted without a guess: every bucket of either lies within
    /// one of it.
    #[must_use]
    pub fn common(self, other: Self) -> Self {
        Self { p: self.p.min(other.p), n: self.n.min(other.n) }
    }

    /// Bounds for a histogram of the classic kind, by which each value is counted under all bounds that it
    /// is not greater than: two per octave, or one where the precision is 0. They depend on the shape alone.
    /// The last bucket is above all of them.
    ///
    /// Each is the greatest value of its bucket: 0, 1, 2, 3, 5, 7, 11, 15, 23 and so on.
    pub fn bounds(self) -> impl Iterator<Item = u64> {
        let last = self.lower(self.buckets() - 1);
        let steps = if self.p == 0 { 1 } else { 2 };
        let halves = (0..self.n).flat_map(move |e| {
            let octave = 1_u64 << e;
            // Between 1 and 2 there is no half.
            [Some(octave), (steps == 2 && e > 0).then(|| octave + octave / 2)].into_iter().flatten()
        });
        halves.take_while(move |&upper| upper <= last).map(|upper| upper - 1)
    }
}
