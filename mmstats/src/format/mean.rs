//! A sum and a count that belong together: two copies, each with a check.
//!
//! ```text
//! 0         8         16        24        32        40        48
//! +---------+---------+---------+---------+---------+---------+
//! | f64 sum | u64     | u64     | f64 sum | u64     | u64     |
//! |         | count   | check   |         | count   | check   |
//! +---------+---------+---------+---------+---------+---------+
//!  copy 0                        copy 1
//! ```
//!
//! A writer fills the two in turn.

use super::What;
use super::bytes::{double, of_words, word};
use super::kind::DataType;

/// The size of a value, in bytes.
pub const SIZE: usize = 2 * COPY;
/// The size of one copy.
pub const COPY: usize = 24;
/// What a count is multiplied with in a check.
pub const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

/// What was added up, and how often.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mean {
    /// The sum.
    pub sum: f64,
    /// How many numbers are in it.
    pub count: u64,
}

impl Mean {
    /// The arithmetic mean, or `None` of nothing.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        #[allow(clippy::cast_precision_loss)]
        (self.count > 0).then(|| self.sum / self.count as f64)
    }

    /// Adds what another has.
    pub fn merge(&mut self, other: &Self) {
        self.sum += other.sum;
        self.count = self.count.saturating_add(other.count);
    }

    /// The third word of a copy. A copy of nothing is all zeros.
    #[must_use]
    pub fn check(&self) -> u64 {
        self.sum.to_bits() ^ self.count.wrapping_mul(FACTOR)
    }

    /// One copy.
    #[must_use]
    pub fn encode_copy(&self) -> Vec<u8> {
        of_words(&[self.sum.to_bits(), self.count, self.check()])
    }

    /// A value that holds this in copy 0, and nothing in copy 1.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.encode_copy();
        bytes.resize(SIZE, 0);
        bytes
    }

    /// A copy, if its check agrees.
    fn decode(copy: &[u8]) -> Option<Self> {
        let mean = Self { sum: double(copy, 0), count: word(copy, 8) };
        (mean.check() == word(copy, 16)).then_some(mean)
    }
}

/// The sum and the count, by two looks at the value, or `None` if it changed meanwhile: look again, the
/// second look taking the place of the first.
///
/// In the second look a copy counts if its check agrees; of two, the one with the greater count. One alone may
/// be older than what a reader saw before: while the other was written twice, this one was loaded first. So it
/// counts only if the other did not agree in the first look either: then that one was being written when the
/// second look began, and all updates before were there.
///
/// # Errors
/// If the value has another size.
pub fn read([before, now]: [&[u8]; 2]) -> Result<Option<Mean>, What> {
    if now.len() != SIZE {
        return Err(What::ValueSize(DataType::Mean, now.len()));
    }
    Ok(newest(before, now, COPY, Mean::decode, |a, b| a.count >= b.count))
}

/// What is current of two copies of `size` bytes that are written in turn; [`super::window`] has such, too.
pub(super) fn newest<T>(
    before: &[u8],
    now: &[u8],
    size: usize,
    decode: impl Fn(&[u8]) -> Option<T>,
    is_newer: impl Fn(&T, &T) -> bool,
) -> Option<T> {
    let copies = |look| <[u8]>::split_at_checked(look, size);
    let (first, second) = copies(now)?;
    let (first_before, second_before) = copies(before)?;
    match (decode(first), decode(second)) {
        (Some(first), Some(second)) => Some(if is_newer(&first, &second) { first } else { second }),
        (Some(alone), None) => decode(second_before).is_none().then_some(alone),
        (None, Some(alone)) => decode(first_before).is_none().then_some(alone),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(one: Mean, two: Mean) -> Vec<u8> {
        [one.encode_copy(), two.encode_copy()].concat()
    }

    const OLD: Mean = Mean { sum: 1.5, count: 1 };
    const NEW: Mean = Mean { sum: -2.5, count: 2 };

    #[test]
    fn the_copy_with_more_in_it_is_current() {
        for value in [value(OLD, NEW), value(NEW, OLD)] {
            assert_eq!(read([&value, &value]), Ok(Some(NEW)));
        }
        assert_eq!(read([&[0; SIZE], &[0; SIZE]]), Ok(Some(Mean::default())), "zeros are an empty mean");
        assert_eq!(read([&[0; SIZE], &NEW.encode()]), Ok(Some(NEW)));
        assert_eq!(read([&[0; 40], &[0; 40]]), Err(What::ValueSize(DataType::Mean, 40)));
    }

    #[test]
    fn a_copy_alone_counts_only_if_its_writer_pauses() {
        let whole = value(OLD, NEW);
        for place in [0, 8, 16] {
            let mut half = whole.clone();
            half[place..place + 8].copy_from_slice(&77_u64.to_ne_bytes());
            assert_eq!(read([&whole, &half]), Ok(None), "the other copy was whole before");
            assert_eq!(read([&half, &half]), Ok(Some(NEW)), "a writer that stops in the middle does no harm");
        }
        let mut half = whole.clone();
        half[0] ^= 1;
        let mut other_half = whole.clone();
        other_half[24] ^= 1;
        assert_eq!(read([&other_half, &half]), Ok(None), "it was the other copy that did not agree before");
        half[24] ^= 1;
        assert_eq!(read([&half, &half]), Ok(None), "none agrees");
    }

    #[test]
    fn a_mean_of_nothing_is_none() {
        assert_eq!(Mean::default().mean(), None);
        let mut sum = OLD;
        sum.merge(&Mean { sum: 2.5, count: 3 });
        assert_eq!(sum.mean(), Some(1.0));
    }
}
