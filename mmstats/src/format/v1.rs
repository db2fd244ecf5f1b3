//! The version 1 file as pure functions over bytes: no I/O, no state.
//!
//! ```text
//!  0   1                                                                     page size
//! +---+---------+---------+---------+-------+-----------------+-----+-----+--- - - -+
//! | 1 | field   | field   | field   | ...   |  0 0  (the end) |  0  |  0  |         |
//! +---+---------+---------+---------+-------+-----------------+-----+-----+--- - - -+
//!
//! one field, packed, numbers in the machine's byte order:
//! +--------------+---------+-------------+--------+----------------+------------+------------+
//! | u16          | bytes   | u16         | bytes  | u8             | one value  | a second   |
//! | label size L | label   | type size T | type   | write buffer   | of S bytes | if w is    |
//! |              | (UTF-8) |             |        | w: 0, 1, 0xff  |            | not 0xff   |
//! +--------------+---------+-------------+--------+----------------+------------+------------+
//! 0              2         2+L           4+L      4+L+T            5+L+T        5+L+T+S
//! ```
//!
//! `w` is the buffer that is not current, which a writer of text fills next; a reader takes the other one,
//! `buffers[w ^ 1]`.
//! `0xff` says that there is one value only. The list ends at a label size of 0 or at the file's end.

use crate::format::type_code::{BadCode, ValueShape};

/// The first byte of a file in this format.
pub const VERSION: u8 = 1;
/// The write buffer byte of a field with one value.
pub const UNBUFFERED: u8 = 0xff;
/// Where the first field begins.
pub const FIRST_FIELD: usize = 1;
/// The longest label and the longest type code, in bytes: their sizes are `u16`.
pub const LONGEST: usize = u16::MAX as usize;
/// Bytes that the processor moves between caches at once. A field's index and its buffers share one.
const CACHE_LINE: usize = 64;

/// Where the parts of one field lie. All offsets are from the file's beginning, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// The label size, and so the field, begins here.
    pub at: usize,
    /// Length of the label, which begins at `at + 2`.
    pub label_len: usize,
    /// Length of the type code, which ends at `index_at`.
    pub code_len: usize,
    /// The write buffer byte. The first (or only) value follows it.
    pub index_at: usize,
    /// What one value looks like.
    pub shape: ValueShape,
    /// Whether there are two values.
    pub buffered: bool,
    /// The next field begins here.
    pub end: usize,
}

impl Record {
    /// The label's bytes.
    #[must_use]
    pub fn label<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[self.at + 2..][..self.label_len]
    }

    /// The type code's bytes, white space included.
    #[must_use]
    pub fn code<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[self.index_at - self.code_len..self.index_at]
    }

    /// Where value 0 or 1 begins.
    #[must_use]
    pub fn value_at(&self, buffer: usize) -> usize {
        self.index_at + 1 + buffer * self.shape.size
    }

    /// Whether a field like this one may have such a write buffer byte.
    #[must_use]
    pub(crate) fn fits(&self, index: u8) -> bool {
        if self.buffered { index <= 1 } else { index == UNBUFFERED }
    }

    /// Which value a reader takes, by the write buffer byte in `bytes`.
    #[must_use]
    pub fn current(&self, bytes: &[u8]) -> usize {
        if self.buffered { usize::from(bytes[self.index_at] ^ 1) & 1 } else { 0 }
    }
}

/// Why the list of fields cannot be followed further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// `part` of a field would end at byte `end`, and the bytes stop before.
    Short {
        /// `label`, `type` and so on.
        part: &'static str,
        /// How many bytes the file would need.
        end: usize,
    },
    /// The type code makes no sense.
    Code(BadCode),
    /// The write buffer byte is neither 0, 1 nor 0xff.
    Index(u8),
}

impl std::fmt::Display for Defect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Short { part, end } => {
                write!(f, "truncated: the {part} would end at byte {end}")
            }
            Self::Code(bad) => bad.fmt(f),
            Self::Index(index) => write!(f, "write buffer {index} is neither 0, 1 nor 255"),
        }
    }
}

/// Reads the field at `at`. `None` is the end of the list.
///
/// # Errors
/// [`Defect`]; with [`Defect::Short`], more bytes may mend it if the file has them.
pub fn field(bytes: &[u8], at: usize) -> Result<Option<Record>, Defect> {
    let rest = bytes.get(at..).unwrap_or_default();
    // One zero byte before the end of the file is an end, too: the original takes it so.
    if matches!(rest, [] | [0] | [0, 0, ..]) {
        return Ok(None);
    }
    let label_len = usize::from(size_at(bytes, at, "label size")?);
    let code_size_at = at + 2 + label_len;
    within(bytes, code_size_at, "label")?;
    let code_len = usize::from(size_at(bytes, code_size_at, "type size")?);
    let index_at = code_size_at + 2 + code_len;
    within(bytes, index_at, "type")?;
    let shape = ValueShape::parse(&bytes[index_at - code_len..index_at]).map_err(Defect::Code)?;
    within(bytes, index_at + 1, "write buffer")?;
    let buffered = match bytes[index_at] {
        0 | 1 => true,
        UNBUFFERED => false,
        other => return Err(Defect::Index(other)),
    };
    let end = index_at + 1 + shape.size * (1 + usize::from(buffered));
    within(bytes, end, "value")?;
    Ok(Some(Record { at, label_len, code_len, index_at, shape, buffered, end }))
}

fn within(bytes: &[u8], end: usize, part: &'static str) -> Result<(), Defect> {
    if end <= bytes.len() { Ok(()) } else { Err(Defect::Short { part, end }) }
}

fn size_at(bytes: &[u8], at: usize, part: &'static str) -> Result<u16, Defect> {
    match bytes.get(at..at + 2) {
        Some(&[low, high]) => Ok(u16::from_ne_bytes([low, high])),
        _ => Err(Defect::Short { part, end: at + 2 }),
    }
}

/// How a writer lays out one field: see [`place`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The field begins here.
    pub at: usize,
    /// White space before the type code.
    pub pad: usize,
    /// The write buffer byte.
    pub index_at: usize,
    /// The next field begins here. Even, so that its label size can be published in one store.
    pub end: usize,
}

/// Finds the least white space that puts a value of `size` bytes, once or twice, where it belongs:
///
/// - a number (`align` above 1) on its natural boundary, index and both buffers in one cache line, so
///   that an update touches one line and a value never lies across two pages;
/// - the end of the field on an even offset, so that the next label size is one atomic store.
///
/// `None` where no amount of white space does that, as where the end is beyond what a `usize` counts.
#[must_use]
pub fn place(
    at: usize,
    label: &str,
    code: &str,
    size: usize,
    align: usize,
    buffered: bool,
) -> Option<Placement> {
    let total = size.checked_mul(1 + usize::from(buffered))?;
    let first = at.checked_add(label.len())?.checked_add(code.len())?.checked_add(4)?;
    // What is not found by then repeats itself.
    let most = align.checked_mul(2)?.max(2).checked_mul(CACHE_LINE)?;
    (0..most).find_map(|pad| {
        let index_at = first.checked_add(pad)?;
        let value_at = index_at.checked_add(1)?;
        let end = value_at.checked_add(total)?;
        let one_line = align == 1 || index_at / CACHE_LINE == (end - 1) / CACHE_LINE || !buffered;
        let fits = value_at.checked_rem(align)? == 0 && one_line && end % 2 == 0;
        fits.then_some(Placement { at, pad, index_at, end })
    })
}

/// The bytes of a field up to its write buffer byte, with 0 in place of the label size: that is
/// stored last, and publishes the rest.
#[must_use]
pub fn head(place: &Placement, label: &str, code: &str, buffered: bool) -> Vec<u8> {
    let mut head = Vec::with_capacity(place.index_at + 1 - place.at);
    head.extend([0, 0]);
    head.extend(label.as_bytes());
    // `place` is given labels and codes that fit: the builder refuses longer ones.
    #[allow(clippy::cast_possible_truncation)]
    head.extend(((place.pad + code.len()) as u16).to_ne_bytes());
    head.resize(head.len() + place.pad, b' ');
    head.extend(code.as_bytes());
    head.push(if buffered { 0 } else { UNBUFFERED });
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(label: &str, code: &str, index: u8, values: &[u8]) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(u16::try_from(label.len()).unwrap().to_ne_bytes());
        bytes.extend(label.as_bytes());
        bytes.extend(u16::try_from(code.len()).unwrap().to_ne_bytes());
        bytes.extend(code.as_bytes());
        bytes.push(index);
        bytes.extend(values);
        bytes
    }

    #[test]
    fn a_field_is_taken_apart() {
        let bytes = encode("ab", " H", 1, &[1, 0, 2, 0]);
        let record = field(&bytes, 1).unwrap().unwrap();
        assert_eq!(record.label(&bytes), b"ab");
        assert_eq!(record.code(&bytes), b" H");
        assert_eq!((record.index_at, record.value_at(0), record.value_at(1)), (9, 10, 12));
        assert_eq!(record.current(&bytes), 0);
        assert_eq!(record.end, bytes.len());
        assert_eq!(field(&bytes, record.end), Ok(None));
    }

    #[test]
    fn the_list_ends_at_zero_or_at_the_end_of_the_file() {
        for bytes in [&[1][..], &[1, 0], &[1, 0, 0], &[1, 0, 0, 7]] {
            assert_eq!(field(bytes, 1), Ok(None), "{bytes:?}");
        }
        assert_eq!(field(&[], 1), Ok(None));
        assert!(matches!(field(&[1, 7], 1), Err(Defect::Short { part: "label size", end: 3 })));
    }

    #[test]
    fn every_truncation_names_the_part_that_is_missing() {
        let whole = encode("label", "Q", 0, &[0; 16]);
        for cut in 3..whole.len() {
            let want = match cut {
                3..8 => "label",
                8..10 => "type size",
                10 => "type",
                11 => "write buffer",
                _ => "value",
            };
            match field(&whole[..cut], 1) {
                Err(Defect::Short { part, .. }) => assert_eq!(part, want, "cut at {cut}"),
                other => panic!("cut at {cut}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_strange_index_is_a_defect() {
        assert_eq!(field(&encode("a", "B", 2, &[0; 9]), 1), Err(Defect::Index(2)));
    }

    #[test]
    fn what_has_no_place_is_refused() {
        let try_place = |at, size, align, buffered| place(at, "label", "code", size, align, buffered);
        assert!(try_place(usize::MAX - 20, 8, 8, false).is_none());
        assert!(try_place(1, usize::MAX, 1, false).is_none());
        assert!(try_place(1, usize::MAX / 2 + 1, 1, true).is_none());
        assert!(try_place(1, 64, 8, true).is_none(), "two of them are more than a cache line");
        assert!(try_place(1, 3, 0, false).is_none());
        assert!(try_place(1, usize::MAX / 2 - 40, 1, true).is_some());
    }

    #[test]
    fn places_are_aligned_in_one_line_and_end_even() {
        for at in (1..200).filter(|at| *at == 1 || at % 2 == 0) {
            for label in ["a", "ab", "abc", "a.much.longer.label.with.an.odd.length"] {
                for (code, size, buffered) in [
                    ("Q", 8, true),
                    ("I", 4, true),
                    ("H", 2, true),
                    ("d", 8, false),
                    ("b", 1, false),
                    ("?", 1, false),
                ] {
                    let place = place(at, label, code, size, size, buffered).unwrap();
                    let head = head(&place, label, code, buffered);
                    assert_eq!(head.len(), place.index_at + 1 - at);
                    assert_eq!((place.index_at + 1) % size, 0);
                    assert_eq!(place.end % 2, 0);
                    if buffered {
                        assert_eq!(place.index_at / 64, (place.end - 1) / 64);
                    }
                    let mut bytes = vec![0; at];
                    bytes.extend(&head);
                    bytes[at..at + 2].copy_from_slice(&u16::try_from(label.len()).unwrap().to_ne_bytes());
                    bytes.resize(place.end, 0);
                    let record = field(&bytes, at).unwrap().unwrap();
                    assert_eq!(record.label(&bytes), label.as_bytes());
                    assert_eq!((record.index_at, record.end), (place.index_at, place.end));
                }
            }
        }
    }
}
