//! The last N numbers: a ring of N + 1 places, and how many were ever added.
//!
//! ```text
//! 0          8                                   8 * (N + 2)
//! +----------+---------+---------+--- - - -+---------+
//! | u64 next | f64     | f64     |         | f64     |
//! |          | place 0 | place 1 |         | place N |
//! +----------+---------+---------+--- - - -+---------+
//! ```
//!
//! The numbers are counted from 0; number i is in place i mod (N + 1). A writer stores the number, then
//! `next`. The place that is written next is never one of the last N, so these can be read meanwhile.

use std::ops::Range;

use super::What;
use super::bytes::{double, of_words, word};
use super::kind::DataType;

/// The size of a value that keeps `n` numbers.
#[must_use]
pub fn size(n: usize) -> usize {
    8 * (n + 2)
}

/// Where number `index` lies in a value that keeps `n`.
#[must_use]
pub fn place_at(index: u64, n: usize) -> usize {
    // The remainder is at most `n`.
    #[allow(clippy::cast_possible_truncation)]
    let place = (index % (n as u64 + 1)) as usize;
    8 + 8 * place
}

/// A value that keeps `n` numbers and was given these, one after the other.
#[must_use]
pub fn encode(numbers: &[f64], n: usize) -> Vec<u8> {
    let mut words = vec![0; n + 2];
    words[0] = numbers.len() as u64;
    for (index, number) in (0..).zip(numbers) {
        words[place_at(index, n) / 8] = number.to_bits();
    }
    of_words(&words)
}

/// How many numbers the value keeps.
///
/// # Errors
/// If no such value has this size.
pub fn kept(value: &[u8]) -> Result<usize, What> {
    if value.len() < size(1) || value.len() % 8 != 0 {
        return Err(What::ValueSize(DataType::Recent, value.len()));
    }
    Ok(value.len() / 8 - 2)
}

/// What was added last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recent {
    /// How many numbers were added before the first of these.
    pub first: u64,
    /// The numbers, in the order in which they were added; N of them, or fewer if there are no more, or if
    /// some were lost to the writer while they were read.
    pub numbers: Vec<f64>,
}

/// The last numbers, by three looks at the value, or `None` if all of them were overwritten meanwhile: look
/// again, the second look taking the place of the first.
///
/// # Errors
/// If no such value has this size.
pub fn read(looks: [&[u8]; 3]) -> Result<Option<Recent>, What> {
    let Some(range) = range(looks)? else { return Ok(None) };
    Ok(Some(Recent { first: range.start, numbers: numbers(looks[1], range).collect() }))
}

/// Which numbers the second of three looks has, counted from 0 on; otherwise as [`read`].
///
/// What `next` counts in the first look is in its place in the second, and what the third says is about to
/// be overwritten is the first that the second may have seen overwritten.
///
/// # Errors
/// If no such value has this size.
pub fn range([before, numbers, after]: [&[u8]; 3]) -> Result<Option<Range<u64>>, What> {
    let n = kept(numbers)?;
    let (end, next) = (word(before, 0), word(after, 0));
    let first = next.saturating_sub(n as u64);
    // A counter that ran backwards is none that this writer stored.
    if end > next || (first >= end && next > 0) {
        return Ok(None);
    }
    Ok(Some(first..end))
}

/// The numbers of a look that were found to be right in it.
pub fn numbers(value: &[u8], range: Range<u64>) -> impl DoubleEndedIterator<Item = f64> + '_ {
    let n = kept(value).unwrap_or(1);
    range.map(move |index| double(value, place_at(index, n)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_numbers_are_read_back() {
        for count in 0..12_u32 {
            let added: Vec<_> = (0..count).map(f64::from).collect();
            let value = encode(&added, 4);
            assert_eq!(value.len(), size(4));
            let first = added.len().saturating_sub(4);
            let want = Recent { first: first as u64, numbers: added[first..].to_vec() };
            assert_eq!(read([&value; 3]), Ok(Some(want)), "{count}");
        }
    }

    #[test]
    fn what_may_have_been_overwritten_is_left_out() {
        let look = |count: u32| encode(&(0..count).map(f64::from).collect::<Vec<_>>(), 4);
        let want = Recent { first: 4, numbers: vec![4.0, 5.0] };
        assert_eq!(read([&look(6), &look(7), &look(8)]), Ok(Some(want)));
        assert_eq!(read([&look(6), &look(7), &look(10)]), Ok(None));
        assert_eq!(read([&look(8), &look(7), &look(6)]), Ok(None));
    }

    #[test]
    fn sizes_that_cannot_be_are_said() {
        for size in [0, 8, 16, 23, 25] {
            let value = vec![0; size];
            assert_eq!(read([&value; 3]), Err(What::ValueSize(DataType::Recent, size)));
        }
        let mut value = encode(&[1.0], 1);
        value[..8].fill(0xff);
        assert_eq!(read([&value; 3]).unwrap().unwrap().numbers.len(), 1);
    }
}
