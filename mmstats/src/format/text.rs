//! Text that changes: two copies, and a number that says how often it was set.
//!
//! ```text
//! 0          4           8         12    16            16+C8     20+C8  24+C8
//! +----------+-----------+---------+-----+-------------+---------+------+-------------+
//! | u32      | u32       | u32     | u32 | C bytes,    | u32     | u32  | C bytes,    |
//! | settings | capacity  | length  | 0   | zeros up to | length  | 0    | zeros up to |
//! |          | C         | copy 0  |     | C8          | copy 1  |      | C8          |
//! +----------+-----------+---------+-----+-------------+---------+------+-------------+
//! ```
//!
//! `C8` is `C`, rounded up to a multiple of 8. The lowest bit of `settings` names the copy that is current. A
//! writer fills the other one and then stores `settings + 1`.

use std::ops::Range;

use super::What;
use super::bytes::{size as wide, u32_at};
use super::kind::DataType;

/// Where the first copy begins.
const COPIES: usize = 8;
/// What comes before the bytes in a copy.
const COPY_HEAD: usize = 8;

/// The size of a value with room for `capacity` bytes.
#[must_use]
pub fn size(capacity: usize) -> usize {
    COPIES + 2 * copy_size(capacity)
}

/// Where copy 0 or 1 begins in the value.
#[must_use]
pub fn copy_at(which: usize, capacity: usize) -> usize {
    COPIES + which * copy_size(capacity)
}

fn copy_size(capacity: usize) -> usize {
    COPY_HEAD + capacity.next_multiple_of(8)
}

/// `text`, cut between two characters if it has more than `capacity` bytes.
#[must_use]
pub fn cut(text: &str, capacity: usize) -> &str {
    let mut end = text.len().min(capacity);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// One copy: the length, and the text, cut where it is too long. Whatever was in the copy after that may stay.
#[must_use]
pub fn encode_copy(text: &str, capacity: usize) -> Vec<u8> {
    let text = cut(text, capacity);
    // Longer than 4 GiB it cannot be: the capacity has 32 bits.
    #[allow(clippy::cast_possible_truncation)]
    let mut bytes = (text.len() as u32).to_ne_bytes().to_vec();
    bytes.extend([0; 4]);
    bytes.extend(text.as_bytes());
    bytes
}

/// A value that was never set again: `settings` is 0, and copy 0 holds the text.
#[must_use]
pub fn encode(text: &str, capacity: u32) -> Vec<u8> {
    let mut bytes = vec![0; 4];
    bytes.extend(capacity.to_ne_bytes());
    bytes.extend(encode_copy(text, wide(capacity)));
    bytes.resize(size(wide(capacity)), 0);
    bytes
}

/// How many bytes there is room for. It never changes.
///
/// # Errors
/// If the value does not have the size that follows from it.
pub fn capacity(value: &[u8]) -> Result<usize, What> {
    let fits = u32_at(value, 4).map(wide).filter(|&capacity| {
        // In 64 bits, for the file may say anything.
        COPIES as u64 + 2 * (COPY_HEAD as u64 + (capacity as u64).next_multiple_of(8)) == value.len() as u64
    });
    fits.ok_or(What::ValueSize(DataType::Text, value.len()))
}

/// The text, by three looks at the value, or `None` if it was set meanwhile: look again, the second look
/// taking the place of the first.
///
/// # Errors
/// If the value has another size than its capacity asks for, or the text is longer than that.
pub fn read(looks: [&[u8]; 3]) -> Result<Option<&[u8]>, What> {
    Ok(range(looks)?.and_then(|range| looks[1].get(range)))
}

/// Where the second of three looks has the text; otherwise as [`read`].
///
/// The first look says which copy is current, the second has the text, and the third says that the copy is
/// current still. A writer touches a copy that was current only after `settings` says something else, so all
/// of the second look's text is of one setting, in whatever order it was loaded.
///
/// # Errors
/// As [`read`].
pub fn range([before, text, after]: [&[u8]; 3]) -> Result<Option<Range<usize>>, What> {
    let capacity = capacity(text)?;
    let settings = u32_at(before, 0).unwrap_or(0);
    if u32_at(after, 0) != Some(settings) {
        return Ok(None);
    }
    let at = copy_at((settings & 1) as usize, capacity);
    let length = u32_at(text, at).unwrap_or(0);
    if wide(length) > capacity {
        #[allow(clippy::cast_possible_truncation)]
        return Err(What::TextLength { length, capacity: capacity as u32 });
    }
    Ok(Some(at + COPY_HEAD..at + COPY_HEAD + wide(length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_text_is_read_back() {
        for (text, capacity, shown) in
            [("", 0, ""), ("a", 1, "a"), ("grün", 3, "gr"), ("grün", 4, "grü"), ("eight by", 8, "eight by")]
        {
            let value = encode(text, capacity);
            assert_eq!(value.len(), size(capacity as usize));
            assert_eq!(read([&value; 3]), Ok(Some(shown.as_bytes())), "{text} in {capacity}");
        }
    }

    #[test]
    fn only_a_text_that_stayed_current_counts() {
        let mut first = encode("first", 8);
        first[copy_at(1, 8)..][..14].copy_from_slice(&encode_copy("second", 8));
        let mut second = first.clone();
        second[..4].copy_from_slice(&1_u32.to_ne_bytes());
        assert_eq!(read([&first, &first, &second]), Ok(None));
        assert_eq!(read([&first, &second, &second]), Ok(None));
        assert_eq!(read([&second, &second, &first]), Ok(None));
        assert_eq!(read([&second, &first, &second]), Ok(Some(&b"second"[..])));
    }

    #[test]
    fn what_cannot_be_is_said() {
        let mut value = encode("text", 16);
        assert_eq!(capacity(&value[..16]), Err(What::ValueSize(DataType::Text, 16)));
        assert_eq!(capacity(&[]), Err(What::ValueSize(DataType::Text, 0)));
        value[8..12].copy_from_slice(&17_u32.to_ne_bytes());
        assert_eq!(read([&value; 3]), Err(What::TextLength { length: 17, capacity: 16 }));
        value[4..8].fill(0xff);
        assert!(read([&value; 3]).is_err());
    }
}
