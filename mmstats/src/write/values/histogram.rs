//! Counts of numbers by size.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Relaxed, Release};

use super::words::{Words, pair};
use crate::format::histogram::{self as read, Shape};
use crate::write::memory::segment::{ForkMark, Segment};

/// Words before the buckets: count, sum, max, shape.
pub(crate) const HEAD: usize = 4;

/// Count, sum and maximum of whole numbers, and how many fell into each bucket.
///
/// Each word is right on its own. It is never reset: what happened in an interval is a difference.
pub(crate) struct Histogram {
    words: Words<HEAD>,
    shape: Shape,
    /// The words are updated by loads and stores, so two threads must not do it at once.
    not_sync: PhantomData<Cell<()>>,
}

/// What a histogram holds, for merging.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) shape: Shape,
    pub(crate) sum: u64,
    pub(crate) max: u64,
    /// Those that are not 0, by their index.
    pub(crate) buckets: Vec<(usize, u64)>,
}

impl Counts {
    /// What a reader has read.
    pub(crate) fn of(read: &read::Histogram) -> Self {
        let there = read.counts().iter().copied().enumerate();
        let buckets = there.filter(|&(_, n)| n > 0).collect();
        Self { shape: read.shape(), sum: read.sum(), max: read.max().unwrap_or(0), buckets }
    }
}

impl Histogram {
    /// What the value begins with, before its record is published; zeros follow.
    pub(crate) fn initial(shape: Shape) -> Vec<u8> {
        let head = [0, 0, 0, pair(shape.p(), shape.n())];
        head.into_iter().flat_map(u64::to_ne_bytes).collect()
    }

    /// The value at byte `at` of the file, in `home`, with what [`Histogram::initial`] gave;
    /// [`Shape::size`] bytes.
    ///
    /// # Panics
    /// As [`Words::new`].
    pub(crate) fn new(home: Arc<Segment>, at: usize, shape: Shape, mark: ForkMark) -> Self {
        Self { words: Words::new(home, at, shape.buckets(), mark), shape, not_sync: PhantomData }
    }

    /// Counts a number.
    #[inline]
    pub(crate) fn record(&self, value: u64) {
        self.words.with(|[count, sum, max, _], buckets| {
            let [.., last] = buckets else { return };
            add(buckets.get(self.shape.index_or_beyond(value)).unwrap_or(last), 1);
            add(sum, value);
            raise(max, value);
            add(count, 1);
        });
    }

    /// Adds what another histogram holds, of any shape. Exact where the other's buckets are as narrow as
    /// these or narrower; the numbers of a wider one are counted at its middle.
    pub(crate) fn merge(&self, other: &Counts) {
        let shape = self.shape;
        // A narrower bucket lies inside of one of these, and so does its middle.
        let place = |index| {
            if other.shape == shape { index } else { shape.index(other.shape.bucket(index).middle()) }
        };
        self.words.with(|[count, sum, max, _], buckets| {
            let [.., last] = buckets else { return };
            let mut all = 0_u64;
            for &(index, n) in &other.buckets {
                add(buckets.get(place(index)).unwrap_or(last), n);
                all = all.wrapping_add(n);
            }
            add(sum, other.sum);
            raise(max, other.max);
            add(count, all);
        });
    }

    /// What it holds.
    #[cfg(test)]
    pub(crate) fn counts(&self) -> Counts {
        self.words.with(|[_, sum, max, _], buckets| {
            let there = buckets.iter().map(|bucket| bucket.load(Relaxed)).enumerate();
            let buckets = there.filter(|&(_, n)| n > 0).collect();
            Counts { shape: self.shape, sum: sum.load(Relaxed), max: max.load(Relaxed), buckets }
        })
    }

    /// What a reader would read.
    pub(crate) fn read(&self) -> read::Histogram {
        self.words.with(|head, buckets| look(self.shape, head, buckets))
    }

    /// How many numbers were recorded.
    pub(crate) fn count(&self) -> u64 {
        self.words.with(|[count, ..], _| count.load(Relaxed))
    }

    /// The sum of all numbers, modulo 2^64.
    pub(crate) fn sum(&self) -> u64 {
        self.words.with(|[_, sum, ..], _| sum.load(Relaxed))
    }

    /// The largest number; 0 before the first.
    pub(crate) fn max(&self) -> u64 {
        self.words.with(|[_, _, max, _], _| max.load(Relaxed))
    }

    #[cfg(test)]
    pub(crate) fn shape(&self) -> Shape {
        self.shape
    }
}

/// What a reader would read of these words.
pub(super) fn look(shape: Shape, head: &[AtomicU64; HEAD], buckets: &[AtomicU64]) -> read::Histogram {
    let [count, sum, max, _] = head;
    let head = [count, sum, max].map(|word| word.load(Relaxed));
    let buckets = buckets.iter().map(|bucket| bucket.load(Relaxed));
    let words = head.into_iter().chain([pair(shape.p(), shape.n())]).chain(buckets);
    let bytes: Vec<u8> = words.flat_map(u64::to_ne_bytes).collect();
    read::Histogram::decode(&bytes).unwrap_or_else(|_| read::Histogram::new(shape))
}

/// No atomic addition is needed, as this is the only writer. Release, as for a number: a reader that sees a
/// word sees what was stored before it, here and in other fields. On x86-64 it is the same instruction as
/// without.
#[inline(always)]
fn add(word: &AtomicU64, n: u64) {
    word.store(word.load(Relaxed).wrapping_add(n), Release);
}

#[inline(always)]
fn raise(word: &AtomicU64, value: u64) {
    if value > word.load(Relaxed) {
        word.store(value, Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::values::testing::{Place, in_a_child};

    fn histogram(place: &Place, precision: u32, range: u32) -> Histogram {
        let shape = Shape::new(precision, range).unwrap();
        place.fill(&Histogram::initial(shape));
        Histogram::new(place.home(), place.at, shape, place.mark)
    }

    #[test]
    fn an_empty_one_says_its_shape_only() {
        let place = Place::private();
        let histogram = histogram(&place, 3, 10);
        assert_eq!(place.words(0..3), [0; 3]);
        assert_eq!(place.bytes(24..32), [3_u32.to_ne_bytes(), 10_u32.to_ne_bytes()].concat());
        assert_eq!(histogram.shape().size(), 32 + 8 * (8 << 3));
        assert!(histogram.counts().buckets.is_empty());
    }

    #[test]
    fn a_record_is_bucket_sum_max_and_count() {
        let place = Place::private();
        let histogram = histogram(&place, 3, 10);
        histogram.record(5);
        assert_eq!(place.words(0..3), [1, 5, 5]);
        assert_eq!(place.word(4 + 5), 1);
        // e = 9, index = ((9 - 3 + 1) << 3) + ((1000 - 512) >> 6)
        histogram.record(1000);
        histogram.record(0);
        assert_eq!(place.words(0..3), [3, 1005, 1000]);
        assert_eq!([4, 4 + 5, 4 + 63].map(|at| place.word(at)), [1; 3]);
        assert_eq!(place.words(4..4 + 64).iter().sum::<u64>(), 3);
        assert_eq!((histogram.count(), histogram.sum(), histogram.max()), (3, 1005, 1000));
    }

    #[test]
    fn what_is_too_large_is_in_the_last_bucket() {
        let place = Place::private();
        let histogram = histogram(&place, 3, 10);
        for value in [1024, 4711, u64::MAX] {
            histogram.record(value);
        }
        assert_eq!(place.word(4 + 63), 3);
        assert_eq!(place.words(0..3), [3, 1024 + 4711 - 1, u64::MAX]);
        assert_eq!(place.words(68..72), [0; 4], "nothing after the value");
    }

    /// Miri takes a second for a hundred.
    const NUMBERS: u32 = if cfg!(miri) { 100 } else { 5_000 };

    /// Numbers of every size, and some of them often.
    fn numbers() -> impl Iterator<Item = u64> {
        let mut state = 1_u64;
        (0..NUMBERS).map(move |turn| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) >> (turn % 31)
        })
    }

    #[test]
    fn merging_is_as_good_as_having_recorded_here() {
        for (from, to) in [
            ((5, 32), (5, 32)),
            ((7, 32), (5, 32)),
            ((5, 32), (2, 20)),
            ((5, 32), (0, 32)),
            ((5, 42), (5, 20)),
        ] {
            let places = [(); 3].map(|()| Place::private());
            let [other, merged, direct] =
                [(0, from), (1, to), (2, to)].map(|(i, (p, n))| histogram(&places[i], p, n));
            for value in numbers() {
                other.record(value);
                direct.record(value);
            }
            for value in [3, 700, 1 << 19] {
                merged.record(value);
                direct.record(value);
            }
            merged.merge(&other.counts());
            assert_eq!(merged.counts(), direct.counts(), "{from:?} into {to:?}");
            assert_eq!(merged.count(), u64::from(NUMBERS) + 3);
        }
    }

    #[test]
    fn a_wider_bucket_is_counted_at_its_middle() {
        let places = [(); 2].map(|()| Place::private());
        let [coarse, fine] = [(0, 2), (1, 5)].map(|(i, p)| histogram(&places[i], p, 20));
        // The bucket 1024..1280.
        [1024, 1279].iter().for_each(|&value| coarse.record(value));
        fine.merge(&coarse.counts());
        let shape = Shape::new(5, 20).unwrap();
        let merged = fine.counts();
        assert_eq!(merged, Counts { shape, sum: 2303, max: 1279, buckets: vec![(shape.index(1152), 2)] });
    }

    #[test]
    #[cfg_attr(miri, ignore = "no fork")]
    fn a_forked_child_begins_anew_and_leaves_the_parents_alone() {
        let place = Place::in_file();
        let histogram = histogram(&place, 2, 10);
        histogram.record(100);
        let before = place.words(0..40);
        assert!(in_a_child(|| {
            histogram.record(7);
            (histogram.count(), histogram.sum(), histogram.max()) == (1, 7, 7)
                && histogram.counts().buckets == [(7, 1)]
        }));
        assert_eq!(place.words(0..40), before);
        histogram.record(1);
        assert_eq!(place.words(0..3), [2, 101, 100]);
    }
}
