//! Which of a field's values counts, after two looks or more.

use std::fs::File;

use super::pages::{ALIGNMENT, Pages};
use crate::layout::Record;
use crate::typecode::Kind;

/// How often a value is looked at before it is called unstable.
const LOOKS: usize = 1000;
/// How many bytes of a file may be read again for that.
const LOOKS_BYTES: usize = 64 * 1024 * 1024;
/// How many looks in a row must agree on text that its writer had no room to count. Each may catch the same
/// part of another update, where texts repeat at full speed: two do once in some hundred reads then.
pub(super) const LOOKS_AT_UNCOUNTED: usize = 8;

/// Finds the buffer of a field whose value counts after two looks, or more, and leaves its bytes in
/// `first`. `None`: no look could tell. `spent` is how many bytes were read again for that so far.
pub(crate) fn settle(
    file: &File,
    record: &Record,
    first: &mut Pages,
    second: &mut Pages,
    spent: &mut usize,
) -> std::io::Result<Option<usize>> {
    let values = record.index_at..record.end;
    // Where an earlier field was looked at again, its pages in `second` are newer than those behind them. A
    // field that stands on both must be read anew, in one forward copy: with a new head and an old tail it
    // could agree with a first look that saw it half written.
    let crosses = values.start / ALIGNMENT != (values.end - 1) / ALIGNMENT;
    if crosses && *spent > 0 && !second.read_again(file, values.clone())? {
        return Ok(None);
    }
    let mut alike = 1;
    for _ in 0..LOOKS {
        alike = if counts(record, first.bytes(), second.bytes()) { alike + 1 } else { 1 };
        if alike >= if is_uncounted(record, first.bytes()) { LOOKS_AT_UNCOUNTED } else { 2 } {
            return Ok(Some(record.current(first.bytes())));
        }
        // Once more, this field's pages alone, against the time before.
        first.bytes_mut()[values.clone()].copy_from_slice(&second.bytes()[values.clone()]);
        *spent += values.len().next_multiple_of(ALIGNMENT);
        if *spent > LOOKS_BYTES || !second.read_again(file, values.clone())? {
            break;
        }
    }
    Ok(None)
}

/// Whether the value that `first` says is current is one that its writer has published: see the top of
/// `read.rs`.
fn counts(record: &Record, first: &[u8], second: &[u8]) -> bool {
    let buffer = record.current(first);
    let at = record.value_at(buffer);
    let value = at..at + record.shape.size;
    let same_buffer = buffer == record.current(second);
    let same_bytes = || first[value.clone()] == second[value.clone()];
    if record.shape.loads_at_once(at) { same_buffer || !same_bytes() } else { same_buffer && same_bytes() }
}

/// Whether it is text in two buffers that leaves no room for a count of its updates, five bytes.
pub(super) fn is_uncounted(record: &Record, bytes: &[u8]) -> bool {
    if !record.buffered || record.shape.first.kind != Kind::Text {
        return false;
    }
    let value = &bytes[record.value_at(record.current(bytes))..][..record.shape.size];
    !value[..record.shape.size.saturating_sub(4)].contains(&0)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::*;
    use crate::layout;

    /// A text of 8 bytes whose second buffer begins two bytes before the second page, as a file.
    fn crossing() -> (Vec<u8>, Record) {
        let mut bytes = vec![0; 2 * ALIGNMENT];
        bytes[0] = 1;
        let label_len = ALIGNMENT - 2 - 8 - 1 - 2 - 2 - 2 - 1;
        bytes[1..3].copy_from_slice(&u16::try_from(label_len).unwrap().to_ne_bytes());
        bytes[3..3 + label_len].fill(b'l');
        bytes[3 + label_len..5 + label_len].copy_from_slice(&2_u16.to_ne_bytes());
        bytes[5 + label_len..7 + label_len].copy_from_slice(b"8s");
        let record = layout::field(&bytes, 1).unwrap().unwrap();
        assert_eq!(record.value_at(1), ALIGNMENT - 2);
        (bytes, record)
    }

    #[test]
    fn text_without_a_count_is_looked_at_more_often() {
        let (mut bytes, record) = crossing();
        let value = record.value_at(1)..record.end;
        for (text, pages) in [(b"abc\0\x01\0\0\0", 0), (b"abcd\0\0\0\0", 2 * 6), (b"abcdefgh", 2 * 6)] {
            bytes[value.clone()].copy_from_slice(text);
            let file = tempfile::tempfile().unwrap();
            file.write_all_at(&bytes, 0).unwrap();
            let (mut first, mut second) = (Pages::default(), Pages::default());
            first.read(&file, record.end).unwrap();
            second.read(&file, record.end).unwrap();
            let mut spent = 0;
            assert_eq!(settle(&file, &record, &mut first, &mut second, &mut spent).unwrap(), Some(1));
            assert_eq!(spent.div_ceil(ALIGNMENT), pages / 2, "{text:?}");
        }
    }

    #[test]
    fn a_tail_that_is_older_than_its_head_is_read_again() {
        let (mut bytes, record) = crossing();
        let value = record.value_at(1)..record.end;
        let file = tempfile::tempfile().unwrap();
        let (mut first, mut second) = (Pages::default(), Pages::default());
        // Caught in the first look with the update half done; so was the second page in the second look.
        bytes[value.clone()].copy_from_slice(b"ne\0n\0old");
        file.write_all_at(&bytes, 0).unwrap();
        first.read(&file, record.end).unwrap();
        second.read(&file, record.end).unwrap();
        // Done by now, and the first page was read since for another field.
        bytes[value.clone()].copy_from_slice(b"ne\0new!!");
        file.write_all_at(&bytes, 0).unwrap();
        assert!(second.read_again(&file, 0..ALIGNMENT).unwrap());
        let settled = settle(&file, &record, &mut first, &mut second, &mut 1).unwrap();
        assert_eq!(settled, Some(1));
        assert_eq!(&first.bytes()[value], b"ne\0new!!");
    }
}
