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
}

/// One label of a process.
#[derive(Clone, Copy, Default)]
pub(crate) struct Entry {
    pub(crate) label: u32,
    pub(crate) now: Total,
    /// What was counted before this sample.
    before: Total,
    /// By how much it grew with this sample.
    pub(crate) grown: f64,
    has_before: bool,
}

/// Numbers of several files, integers in full.
#[derive(Clone, Copy, Default)]
pub(crate) struct Total {
    pub(crate) integers: i128,
    pub(crate) floats: f64,
    pub(crate) count: u32,
    pub(crate) float_count: u32,
    /// When the newest of the files was made.
    pub(crate) created: f64,
}

impl Process {
    pub(crate) fn new(name: String) -> Self {
        Self { name, files: 0, is_noted: false, entries: Vec::new() }
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
    pub(crate) fn add(&mut self, value: Value<'_>, created: f64) {
        if let Some(integer) = value.as_integer() {
            self.integers = self.integers.saturating_add(integer);
        } else if let Some(double) = value.as_f64() {
            self.floats += double;
            self.float_count += 1;
        } else {
            return;
        }
        self.count += 1;
        self.created = self.created.max(created);
    }

    #[allow(clippy::cast_precision_loss)]
    pub(crate) fn sum(&self) -> f64 {
        self.integers as f64 + self.floats
    }
}

impl Entry {
    /// What is in a file that begins to count now, or that goes.
    pub(crate) fn set_aside(&mut self, value: Value<'_>, is_leaving: bool) {
        let mut total = Total::default();
        total.add(value, 0.0);
        let sign = if is_leaving { -1 } else { 1 };
        self.before.integers += i128::from(sign) * total.integers;
        self.before.floats += f64::from(sign) * total.floats;
        self.has_before = true;
    }

    /// How much was counted since the sample before, and whether there is less than before. A file that is new began
    /// at 0, unless what it held was set aside.
    pub(crate) fn growth(&mut self) -> (f64, bool) {
        #[allow(clippy::cast_precision_loss)]
        let growth =
            (self.now.integers - self.before.integers) as f64 + (self.now.floats - self.before.floats);
        let has_fallen = self.has_before && growth < 0.0;
        (self.before, self.has_before) = (self.now, true);
        self.grown = growth.max(0.0);
        (self.grown, has_fallen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(entry: &mut Entry, value: u64) -> (f64, bool) {
        entry.now = Total::default();
        entry.now.add(Value::Unsigned(value), 0.0);
        entry.growth()
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
