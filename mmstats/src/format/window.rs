//! What was seen in the last N seconds: one slot per second, so that a value ages while its writer is idle.
//!
//! ```text
//! 0      4     8                48               88       88 + 40 * N
//! +------+-----+----------------+----------------+--- - - - ---+
//! | u32  | u32 | slot: current  | slot: current  | ring of     |
//! | N    | 0   | second, copy 0 | second, copy 1 | N slots     |
//! +------+-----+----------------+----------------+--- - - - ---+
//!
//! slot: u64 stamp, f64 sum, u64 count, f64 max, u64 check
//! ```
//!
//! A stamp is seconds of `CLOCK_MONOTONIC`, plus 1; 0 says that the slot is empty. A writer fills the two
//! copies in turn. When a second is over it stores what it has of that into the ring, at stamp mod N, and then
//! begins the new second in the copy whose turn it is.

use std::time::Duration;

use super::What;
use super::bytes::{double, of_words, size as wide, u32_at, word};
use super::kind::DataType;
use super::mean::{FACTOR, newest};

/// The size of a slot, in bytes.
pub const SLOT: usize = 40;
/// Where the first copy of the current second begins.
pub const COPIES: usize = 8;
/// Where the ring begins.
pub const RING: usize = COPIES + 2 * SLOT;
/// What the stamp is multiplied with in a check.
pub const STAMP_FACTOR: u64 = 0xC2B2_AE3D_27D4_EB4F;
/// What the greatest number is multiplied with in a check.
pub const MAX_FACTOR: u64 = 0xD6E8_FEB8_6659_FD93;

/// The size of a value of this many seconds.
#[must_use]
pub fn size(seconds: usize) -> usize {
    RING + SLOT * seconds
}

/// Where the ring has the slot for `stamp`, in a value of this many seconds.
///
/// # Panics
/// If `seconds` is 0.
#[must_use]
pub fn slot_at(stamp: u64, seconds: u32) -> usize {
    // The remainder is less than 2^32.
    #[allow(clippy::cast_possible_truncation)]
    let place = (stamp % u64::from(seconds)) as usize;
    RING + SLOT * place
}

/// The stamp of the second in which the clock says this.
#[must_use]
pub fn stamp(now: Duration) -> u64 {
    now.as_secs().saturating_add(1)
}

/// What was seen in one second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Slot {
    /// Which second, plus 1; 0 for none.
    pub stamp: u64,
    /// The sum of what was seen.
    pub sum: f64,
    /// How much was seen.
    pub count: u64,
    /// The greatest number seen. Means nothing where `count` is 0.
    pub max: f64,
}

impl Slot {
    /// The fifth word of a slot. An empty slot is all zeros.
    ///
    /// Each word is spread over other bits than its neighbours: a stamp that was not multiplied would differ
    /// from the one before by as few bits as a sum that doubles, and one could hide the other.
    #[inline(always)]
    #[must_use]
    pub fn check(&self) -> u64 {
        self.stamp.wrapping_mul(STAMP_FACTOR)
            ^ self.sum.to_bits().rotate_left(13)
            ^ self.count.wrapping_mul(FACTOR)
            ^ self.max.to_bits().rotate_left(29).wrapping_mul(MAX_FACTOR)
    }

    /// The five words of a slot.
    #[must_use]
    pub fn words(&self) -> [u64; 5] {
        [self.stamp, self.sum.to_bits(), self.count, self.max.to_bits(), self.check()]
    }

    /// Adds a number that was seen in the same second.
    pub fn add(&mut self, number: f64) {
        self.sum += number;
        self.max = if self.count == 0 { number } else { self.max.max(number) };
        self.count += 1;
    }

    /// A slot, if its check agrees.
    fn decode(slot: &[u8]) -> Option<Self> {
        let found =
            Self { stamp: word(slot, 0), sum: double(slot, 8), count: word(slot, 16), max: double(slot, 24) };
        (found.check() == word(slot, 32)).then_some(found)
    }

    fn is_newer(&self, other: &Self) -> bool {
        (self.stamp, self.count) >= (other.stamp, other.count)
    }
}

/// A value with these seconds in it, each at another stamp, in the order of their stamps: the last is the
/// current one.
///
/// # Panics
/// If `seconds` is 0.
#[must_use]
pub fn encode(slots: &[Slot], seconds: u32) -> Vec<u8> {
    let mut bytes = vec![0; size(wide(seconds))];
    bytes[..4].copy_from_slice(&seconds.to_ne_bytes());
    let mut put = |at: usize, slot: &Slot| bytes[at..at + SLOT].copy_from_slice(&of_words(&slot.words()));
    if let Some((current, finished)) = slots.split_last() {
        put(COPIES, current);
        for slot in finished {
            put(slot_at(slot.stamp, seconds), slot);
        }
    }
    bytes
}

/// Over how many seconds the value goes. It never changes.
///
/// # Errors
/// If the value does not have the size that follows from it.
pub fn seconds(value: &[u8]) -> Result<u32, What> {
    let fits = u32_at(value, 0).filter(|&seconds| {
        seconds > 0 && RING as u64 + SLOT as u64 * u64::from(seconds) == value.len() as u64
    });
    fits.ok_or(What::ValueSize(DataType::Window, value.len()))
}

/// The seconds that a value holds, young and old.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Over how many seconds it goes.
    pub seconds: u32,
    /// What was seen in which second. No stamp is there twice.
    pub slots: Vec<Slot>,
}

/// The seconds, by three looks at the value, or `None` if it changed too fast: look again, the second look
/// taking the place of the first.
///
/// The first two looks say which is the current second and what is in it, as with a mean
/// ([`super::mean::read`]). All seconds before it are in the ring when the third look begins. A slot whose check
/// does not agree is being written. That is right where the current second goes when it is over: what was there is
/// too old. Anywhere else it is a second that the looks have missed, or one to which something is added late.
///
/// # Errors
/// If no such value has this size.
pub fn read([before, now, ring]: [&[u8]; 3]) -> Result<Option<Window>, What> {
    let seconds = seconds(ring)?;
    let copies = |look| <[u8]>::get(look, COPIES..RING).unwrap_or_default();
    let Some(current) = newest(copies(before), copies(now), SLOT, Slot::decode, Slot::is_newer) else {
        return Ok(None);
    };
    let mut slots = vec![current];
    for (place, slot) in (0..).zip(ring[RING..].chunks_exact(SLOT)) {
        let Some(slot) = Slot::decode(slot) else {
            if place == current.stamp % u64::from(seconds) {
                continue;
            }
            return Ok(None);
        };
        // In its own place only, so that no stamp is there twice, whatever the file says.
        if slot.stamp % u64::from(seconds) != place {
            continue;
        }
        if slot.stamp == current.stamp && slot.count > current.count {
            slots[0] = slot;
        } else if slot.stamp > 0 && slot.stamp < current.stamp {
            slots.push(slot);
        }
    }
    Ok(Some(Window { seconds, slots }))
}

/// What was seen in the last seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Summary {
    /// The sum of what was seen.
    pub sum: f64,
    /// How much was seen: never 0.
    pub count: u64,
    /// The greatest number seen.
    pub max: f64,
    /// How many seconds that were: N, less what the current one has still to go; never less than 1.
    pub seconds: f64,
}

impl Summary {
    /// The arithmetic mean of what was seen.
    #[must_use]
    pub fn mean(&self) -> f64 {
        #[allow(clippy::cast_precision_loss)]
        let count = self.count as f64;
        self.sum / count
    }

    /// How much was seen per second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        #[allow(clippy::cast_precision_loss)]
        let count = self.count as f64;
        count / self.seconds
    }

    /// Adds what another file saw in the same time.
    pub fn merge(&mut self, other: &Self) {
        self.sum += other.sum;
        self.count = self.count.saturating_add(other.count);
        self.max = self.max.max(other.max);
        self.seconds = self.seconds.max(other.seconds);
    }
}

impl Window {
    /// What was seen in the seconds up to `now`, or `None` if that was nothing. `now` is what
    /// `CLOCK_MONOTONIC` says **after** the last look: then no slot that was left out can matter.
    #[must_use]
    pub fn summary(&self, now: Duration) -> Option<Summary> {
        let last = stamp(now);
        let young = |slot: &&Slot| {
            slot.count > 0 && slot.stamp <= last && last - slot.stamp < u64::from(self.seconds)
        };
        let seconds = f64::from(self.seconds - 1) + f64::from(now.subsec_nanos()) / 1e9;
        let start = Summary { sum: 0.0, count: 0, max: f64::NEG_INFINITY, seconds: seconds.max(1.0) };
        let summary = self.slots.iter().filter(young).fold(start, |all, slot| Summary {
            sum: all.sum + slot.sum,
            count: all.count.saturating_add(slot.count),
            max: all.max.max(slot.max),
            ..all
        });
        (summary.count > 0).then_some(summary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(stamp: u64, numbers: &[f64]) -> Slot {
        let mut slot = Slot { stamp, ..Slot::default() };
        numbers.iter().for_each(|&number| slot.add(number));
        slot
    }

    fn at(seconds: u64) -> Duration {
        Duration::new(seconds, 500_000_000)
    }

    #[test]
    fn the_last_seconds_are_added_up_and_age() {
        let slots = [slot(7, &[1.0, 5.0]), slot(8, &[-2.0]), slot(10, &[3.0])];
        let value = encode(&slots, 4);
        assert_eq!(value.len(), size(4));
        let window = read([&value; 3]).unwrap().unwrap();
        let summary = |now| window.summary(at(now)).map(|summary| (summary.count, summary.sum, summary.max));
        assert_eq!(summary(8), Some((3, 4.0, 5.0)), "what the reader's clock has not reached is left out");
        assert_eq!(summary(9), Some((4, 7.0, 5.0)));
        assert_eq!(summary(10), Some((2, 1.0, 3.0)));
        assert_eq!(summary(12), Some((1, 3.0, 3.0)));
        assert_eq!(summary(13), None);
        assert_eq!(window.summary(at(9)).unwrap().seconds, 3.5);
        assert_eq!(window.summary(at(9)).unwrap().mean(), 1.75);
        assert_eq!(window.summary(at(9)).unwrap().rate(), 4.0 / 3.5);
    }

    #[test]
    fn nothing_is_none_and_one_second_is_a_window() {
        let value = encode(&[], 1);
        let window = read([&value; 3]).unwrap().unwrap();
        assert_eq!(window.summary(at(0)), None);
        let value = encode(&[slot(1, &[-4.0])], 1);
        let summary = read([&value; 3]).unwrap().unwrap().summary(Duration::ZERO).unwrap();
        assert_eq!((summary.max, summary.rate()), (-4.0, 1.0));
    }

    #[test]
    fn a_second_that_ends_between_the_looks_is_not_lost() {
        let during = encode(&[slot(4, &[1.0]), slot(5, &[2.0])], 4);
        let after = encode(&[slot(4, &[1.0]), slot(5, &[2.0, 3.0]), slot(6, &[9.0])], 4);
        let stamps = |looks: [&[u8]; 3]| {
            let window = read(looks).unwrap().unwrap();
            window.slots.iter().map(|slot| (slot.stamp, slot.count)).collect::<Vec<_>>()
        };
        assert_eq!(stamps([&during, &during, &after]), [(5, 2), (4, 1)]);
        assert_eq!(stamps([&during, &after, &after]), [(6, 1), (4, 1), (5, 2)]);
    }

    #[test]
    fn sizes_that_cannot_be_are_said() {
        for seconds in [0_u32, 3, 5, u32::MAX] {
            let mut value = encode(&[], 4);
            value[..4].copy_from_slice(&seconds.to_ne_bytes());
            assert_eq!(read([&value; 3]), Err(What::ValueSize(DataType::Window, value.len())));
        }
        assert!(read([&[]; 3]).is_err());
    }
}
