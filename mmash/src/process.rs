//! What one process has under each of its labels, all its threads together.

use std::collections::HashMap;

use mmstats::Value;

use crate::history::Mark;

/// Of how many labels of a process it is remembered that it began or ended.
const MARKED: usize = 1000;

/// A process, as far as its files tell.
pub(crate) struct Process {
    /// Command and process id; the path of its file where that does not say.
    pub(crate) name: String,
    /// How many of its files are followed.
    pub(crate) files: usize,
    /// Whether its beginning was noted down.
    pub(crate) is_noted: bool,
    pub(crate) entries: Vec<Entry>,
    /// When the newest of its files was made.
    pub(crate) created: f64,
}

/// One label of a process. There are very many of these.
#[derive(Clone, Copy, Default)]
pub(crate) struct Entry {
    pub(crate) label: u32,
    pub(crate) now: Total,
    /// What was counted before this sample.
    before: Counted,
    /// By how much it grew with this sample.
    pub(crate) grown: f64,
    has_before: bool,
}

/// Numbers of several files.
#[derive(Clone, Copy, Default)]
pub(crate) struct Total {
    counted: Counted,
    pub(crate) count: u32,
    pub(crate) float_count: u32,
}

/// Their sum, that of integers in full.
#[derive(Clone, Copy, Default)]
struct Counted {
    integers: Wide,
    floats: f64,
}

/// An integer in two halves, since a whole one would want to be where the address is a multiple of 16.
#[derive(Clone, Copy, Default)]
struct Wide {
    high: i64,
    low: u64,
}

impl Wide {
    fn get(self) -> i128 {
        (i128::from(self.high) << 64) | i128::from(self.low)
    }
}

impl From<i128> for Wide {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn from(integer: i128) -> Self {
        Self { high: (integer >> 64) as i64, low: integer as u64 }
    }
}

impl Counted {
    fn integers(&self) -> i128 {
        self.integers.get()
    }

    #[allow(clippy::cast_precision_loss)]
    fn since(&self, before: &Self) -> f64 {
        self.integers().saturating_sub(before.integers()) as f64 + (self.floats - before.floats)
    }
}

impl Process {
    pub(crate) fn new(name: String) -> Self {
        Self { name, files: 0, is_noted: false, entries: Vec::new(), created: 0.0 }
    }

    /// The places of the labels' entries.
    pub(crate) fn places(&self) -> HashMap<u32, u32> {
        (0..).zip(&self.entries).map(|(place, entry)| (entry.label, place)).collect()
    }

    /// Makes an entry for a label that has none, and gives its place.
    pub(crate) fn add(&mut self, label: u32) -> u32 {
        self.entries.push(Entry { label, ..Entry::default() });
        u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX)
    }

    /// That it has begun or ended.
    pub(crate) fn mark(&self, tick: u64, has_begun: bool) -> Mark {
        let mut labels: Vec<_> = self.entries.iter().map(|entry| entry.label).collect();
        labels.truncate(MARKED);
        labels.sort_unstable();
        Mark { tick, has_begun, process: self.name.clone(), labels }
    }

    pub(crate) fn find(&self, label: u32) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.label == label)
    }
}

impl Total {
    pub(crate) fn add(&mut self, value: Value<'_>) {
        if let Some(integer) = value.as_integer() {
            self.counted.integers = self.integers().saturating_add(integer).into();
        } else if let Some(double) = value.as_f64() {
            self.counted.floats += double;
            self.float_count += 1;
        } else {
            return;
        }
        self.count += 1;
    }

    pub(crate) fn integers(&self) -> i128 {
        self.counted.integers()
    }

    pub(crate) fn sum(&self) -> f64 {
        self.counted.since(&Counted::default())
    }
}

impl Entry {
    /// What is in a file that begins to count now, or that goes.
    pub(crate) fn set_aside(&mut self, value: Value<'_>, is_leaving: bool) {
        let mut total = Total::default();
        total.add(value);
        let sign = if is_leaving { -1 } else { 1 };
        let integers =
            self.before.integers().saturating_add(i128::from(sign).saturating_mul(total.integers()));
        self.before.integers = integers.into();
        self.before.floats += f64::from(sign) * total.counted.floats;
        self.has_before = true;
    }

    /// How much was counted since the sample before, and whether there is less than before. A file that is new began
    /// at 0, unless what it held was set aside.
    pub(crate) fn growth(&mut self) -> (f64, bool) {
        let growth = self.now.counted.since(&self.before);
        let has_fallen = self.has_before && growth < 0.0;
        (self.before, self.has_before) = (self.now.counted, true);
        self.grown = growth.max(0.0);
        (self.grown, has_fallen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(entry: &mut Entry, value: u64) -> (f64, bool) {
        entry.now = Total::default();
        entry.now.add(Value::Unsigned(value));
        entry.growth()
    }

    #[test]
    fn a_wide_integer_is_what_it_was() {
        for integer in [0, 1, -1, i128::from(u64::MAX), i128::from(i64::MIN) - 1, i128::MAX, i128::MIN] {
            assert_eq!(Wide::from(integer).get(), integer);
        }
        assert!(size_of::<Entry>() <= 72);
    }

    #[test]
    fn what_was_there_before_is_not_counted_and_what_goes_is_no_fall() {
        let mut entry = Entry::default();
        entry.set_aside(Value::Unsigned(100), false);
        assert_eq!(now(&mut entry, 130), (30.0, false));
        // A second file comes with 1000, and the first one goes with 135.
        entry.set_aside(Value::Unsigned(1000), false);
        entry.set_aside(Value::Unsigned(135), true);
        assert_eq!(now(&mut entry, 1005), (10.0, false), "what the one counted last, and the other since");
        assert_eq!(now(&mut entry, 5), (0.0, true));
        assert_eq!(now(&mut Entry::default(), 7), (7.0, false), "a new file begins at 0");
    }
}
