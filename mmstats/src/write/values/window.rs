//! What was added in the last seconds: their number, sum and maximum.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::second::{SLOT, Second};
use super::words::{Own, WORD, Words, pair};
use crate::write::memory::segment::{ForkMark, Segment};

/// Words before the ring: how many seconds, and two copies of the current one.
const HEAD: usize = 1 + 2 * SLOT;

/// The current second in two copies, updated by turns, and a ring of finished seconds. A reader takes a slot
/// only if its check word agrees with the others, and adds up what is young enough.
pub(crate) struct Window {
    words: Words<HEAD>,
    /// Whether the second copy is the current one.
    second: Cell<bool>,
}

impl Window {
    /// Bytes of a value that looks back on `seconds`.
    pub(crate) fn size(seconds: u32) -> usize {
        (HEAD + seconds as usize * SLOT) * WORD
    }

    /// What the value begins with, before its record is published; zeros follow.
    pub(crate) fn initial(seconds: u32) -> [u8; WORD] {
        pair(seconds, 0).to_ne_bytes()
    }

    /// The value at byte `at` of the file, in `home`, with what [`Window::initial`] gave. It looks back on
    /// `seconds`, at least 1.
    ///
    /// # Panics
    /// As [`Words::new`].
    pub(crate) fn new(home: Arc<Segment>, at: usize, seconds: u32, mark: ForkMark) -> Self {
        let words = Words::new(home, at, seconds as usize * SLOT, mark);
        Self { words, second: Cell::new(false) }
    }

    /// Adds a value now.
    #[cfg(test)]
    pub(crate) fn add(&self, value: f64) {
        self.add_at(crate::system::coarse_second(), value);
    }

    /// Adds a value in a second of `CLOCK_MONOTONIC`, for a caller that has read the clock. A second that is
    /// over counts as the latest one: the coarse clock is a few milliseconds late.
    #[inline]
    pub(crate) fn add_at(&self, second: u64, value: f64) {
        self.words.update(self, (second, value), Self::put);
    }

    /// Adds to the current second, or begins a new one.
    #[inline(always)]
    fn put(&self, (second, value): (u64, f64), head: &[AtomicU64; HEAD], ring: Own<'_>) {
        let is_second = self.second.get();
        let (current, spare) = copies(head, is_second);
        self.second.set(!is_second);
        let now = Second::load(current);
        let stamp = second.wrapping_add(1);
        // Rare, and apart: where the maximum is chosen between two, the check word waits for the choice, and the next
        // reading of the clock for that.
        if stamp > now.stamp || value > now.max {
            change(now, stamp, value, ring.words(), spare);
            return;
        }
        Second { sum: now.sum + value, count: now.count.wrapping_add(1), ..now }.store(spare);
    }

    /// All seconds that it holds, young enough or not, the oldest first.
    pub(crate) fn seconds(&self) -> Vec<Second> {
        let mut seconds: Vec<_> = self.words.with(|head, ring| {
            let (current, _) = copies(head, self.second.get());
            let slots = ring.chunks_exact(SLOT).filter_map(|slot| slot.try_into().ok());
            slots.chain([current]).map(Second::load).filter(|one| one.stamp > 0).collect()
        });
        seconds.sort_by_key(|one| one.stamp);
        seconds
    }

    /// Everything of the window that ends with `second`; its stamp is that second's. Nothing: a count of 0.
    pub(crate) fn total_at(&self, second: u64) -> Second {
        let newest = second.wrapping_add(1);
        let length = self.words.with(|_, ring| ring.len() / SLOT) as u64;
        let young = |one: &Second| one.stamp <= newest && newest - one.stamp < length;
        let total = self.seconds().into_iter().filter(young).fold(Second::empty(newest), Second::plus);
        if total.count == 0 { Second { stamp: newest, ..Second::default() } } else { total }
    }
}

/// The current copy and the spare one.
#[inline(always)]
fn copies(head: &[AtomicU64; HEAD], second: bool) -> (&[AtomicU64; SLOT], &[AtomicU64; SLOT]) {
    let [_, first @ .., _, _, _, _, _] = head;
    let [_, _, _, _, _, _, other @ ..] = head;
    if second { (other, first) } else { (first, other) }
}

/// The place of a finished second.
fn slot(ring: &[AtomicU64], stamp: u64) -> Option<&[AtomicU64; SLOT]> {
    #[allow(clippy::cast_possible_truncation)]
    let index = stamp.checked_rem((ring.len() / SLOT) as u64)? as usize;
    ring.chunks_exact(SLOT).nth(index)?.try_into().ok()
}

/// Adds a value that begins a new second, or is the greatest of this one.
#[cold]
#[inline(never)]
fn change(now: Second, stamp: u64, value: f64, ring: &[AtomicU64], spare: &[AtomicU64; SLOT]) {
    let new = Second { stamp, sum: value, count: 1, max: value };
    if stamp > now.stamp {
        finish(now, ring);
        Second::empty(stamp).plus(new).store(spare);
    } else {
        now.plus(new).store(spare);
    }
}

/// Puts a second that is over into the ring.
fn finish(over: Second, ring: &[AtomicU64]) {
    if over.stamp > 0 {
        if let Some(slot) = slot(ring, over.stamp) {
            over.store(slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::{coarse_second, monotonic_nanoseconds};
    use crate::write::values::testing::{Place, in_a_child};

    fn window(place: &Place, seconds: u32) -> Window {
        place.fill(&Window::initial(seconds));
        Window::new(place.home(), place.at, seconds, place.mark)
    }

    /// Stamp, sum, count and max of the slot at a word, whose check must agree: by hand, from the page.
    fn slot_at(place: &Place, at: usize) -> (u64, f64, u64, f64) {
        let words = place.words(at..at + 5);
        let check = words[0].wrapping_mul(0xC2B2_AE3D_27D4_EB4F)
            ^ words[1].rotate_left(13)
            ^ words[2].wrapping_mul(0x9E37_79B9_7F4A_7C15)
            ^ words[3].rotate_left(29).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        assert_eq!(words[4], check, "the check of the slot at word {at}");
        (words[0], f64::from_bits(words[1]), words[2], f64::from_bits(words[3]))
    }

    const EMPTY: (u64, f64, u64, f64) = (0, 0.0, 0, 0.0);

    #[test]
    fn an_empty_one_says_how_far_it_looks_back() {
        let place = Place::private();
        let window = window(&place, 3);
        assert_eq!(Window::size(3), 8 + 5 * 40);
        assert_eq!(Window::size(60), 8 + 62 * 40);
        assert_eq!(place.bytes(0..8), [3, 0].map(u32::to_ne_bytes).concat());
        assert_eq!([1, 6, 11, 16, 21].map(|at| slot_at(&place, at)), [EMPTY; 5]);
        assert_eq!(window.total_at(7), Second { stamp: 8, ..Second::default() });
    }

    #[test]
    fn the_current_second_has_two_copies_by_turns() {
        let place = Place::private();
        let window = window(&place, 3);
        window.add_at(99, 2.0);
        assert_eq!([1, 6].map(|at| slot_at(&place, at)), [EMPTY, (100, 2.0, 1, 2.0)]);
        window.add_at(99, -5.0);
        assert_eq!([1, 6].map(|at| slot_at(&place, at)), [(100, -3.0, 2, 2.0), (100, 2.0, 1, 2.0)]);
        window.add_at(98, 3.0);
        assert_eq!(slot_at(&place, 6), (100, 0.0, 3, 3.0), "a second that is over counts as the latest");
        assert_eq!([11, 16, 21].map(|at| slot_at(&place, at)), [EMPTY; 3]);
    }

    #[test]
    fn a_maximum_below_zero_is_one() {
        let place = Place::private();
        let window = window(&place, 1);
        window.add_at(0, -2.0);
        window.add_at(0, -1.0);
        assert_eq!(slot_at(&place, 1), (1, -3.0, 2, -1.0));
    }

    #[test]
    fn a_nan_is_in_the_sum_and_is_no_maximum() {
        let place = Place::private();
        let window = window(&place, 1);
        [f64::NAN, 1.0, f64::NAN].iter().for_each(|&value| window.add_at(0, value));
        let (_, sum, count, max) = slot_at(&place, 6);
        assert!(sum.is_nan());
        assert_eq!((count, max), (3, 1.0));
    }

    #[test]
    fn a_finished_second_goes_to_its_place_in_the_ring() {
        let place = Place::private();
        let window = window(&place, 3);
        window.add_at(99, 2.0);
        window.add_at(99, 3.0);
        window.add_at(100, 7.0);
        let ring = || [11, 16, 21].map(|at| slot_at(&place, at));
        // 100 mod 3 is 1.
        assert_eq!(ring(), [EMPTY, (100, 5.0, 2, 3.0), EMPTY]);
        assert_eq!([1, 6].map(|at| slot_at(&place, at)), [(100, 5.0, 2, 3.0), (101, 7.0, 1, 7.0)]);
        window.add_at(104, 1.0);
        assert_eq!(ring(), [EMPTY, (100, 5.0, 2, 3.0), (101, 7.0, 1, 7.0)]);
        // Stamp 103 would have had the place of stamp 100, but nothing was added then.
        window.add_at(105, 1.0);
        assert_eq!(ring(), [(105, 1.0, 1, 1.0), (100, 5.0, 2, 3.0), (101, 7.0, 1, 7.0)]);
        assert_eq!(place.words(26..28), [0; 2], "nothing after the value");
    }

    #[test]
    fn the_total_is_of_what_is_young_enough() {
        let place = Place::private();
        let window = window(&place, 3);
        for second in 10..20_u32 {
            window.add_at(second.into(), f64::from(second));
        }
        let total = |second| window.total_at(second);
        assert_eq!(total(19), Second { stamp: 20, sum: 17.0 + 18.0 + 19.0, count: 3, max: 19.0 });
        assert_eq!(total(21), Second { stamp: 22, sum: 19.0, count: 1, max: 19.0 });
        assert_eq!(total(22).count, 0);
    }

    #[test]
    fn the_clock_is_the_one_that_readers_read() {
        let fine = u64::try_from(monotonic_nanoseconds()).unwrap() / 1_000_000_000;
        let place = Place::private();
        let window = window(&place, 60);
        window.add(1.0);
        let stamp = slot_at(&place, 6).0;
        // The coarse clock may be a tick late.
        assert!(stamp >= fine && stamp - 1 <= coarse_second(), "stamp {stamp} at {fine}");
    }

    #[test]
    #[cfg_attr(miri, ignore = "no fork")]
    fn a_forked_child_begins_anew_and_leaves_the_parents_alone() {
        let place = Place::in_file();
        let window = window(&place, 2);
        window.add_at(5, 1.0);
        let before = place.words(0..21);
        assert!(in_a_child(|| {
            window.add_at(5, 3.0);
            window.add_at(6, 4.0);
            window.total_at(6) == Second { stamp: 7, sum: 7.0, count: 2, max: 4.0 }
        }));
        assert_eq!(place.words(0..21), before);
        window.add_at(5, 2.0);
        assert_eq!(window.total_at(5).count, 2);
    }
}
