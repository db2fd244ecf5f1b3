//! What one column of a row makes of the values that the files have.

use figures::Tally;
use mmstats::Value;

use crate::known::ClassTally;

/// What a row shows in one column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    /// No file has the field now.
    Nothing,
    Integer(i128),
    Double(f64),
    Float(f32),
    Text(Vec<u8>),
}

/// What changes are divided by.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Per {
    /// Nothing.
    Row,
    /// The seconds since the row before.
    Second(f64),
    /// The age of each file's process, in the first row.
    SecondSinceStart,
}

/// The values of one column, gathered over the files.
#[derive(Default)]
pub(crate) struct ColumnTally {
    /// What is shown as it is.
    values: Tally,
    /// Whether a float of 64 bits is among it.
    has_doubles: bool,
    /// What was counted.
    changes: i128,
    has_changes: bool,
    /// What was counted per second since each file's process began.
    since_start: f64,
    /// What the files give that say what their fields mean, by class.
    pub(crate) classes: Vec<ClassTally>,
}

impl ColumnTally {
    /// A file has a counter there, and this is what it has counted.
    pub(crate) fn add_change(&mut self, change: i128) {
        self.has_changes = true;
        self.changes += change;
    }

    /// The same per second, in the row that holds what was counted since the start.
    pub(crate) fn add_since_start(&mut self, per_second: f64) {
        self.since_start += per_second;
    }

    /// A file has this there, which is shown as it is.
    pub(crate) fn add_value(&mut self, value: Value<'_>) {
        // Integers do not matter: beside them there is no mean.
        self.has_doubles |= !matches!(value, Value::Float(_) | Value::Text(_));
        self.values.add(value);
    }

    /// What the files of a class give.
    pub(crate) fn class(&mut self, number: usize) -> &mut ClassTally {
        if self.classes.len() <= number {
            self.classes.resize_with(number + 1, ClassTally::default);
        }
        &mut self.classes[number]
    }

    /// Of the classes that files are of, the one that most are of.
    pub(crate) fn main_class(&self) -> Option<usize> {
        let most = self.classes.iter().map(|class| class.files).max().filter(|&most| most > 0)?;
        self.classes.iter().position(|class| class.files == most)
    }

    /// Whether files disagree: text in one, a number in another.
    pub(crate) fn is_mixed(&self) -> bool {
        !self.values.texts.is_empty() && self.has_numbers()
    }

    pub(crate) fn has_texts(&self) -> bool {
        !self.values.texts.is_empty()
    }

    pub(crate) fn has_numbers(&self) -> bool {
        self.values.count() > 0 || self.has_changes
    }

    /// What is shown. Where files disagree about a field's type, all numbers are added up, and text beside
    /// them is left out.
    pub(crate) fn cell(self, per: Per) -> Cell {
        if let Some(first) = self.values.texts.first().filter(|_| !self.has_numbers()) {
            let count = self.values.texts.len();
            // No length is beyond an i128.
            return if count == 1 { Cell::Text(first.clone()) } else { Cell::Integer(count as i128) };
        }
        if self.values.integer_count == 0 && !self.has_changes {
            return self.mean();
        }
        let (mut whole, mut rate) = (self.values.integers, 0.0);
        #[allow(clippy::cast_precision_loss)]
        match per {
            _ if !self.has_changes => {}
            Per::Row => whole += self.changes,
            Per::SecondSinceStart => rate = to_thousandths(self.since_start),
            Per::Second(seconds) => rate = to_thousandths(self.changes as f64 / seconds),
        }
        let is_whole = self.values.float_count == 0 && (!self.has_changes || matches!(per, Per::Row));
        #[allow(clippy::cast_precision_loss)]
        if is_whole { Cell::Integer(whole) } else { Cell::Double(whole as f64 + rate + self.values.floats) }
    }

    /// Of the floats.
    fn mean(&self) -> Cell {
        if self.values.float_count == 0 {
            return Cell::Nothing;
        }
        #[allow(clippy::cast_precision_loss)]
        let mean = self.values.floats / self.values.float_count as f64;
        #[allow(clippy::cast_possible_truncation)]
        if self.has_doubles { Cell::Double(mean) } else { Cell::Float(mean as f32) }
    }
}

impl Cell {
    /// The sum of two numbers. Anything else is left out.
    pub(crate) fn plus(self, other: Self) -> Self {
        #[allow(clippy::cast_precision_loss)]
        let double = |cell: &Self| match cell {
            Self::Integer(value) => Some(*value as f64),
            Self::Double(value) => Some(*value),
            Self::Float(value) => Some(f64::from(*value)),
            Self::Nothing | Self::Text(_) => None,
        };
        match (double(&self), double(&other)) {
            (_, None) => self,
            (None, Some(_)) => other,
            (Some(one), Some(two)) => match (self, other) {
                (Self::Integer(one), Self::Integer(two)) => Self::Integer(one.saturating_add(two)),
                _ => Self::Double(one + two),
            },
        }
    }
}

/// No clock makes more of a rate.
pub(crate) fn to_thousandths(rate: f64) -> f64 {
    (rate * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(values: &[Value<'_>]) -> Cell {
        let mut tally = ColumnTally::default();
        values.iter().for_each(|value| tally.add_value(*value));
        tally.cell(Per::Row)
    }

    #[test]
    fn each_type_has_its_way() {
        assert_eq!(cell(&[]), Cell::Nothing);
        assert_eq!(cell(&[Value::Unsigned(u64::MAX), Value::Signed(1)]), Cell::Integer(1 << 64));
        assert_eq!(cell(&[Value::Double(1.0), Value::Double(2.0)]), Cell::Double(1.5));
        assert_eq!(cell(&[Value::Float(0.1)]), Cell::Float(0.1));
        assert_eq!(cell(&[Value::Bool(true), Value::Bool(false), Value::Bool(true)]), Cell::Integer(2));
        assert_eq!(cell(&[Value::Text(b"a"), Value::Text(b"a")]), Cell::Text(b"a".to_vec()));
        assert_eq!(cell(&[Value::Text(b"a"), Value::Text(b"b")]), Cell::Integer(2));
    }

    #[test]
    fn files_that_disagree_lose_no_number() {
        let mixed = |changes: &[i128], values: &[Value<'_>], per| {
            let mut tally = ColumnTally::default();
            changes.iter().for_each(|change| tally.add_change(*change));
            values.iter().for_each(|value| tally.add_value(*value));
            (tally.is_mixed(), tally.cell(per))
        };
        let half = Value::Double(0.5);
        assert_eq!(mixed(&[500, 7], &[half], Per::Row), (false, Cell::Double(507.5)));
        assert_eq!(mixed(&[1000], &[half], Per::Second(4.0)), (false, Cell::Double(250.5)));
        assert_eq!(mixed(&[], &[Value::Unsigned(507), half, half], Per::Row), (false, Cell::Double(508.0)));
        assert_eq!(mixed(&[507], &[Value::Bool(true)], Per::Row), (false, Cell::Integer(508)));
        assert_eq!(mixed(&[507], &[Value::Text(b"no")], Per::Row), (true, Cell::Integer(507)));
        assert_eq!(mixed(&[], &[Value::Text(b"no"), half], Per::Row), (true, Cell::Double(0.5)));
        assert_eq!(mixed(&[], &[Value::Text(b"no")], Per::Row), (false, Cell::Text(b"no".to_vec())));
        let large = (1_i128 << 53) + 1;
        assert_eq!(mixed(&[large], &[], Per::Row), (false, Cell::Integer(large)));
        assert_eq!(
            mixed(&[1], &[Value::Double(f64::INFINITY)], Per::Row),
            (false, Cell::Double(f64::INFINITY))
        );
    }

    #[test]
    fn rates_are_per_second() {
        let mut tally = ColumnTally::default();
        tally.add_change(1000);
        assert_eq!(tally.cell(Per::Second(3.0)), Cell::Double(333.333));
    }
}
