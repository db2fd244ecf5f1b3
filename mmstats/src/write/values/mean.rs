//! A sum and a count, of which readers always have a matching pair.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, Release};
use std::sync::atomic::fence;

use super::words::{WORD, Words};
use crate::format::mean::FACTOR;
use crate::write::memory::segment::{ForkMark, Segment};

/// Words of one copy: sum, count, check.
const COPY: usize = 3;

/// Two copies, updated by turns. A reader takes a copy only if its check word agrees with the other two, so
/// the order in which it copies the words out does not matter.
pub(crate) struct Mean {
    words: Words<{ 2 * COPY }>,
    sum: Cell<f64>,
    count: Cell<u64>,
    /// Whether the second copy is to be written next.
    second: Cell<bool>,
}

impl Mean {
    /// Bytes of the value. It should not cross a cache line.
    pub(crate) const SIZE: usize = 2 * COPY * WORD;

    /// The zeroed value at byte `at` of the file, in `home`.
    ///
    /// # Panics
    /// As [`Words::new`].
    pub(crate) fn new(home: Arc<Segment>, at: usize, mark: ForkMark) -> Self {
        let words = Words::new(home, at, 0, mark);
        Self { words, sum: Cell::new(0.0), count: Cell::new(0), second: Cell::new(false) }
    }

    /// Adds a number.
    #[inline]
    pub(crate) fn add(&self, value: f64) {
        self.put(value, 1);
    }

    /// Adds `count` numbers whose sum is `sum`: another mean.
    pub(crate) fn merge(&self, sum: f64, count: u64) {
        if count > 0 {
            self.put(sum, count);
        }
    }

    #[inline(always)]
    fn put(&self, sum: f64, count: u64) {
        self.words.with(|words, _| {
            let second = self.second.get();
            let sum = self.sum.get() + sum;
            let count = self.count.get().wrapping_add(count);
            // The cells first: the words might be one of them for all that the compiler knows.
            self.second.set(!second);
            self.sum.set(sum);
            self.count.set(count);
            let at = if second { COPY } else { 0 };
            // The update before this one comes first: a reader that sees a word of this one, and then looks
            // again, finds the other copy at least as new as that update left it. Within one update the order
            // does not matter. Pairs with the fence between a reader's looks.
            fence(Release);
            words[at].store(sum.to_bits(), Relaxed);
            words[at + 1].store(count, Relaxed);
            words[at + 2].store(check(sum, count), Relaxed);
        });
    }

    /// The sum of what was added.
    pub(crate) fn sum(&self) -> f64 {
        self.sum.get()
    }

    /// How many were added.
    pub(crate) fn count(&self) -> u64 {
        self.count.get()
    }
}

#[inline]
fn check(sum: f64, count: u64) -> u64 {
    sum.to_bits() ^ count.wrapping_mul(FACTOR)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::values::testing::{Place, in_a_child};

    fn mean(place: &Place) -> Mean {
        Mean::new(place.home(), place.at, place.mark)
    }

    /// Sum and count of a copy, if its check agrees: by hand, from the page.
    fn copy(place: &Place, at: usize) -> Option<(f64, u64)> {
        let words = place.words(at..at + 3);
        let agrees = words[2] == words[0] ^ words[1].wrapping_mul(0x9E37_79B9_7F4A_7C15);
        agrees.then(|| (f64::from_bits(words[0]), words[1]))
    }

    #[test]
    fn zeros_are_an_empty_mean() {
        let place = Place::private();
        assert_eq!(Mean::SIZE, 48);
        assert_eq!([copy(&place, 0), copy(&place, 3)], [Some((0.0, 0)); 2]);
    }

    #[test]
    fn copies_are_written_by_turns_and_nothing_after_them() {
        let place = Place::private();
        let mean = mean(&place);
        mean.add(1.5);
        assert_eq!(place.words(0..3), [1.5_f64.to_bits(), 1, 1.5_f64.to_bits() ^ 0x9E37_79B9_7F4A_7C15]);
        assert_eq!([copy(&place, 0), copy(&place, 3)], [Some((1.5, 1)), Some((0.0, 0))]);
        mean.add(-2.0);
        assert_eq!([copy(&place, 0), copy(&place, 3)], [Some((1.5, 1)), Some((-0.5, 2))]);
        mean.add(0.0);
        assert_eq!([copy(&place, 0), copy(&place, 3)], [Some((-0.5, 3)), Some((-0.5, 2))]);
        assert_eq!(place.words(6..8), [0, 0]);
        assert_eq!((mean.sum(), mean.count()), (-0.5, 3));
    }

    #[test]
    fn a_merged_mean_counts_by_its_count_and_spares_the_current_copy() {
        let place = Place::private();
        let mean = mean(&place);
        mean.add(10.0);
        mean.merge(90.0, 4);
        assert_eq!([copy(&place, 0), copy(&place, 3)], [Some((10.0, 1)), Some((100.0, 5))]);
        mean.merge(20.0, 1);
        assert_eq!([copy(&place, 0), copy(&place, 3)], [Some((120.0, 6)), Some((100.0, 5))]);
        let before = place.words(0..6);
        mean.merge(0.0, 0);
        assert_eq!(place.words(0..6), before, "an empty one changes nothing");
    }

    #[test]
    #[cfg_attr(miri, ignore = "no fork")]
    fn a_forked_child_goes_on_with_what_is_known_and_leaves_the_parents_alone() {
        let place = Place::in_file();
        let mean = mean(&place);
        mean.add(4.0);
        let before = place.words(0..6);
        assert!(in_a_child(|| {
            mean.add(2.0);
            (mean.sum(), mean.count()) == (6.0, 2)
        }));
        assert_eq!(place.words(0..6), before);
        mean.add(1.0);
        assert_eq!(copy(&place, 3), Some((5.0, 2)));
    }
}
