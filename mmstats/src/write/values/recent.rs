//! The last N numbers.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, Release};
use std::sync::atomic::fence;

use super::words::{WORD, Words};
use crate::write::memory::segment::{ForkMark, Segment};

/// How many numbers were ever added, then a ring of one place more than it keeps: number `i` is at place
/// `i mod (N + 1)`, and the place that is written is never one of the last N.
pub(crate) struct Recent {
    words: Words<1>,
    /// The place that is next.
    place: Cell<usize>,
}

impl Recent {
    /// Bytes of a value that keeps `keep` numbers.
    pub(crate) fn size(keep: usize) -> usize {
        (keep + 2) * WORD
    }

    /// The zeroed value at byte `at` of the file, in `home`, which keeps `keep` numbers.
    ///
    /// # Panics
    /// As [`Words::new`].
    pub(crate) fn new(home: Arc<Segment>, at: usize, keep: usize, mark: ForkMark) -> Self {
        Self { words: Words::new(home, at, keep + 1, mark), place: Cell::new(0) }
    }

    /// Adds a number; the oldest goes if all places are full.
    #[inline]
    pub(crate) fn add(&self, value: f64) {
        self.words.with(|[next], ring| {
            let added = next.load(Relaxed);
            // It begins at 0 again in a forked child.
            let mut place = if added == 0 { 0 } else { self.place.get() };
            if place >= ring.len() {
                place = 0;
            }
            self.place.set(place + 1);
            // The count of the update before this one comes first: a reader that catches this place changing
            // must find, when it looks at the count after that, that the old number is out of reach.
            fence(Release);
            ring[place].store(value.to_bits(), Relaxed);
            // Release: the number is there before the count covers it. Both pair with the fences between a
            // reader's three looks: count, numbers, count.
            next.store(added.wrapping_add(1), Release);
        });
    }

    /// How many were ever added.
    pub(crate) fn added(&self) -> u64 {
        self.words.with(|[next], _| next.load(Relaxed))
    }

    /// The last numbers, the oldest first.
    pub(crate) fn numbers(&self) -> Vec<f64> {
        self.words.with(|[next], ring| {
            let keep = ring.len() - 1;
            let there = usize::try_from(next.load(Relaxed)).map_or(keep, |added| added.min(keep));
            // Counted from the place that is next, backward: `there` places, which do not include it.
            let first = self.place.get() + ring.len() - there;
            let places = (first..first + there).map(|place| place % ring.len());
            places.map(|place| f64::from_bits(ring[place].load(Relaxed))).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::values::testing::{Place, in_a_child};

    fn recent(place: &Place, keep: usize) -> Recent {
        Recent::new(place.home(), place.at, keep, place.mark)
    }

    #[test]
    fn each_number_has_its_place() {
        let place = Place::private();
        assert_eq!(Recent::size(3), 40);
        let recent = recent(&place, 3);
        assert!(recent.numbers().is_empty());
        for (added, number) in (1..).zip([10.0, 11.0, 12.0, 13.0]) {
            recent.add(number);
            assert_eq!(place.word(0), added);
            assert_eq!(place.float(usize::try_from(added).unwrap()), number);
        }
        assert_eq!(recent.numbers(), [11.0, 12.0, 13.0]);
        recent.add(14.0);
        assert_eq!(place.word(0), 5);
        assert_eq!([1, 2, 3, 4, 5].map(|at| place.float(at)), [14.0, 11.0, 12.0, 13.0, 0.0]);
        assert_eq!(recent.numbers(), [12.0, 13.0, 14.0]);
        assert_eq!(recent.added(), 5);
    }

    #[test]
    fn the_last_are_right_after_any_number_of_turns() {
        let place = Place::private();
        let recent = recent(&place, 5);
        for number in 0..100_u32 {
            recent.add(number.into());
            let first = (number + 1).saturating_sub(5);
            assert_eq!(recent.numbers(), (first..=number).map(f64::from).collect::<Vec<_>>());
            assert_eq!(place.float(1 + number as usize % 6), f64::from(number));
        }
    }

    #[test]
    fn one_may_be_kept() {
        let place = Place::private();
        let recent = recent(&place, 1);
        [1.0, 2.0, 3.0].iter().for_each(|&number| recent.add(number));
        assert_eq!(recent.numbers(), [3.0]);
    }

    #[test]
    #[cfg_attr(miri, ignore = "no fork")]
    fn a_forked_child_begins_anew_and_leaves_the_parents_alone() {
        let place = Place::in_file();
        let recent = recent(&place, 2);
        [1.0, 2.0].iter().for_each(|&number| recent.add(number));
        let before = place.words(0..4);
        assert!(in_a_child(|| {
            let empty = recent.numbers().is_empty();
            [3.0, 4.0, 5.0].iter().for_each(|&number| recent.add(number));
            empty && recent.numbers() == [4.0, 5.0] && recent.added() == 3
        }));
        assert_eq!(place.words(0..4), before);
        recent.add(6.0);
        assert_eq!(recent.numbers(), [2.0, 6.0]);
    }
}
