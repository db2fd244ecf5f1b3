//! Adding up values of any type, so that no digit is lost that need not be.

use std::collections::BTreeSet;

use mmstats::Value;

/// Values that are added up: numbers by kind, and the texts beside them.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// The integers, and the bools that are true, in full.
    pub integers: i128,
    /// How many integers and bools there are.
    pub integer_count: usize,
    /// The floats.
    pub floats: f64,
    /// How many floats there are.
    pub float_count: usize,
    /// The distinct texts.
    pub texts: BTreeSet<Vec<u8>>,
}

impl Tally {
    /// Takes a value in.
    pub fn add(&mut self, value: Value<'_>) {
        if let Some(integer) = value.as_integer() {
            self.integers = self.integers.saturating_add(integer);
            self.integer_count += 1;
        } else if let Some(double) = value.as_f64() {
            self.floats += double;
            self.float_count += 1;
        } else if let Value::Text(bytes) = value {
            // Most files have the same one.
            if !self.texts.contains(bytes) {
                self.texts.insert(bytes.to_vec());
            }
        } else {
            // What has several figures, none of which is for all of them, is shown in words.
            self.texts.insert(value.to_string().into());
        }
    }

    /// Adds what another has.
    pub fn absorb(&mut self, other: Self) {
        self.integers = self.integers.saturating_add(other.integers);
        self.integer_count += other.integer_count;
        self.floats += other.floats;
        self.float_count += other.float_count;
        self.texts.extend(other.texts);
    }

    /// How many numbers there are; a bool is one.
    #[must_use]
    pub fn count(&self) -> usize {
        self.integer_count + self.float_count
    }

    /// All numbers together. The integers are added up in full before they become a float.
    #[must_use]
    pub fn sum(&self) -> f64 {
        #[allow(clippy::cast_precision_loss)]
        let integers = self.integers as f64;
        integers + self.floats
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_kept_apart_until_they_are_added_up() {
        let mut tally = Tally::default();
        let step = Value::Signed(1 << 53);
        for value in [step, Value::Bool(true), Value::Unsigned(1), Value::Double(0.5), Value::Text(b"no")] {
            tally.add(value);
        }
        assert_eq!((tally.integers, tally.integer_count), ((1 << 53) + 2, 3));
        assert_eq!((tally.floats, tally.float_count, tally.count()), (0.5, 1, 4));
        assert_eq!(tally.texts.len(), 1);
        // One by one the two would be lost beside the large number.
        assert_eq!(tally.sum(), 9_007_199_254_740_994.0);
    }
}
