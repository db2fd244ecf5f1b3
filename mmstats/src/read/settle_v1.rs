//! Which of a field's values counts, after two looks or more: see the top of `read/mod.rs`.

use std::fs::File;
use std::ops::Range;

use super::pages::{ALIGNMENT, Pages};
use crate::format::type_code::Kind;
use crate::format::v1::Record;
use crate::format::word::word;

/// How often a value is looked at before it is called unstable.
const LOOKS: usize = 1000;
/// How many bytes of a file may be read again for that.
const LOOKS_BYTES: usize = 64 * 1024 * 1024;
/// How many looks in a row must agree on what lies in one word, or has one buffer.
const LOOKS_AT_WORD: usize = 2;
/// On what lies in several words and in two buffers, with a count of its updates. The first look sees the
/// count, so the index that the second sees is of this update or a later one, so the third sees the whole
/// of it, and of nothing later, as the fourth still sees the count.
const LOOKS_AT_WORDS: usize = 4;
/// On text that its writer had no room to count, and on numbers that are wider than a word of the kernel. Each
/// look may catch the same part of another update, where values repeat at full speed: two do once in some hundred
/// reads then.
const LOOKS_AT_UNCOUNTED: usize = 8;
/// How many bytes a third look takes in: most likely, other fields close by need one, too.
const THIRD_LOOK: usize = 16 * ALIGNMENT;

/// What is seen of values after the first two looks.
#[derive(Default)]
pub(crate) struct Later {
    pages: Pages,
    /// The part that was looked at after the second look at the file.
    seen: Range<usize>,
    /// How many bytes were read for it.
    spent: usize,
}

impl Later {
    /// Other first and second looks come next.
    pub(crate) fn forget(&mut self) {
        self.seen = 0..0;
        self.spent = 0;
    }

    /// Looks at `values`. False if that cannot be done, or was done too often.
    fn look(&mut self, file: &File, values: &Range<usize>, reach: usize) -> std::io::Result<bool> {
        let from = values.start / ALIGNMENT * ALIGNMENT;
        let to = values.end.max(reach).next_multiple_of(ALIGNMENT);
        self.spent += to - from;
        if self.spent > LOOKS_BYTES {
            return Ok(false);
        }
        self.pages.read_range(file, from..to)?;
        self.seen = from..self.pages.bytes().len();
        Ok(values.end <= self.seen.end)
    }

    fn holds(&self, values: &Range<usize>) -> bool {
        self.seen.start <= values.start && values.end <= self.seen.end
    }
}

/// Finds the buffer of a field whose value counts, and leaves its bytes in `first`, where the index byte
/// names it. `None`: no look could tell. Of `second`, nothing but the field's values is changed.
pub(crate) fn settle(
    file: &File,
    record: &Record,
    first: &mut Pages,
    second: &mut Pages,
    later: &mut Later,
) -> std::io::Result<Option<usize>> {
    let values = record.index_at..record.end;
    let mut alike = 1;
    for look in 0..LOOKS {
        alike = if agree(record, first.bytes(), second.bytes()) { alike + 1 } else { 1 };
        if alike >= looks_at(record, first.bytes()) {
            return Ok(Some(record.current(first.bytes())));
        }
        // The first time, a third look at a field before may have caught this one, too.
        let is_there = look == 0 && later.holds(&values);
        let reach = if look == 0 { (values.start + THIRD_LOOK).min(second.bytes().len()) } else { 0 };
        if !is_there && !later.look(file, &values, reach)? {
            break;
        }
        let third = later.pages.bytes();
        if is_published(record, first.bytes(), second.bytes(), third) {
            let value = values.start + 1..values.end;
            first.bytes_mut()[value.clone()].copy_from_slice(&second.bytes()[value]);
            return Ok(Some(record.current(first.bytes())));
        }
        first.bytes_mut()[values.clone()].copy_from_slice(&second.bytes()[values.clone()]);
        second.bytes_mut()[values.clone()].copy_from_slice(&third[values.clone()]);
    }
    Ok(None)
}

/// How many looks in a row must agree on a value for it to count.
pub(super) fn looks_at(record: &Record, bytes: &[u8]) -> usize {
    looks_by(word(), record, bytes)
}

/// The same under a kernel that copies words of this many bytes.
fn looks_by(word: usize, record: &Record, bytes: &[u8]) -> usize {
    let at = record.value_at(record.current(bytes));
    if !record.buffered || record.shape.loads_at_once_by(word, at) {
        // One buffer is for what never changes: no number of looks would help otherwise.
        return LOOKS_AT_WORD;
    }
    // The count needs five bytes of the field, a NUL before it.
    let text = &bytes[at..][..record.shape.size];
    let has_no_count = || !text[..text.len().saturating_sub(4)].contains(&0);
    let is_uncounted = match record.shape.first.kind {
        Kind::Text => has_no_count(),
        // Our writers store such a number in place, and count nothing.
        _ => record.shape.first.size > word,
    };
    if is_uncounted { LOOKS_AT_UNCOUNTED } else { LOOKS_AT_WORDS }
}

/// Whether two looks saw the same value in the same buffer as the current one.
fn agree(record: &Record, first: &[u8], second: &[u8]) -> bool {
    let value = current_value(record, first);
    record.current(first) == record.current(second) && first[value.clone()] == second[value]
}

/// Whether a number that the second look saw in the buffer which the first look's index named is one that
/// its writer has published.
fn is_published(record: &Record, first: &[u8], second: &[u8], third: &[u8]) -> bool {
    let value = current_value(record, first);
    let stays = || record.current(first) == record.current(third);
    let is_overwritten = || second[value.clone()] != third[value.clone()];
    record.shape.loads_at_once(value.start) && (stays() || is_overwritten())
}

fn current_value(record: &Record, bytes: &[u8]) -> Range<usize> {
    let at = record.value_at(record.current(bytes));
    at..at + record.shape.size
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::*;
    use crate::format::v1;

    /// A text of 8 bytes whose second buffer begins two bytes before the second page, as a file.
    fn crossing() -> (Vec<u8>, Record) {
        let mut bytes = vec![0; 2 * ALIGNMENT];
        bytes[0] = 1;
        let label_len = ALIGNMENT - 2 - 8 - 1 - 2 - 2 - 2 - 1;
        bytes[1..3].copy_from_slice(&u16::try_from(label_len).unwrap().to_ne_bytes());
        bytes[3..3 + label_len].fill(b'l');
        bytes[3 + label_len..5 + label_len].copy_from_slice(&2_u16.to_ne_bytes());
        bytes[5 + label_len..7 + label_len].copy_from_slice(b"8s");
        let record = v1::field(&bytes, 1).unwrap().unwrap();
        assert_eq!(record.value_at(1), ALIGNMENT - 2);
        (bytes, record)
    }

    /// Settles after two looks that saw `looks` in place of the field's second buffer, in a file that has
    /// `text` there. Gives the value and how many pages were read for it.
    fn settled(looks: [&[u8; 8]; 2], text: &[u8; 8]) -> (Vec<u8>, usize) {
        let (mut bytes, record) = crossing();
        let value = record.value_at(1)..record.end;
        let file = tempfile::tempfile().unwrap();
        let (mut first, mut second) = (Pages::default(), Pages::default());
        for (pages, seen) in [&mut first, &mut second].into_iter().zip(looks) {
            bytes[value.clone()].copy_from_slice(seen);
            file.write_all_at(&bytes, 0).unwrap();
            pages.read(&file, record.end).unwrap();
        }
        bytes[value.clone()].copy_from_slice(text);
        file.write_all_at(&bytes, 0).unwrap();
        let mut later = Later::default();
        let settled = settle(&file, &record, &mut first, &mut second, &mut later).unwrap();
        assert_eq!(settled, Some(1));
        (first.bytes()[value].to_vec(), later.spent / ALIGNMENT)
    }

    #[test]
    fn text_without_a_count_is_looked_at_more_often() {
        for (text, looks) in [(b"abc\0\x01\0\0\0", 4), (b"abcd\0\0\0\0", 8), (b"abcdefgh", 8)] {
            assert_eq!(settled([text, text], text), (text.to_vec(), 2 * (looks - 2)), "{text:?}");
        }
    }

    #[test]
    fn what_two_looks_saw_torn_alike_does_not_count() {
        // An update that stopped in the middle: its index had been seen before, and is seen again.
        let (half, whole) = (b"ne\0\x02old!", b"ne\0\x02new!");
        assert_eq!(settled([half, half], whole).0, whole);
    }

    #[test]
    fn a_number_wider_than_the_kernels_word_takes_the_looks_of_text() {
        // Labels that put the values on a boundary of eight bytes.
        for (code, label, by_word) in [
            (b"Q", "label_of9", [2, 8]),
            (b"d", "label_of9", [2, 8]),
            (b"I", "label_of9", [2, 2]),
            (b"H", "label_of9", [2, 2]),
        ] {
            let head =
                [&[1][..], &(label.len() as u16).to_ne_bytes(), label.as_bytes(), &1_u16.to_ne_bytes(), code];
            let bytes = [&head.concat()[..], &[0; 32]].concat();
            let record = v1::field(&bytes, 1).unwrap().unwrap();
            let at = record.value_at(record.current(&bytes));
            let aligned = at % record.shape.size == 0;
            assert!(aligned, "{at} {}", record.shape.size);
            assert_eq!([8, 4].map(|word| looks_by(word, &record, &bytes)), by_word, "{code:?}");
        }
    }

    /// Settles a number in two buffers after two looks, in a file that has `third`: index byte and buffers.
    fn number(first: [u8; 3], second: [u8; 3], third: [u8; 3]) -> (Option<usize>, [u8; 2]) {
        let head = [&b"\x01"[..], &1_u16.to_ne_bytes(), b"n", &1_u16.to_ne_bytes(), b"B"].concat();
        let file = tempfile::tempfile().unwrap();
        let mut looks = [first, second, third].map(|values| {
            file.write_all_at(&[&head[..], &values, &[0; 5]].concat(), 0).unwrap();
            let mut pages = Pages::default();
            pages.read(&file, head.len() + 3).unwrap();
            pages
        });
        let record = v1::field(looks[0].bytes(), 1).unwrap().unwrap();
        let [first, second, _] = &mut looks;
        let settled = settle(&file, &record, first, second, &mut Later::default()).unwrap();
        (settled, first.bytes()[record.index_at + 1..record.end].try_into().unwrap())
    }

    #[test]
    fn a_number_is_of_the_second_look_where_three_are_needed() {
        // The first look's value may be older than its index: what was there before the last update.
        assert_eq!(number([1, 5, 6], [1, 7, 6], [1, 9, 8]), (Some(0), [7, 6]));
        // Overwritten since, so published before.
        assert_eq!(number([1, 5, 6], [0, 7, 6], [0, 9, 8]), (Some(0), [7, 6]));
        // Perhaps not published yet: the second look's index names the other one, and that stays.
        assert_eq!(number([1, 5, 6], [0, 7, 6], [0, 7, 6]), (Some(1), [7, 6]));
    }
}
