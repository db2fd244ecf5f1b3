//! Text of any length that changes.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, Release};
use std::sync::atomic::{AtomicU64, fence};

use super::words::{Own, WORD, Words, first_of, pair};
use crate::write::memory::segment::{ForkMark, Segment};

/// One word with the count of settings and the capacity, then two copies, each of a length and bytes. The
/// lowest bit of the count names the current copy.
pub(crate) struct Text {
    words: Words<1>,
    /// Bytes that a copy holds.
    capacity: u32,
    settings: Cell<u32>,
}

impl Text {
    /// Bytes of a value that holds `capacity` bytes of text.
    pub(crate) fn size(capacity: u32) -> usize {
        (1 + 2 * copy_words(capacity)) * WORD
    }

    /// What the value begins with, before its record is published; zeros follow. The text is cut to the
    /// capacity.
    pub(crate) fn initial(capacity: u32, text: &[u8]) -> Vec<u8> {
        let text = cut(text, capacity);
        let mut bytes = pair(0, capacity).to_ne_bytes().to_vec();
        bytes.extend(length(text).to_ne_bytes());
        bytes.extend(text);
        bytes
    }

    /// The value at byte `at` of the file, in `home`, with what [`Text::initial`] gave.
    ///
    /// # Panics
    /// As [`Words::new`].
    pub(crate) fn new(home: Arc<Segment>, at: usize, capacity: u32, mark: ForkMark) -> Self {
        let words = Words::new(home, at, 2 * copy_words(capacity), mark);
        Self { words, capacity, settings: Cell::new(0) }
    }

    /// Stores text, cut to the capacity, and makes it current.
    #[inline]
    pub(crate) fn set(&self, text: &[u8]) {
        self.words.update(self, cut(text, self.capacity), Self::store);
    }

    #[inline(always)]
    fn store(&self, text: &[u8], [head]: &[AtomicU64; 1], copies: Own<'_>) {
        let settings = self.settings.get().wrapping_add(1);
        self.settings.set(settings);
        let copy = copies.half(settings % 2 == 1);
        // The count of the setting before this one comes first: a reader that catches this copy changing
        // must find, when it looks at the count after that, that the copy is no longer the current one.
        fence(Release);
        copy.store(0, length(text));
        copy.copy(1, text);
        // Release: the text is in its copy before the count names it. Both pair with the fences between a
        // reader's three looks: count, text, count.
        head.store(pair(settings, self.capacity), Release);
    }

    /// The current copy's text.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.words.with(|_, copies| {
            let Some((size, body)) = copy(copies, self.settings.get()).split_first() else {
                return Vec::new();
            };
            let mut bytes: Vec<u8> = body.iter().flat_map(|word| word.load(Relaxed).to_ne_bytes()).collect();
            bytes.truncate(first_of(size.load(Relaxed)) as usize);
            bytes
        })
    }

    /// How often it was set.
    #[cfg(test)]
    pub(crate) fn settings(&self) -> u32 {
        self.settings.get()
    }
}

/// Words of one copy.
fn copy_words(capacity: u32) -> usize {
    1 + (capacity as usize).div_ceil(WORD)
}

/// The copy that is current after this many settings.
#[inline]
fn copy(copies: &[AtomicU64], settings: u32) -> &[AtomicU64] {
    let (even, odd) = copies.split_at(copies.len() / 2);
    if settings % 2 == 0 { even } else { odd }
}

#[inline]
fn cut(text: &[u8], capacity: u32) -> &[u8] {
    &text[..text.len().min(capacity as usize)]
}

/// The word that says how long the text is.
#[inline]
fn length(text: &[u8]) -> u64 {
    // It was cut to a capacity of 32 bits.
    #[allow(clippy::cast_possible_truncation)]
    pair(text.len() as u32, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::values::testing::{Place, in_a_child};

    fn text(place: &Place, capacity: u32, initial: &[u8]) -> Text {
        place.fill(&Text::initial(capacity, initial));
        Text::new(place.home(), place.at, capacity, place.mark)
    }

    /// Settings, and the text of the copy that they name: by hand, from the page.
    fn decoded(place: &Place) -> (u32, Vec<u8>) {
        let number = |at: usize| u32::from_ne_bytes(place.bytes(at..at + 4).try_into().unwrap());
        let (settings, capacity) = (number(0), number(4) as usize);
        let at = 8 + (settings as usize & 1) * (8 + capacity.next_multiple_of(8));
        assert_eq!(number(at + 4), 0);
        (settings, place.bytes(at + 8..at + 8 + number(at) as usize))
    }

    #[test]
    fn the_first_text_is_there_before_any_setting() {
        for (initial, seen) in [(&b""[..], &b""[..]), (b"idle", b"idle"), (b"0123456789abc", b"0123456789")] {
            let place = Place::private();
            let text = text(&place, 10, initial);
            assert_eq!(Text::size(10), 8 + 2 * (8 + 16));
            assert_eq!(decoded(&place), (0, seen.to_vec()));
            assert_eq!(text.bytes(), seen);
        }
    }

    #[test]
    fn copies_take_turns_and_the_lowest_bit_names_the_current() {
        let place = Place::private();
        let text = text(&place, 5, b"first");
        text.set(b"one");
        assert_eq!(place.bytes(0..8), [1_u32.to_ne_bytes(), 5_u32.to_ne_bytes()].concat());
        assert_eq!(place.bytes(8..24), [&5_u32.to_ne_bytes()[..], &[0; 4], b"first\0\0\0"].concat());
        assert_eq!(place.bytes(24..40), [&3_u32.to_ne_bytes()[..], &[0; 4], b"one\0\0\0\0\0"].concat());
        text.set(b"2");
        assert_eq!(place.bytes(8..24), [&1_u32.to_ne_bytes()[..], &[0; 4], b"2\0\0\0\0\0\0\0"].concat());
        assert_eq!(decoded(&place), (2, b"2".to_vec()));
        assert_eq!(place.words(5..8), [0; 3], "nothing after the value");
        assert_eq!(text.settings(), 2);
    }

    #[test]
    fn any_length_is_stored_whole_and_cut_at_the_capacity() {
        // Miri would take minutes for the last.
        let capacities: &[u32] = if cfg!(miri) { &[1, 7, 8, 9, 64] } else { &[1, 7, 8, 9, 64, 1000] };
        for &capacity in capacities {
            let place = Place::private();
            let text = text(&place, capacity, b"");
            for len in (0..=capacity as usize + 9).rev().chain(0..=capacity as usize + 9) {
                let given: Vec<u8> = (0..len).map(|at| b'a' + (at % 26) as u8).collect();
                text.set(&given);
                let kept = &given[..len.min(capacity as usize)];
                assert_eq!(decoded(&place).1, kept, "{len} bytes in {capacity}");
                assert_eq!(text.bytes(), kept);
            }
            let end = Text::size(capacity) / 8;
            assert_eq!(place.words(end..end + 2), [0; 2], "nothing after the value");
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "no fork")]
    fn a_forked_child_goes_on_and_leaves_the_parents_alone() {
        let place = Place::in_file();
        let text = text(&place, 12, b"");
        text.set(b"the parent's");
        let before = place.words(0..7);
        assert!(in_a_child(|| {
            let empty = text.bytes().is_empty();
            text.set(b"mine");
            empty && text.bytes() == b"mine"
        }));
        assert_eq!(place.words(0..7), before);
        text.set(b"again");
        assert_eq!(decoded(&place), (2, b"again".to_vec()));
    }
}
