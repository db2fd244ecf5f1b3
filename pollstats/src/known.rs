//! What files of version 2 give to a column, class by class.

use figures::{Aggregate, Function, Outcome, Sample, Source};
use mmstats::Value;

use crate::amount::Amount;
use crate::class::Class;
use crate::column::{Cell, Per, to_thousandths};

/// What the files of one class give.
#[derive(Default)]
pub(crate) struct ClassTally {
    /// How many files have such a field.
    pub(crate) files: usize,
    /// What was added.
    added: Amount,
    /// The same per second since each file's process began: count and sum of values of several numbers, or of a
    /// counter the second alone.
    since_start: (f64, f64),
    /// What is shown as it is.
    values: Option<Aggregate>,
}

impl ClassTally {
    /// A file has added this.
    pub(crate) fn add(&mut self, amount: &Amount) {
        self.files += 1;
        self.add_more(amount);
    }

    /// A file has this in the row that has what was added since the beginning of its process. `age` is that of the
    /// process in seconds.
    pub(crate) fn add_since_start(&mut self, amount: &Amount, age: f64) {
        #[allow(clippy::cast_precision_loss)]
        let (count, sum) = match amount {
            Amount::Integer(number) => (0.0, *number as f64),
            Amount::Double(number) => (0.0, *number),
            other => other.count_and_sum().unwrap_or_default(),
        };
        self.since_start.0 += count / age;
        self.since_start.1 += sum / age;
    }

    /// The same, of no file in particular.
    pub(crate) fn add_more(&mut self, amount: &Amount) {
        self.added.add(amount);
    }

    /// A file has this there, which is shown as it is.
    pub(crate) fn add_value(&mut self, source: &Source, sample: &Sample<'_>) {
        self.files += 1;
        self.add_other_value(source, sample);
    }

    /// The same, of a file that says nothing about it.
    pub(crate) fn add_other_value(&mut self, source: &Source, sample: &Sample<'_>) {
        let values = self.values.get_or_insert_with(|| Aggregate::new(Function::Auto));
        values.add_sample(source, b"", String::new, sample);
    }

    /// What is shown: of values of several numbers the part that is named, or their mean.
    pub(crate) fn cell(self, class: &Class, part: Option<&str>, per: Per) -> Cell {
        if !class.is_change {
            let outcome =
                self.values.and_then(|values| values.results().pop()).map(|tallied| tallied.outcome);
            return outcome.map_or(Cell::Nothing, |outcome| cell(outcome, part));
        }
        if !class.is_compound() {
            return match (self.added, per) {
                (Amount::Integer(count), Per::Row) => Cell::Integer(count),
                (Amount::Nothing, Per::Row) => Cell::Integer(0),
                (Amount::Double(count), Per::Row) => Cell::Double(count),
                #[allow(clippy::cast_precision_loss)]
                (Amount::Integer(count), Per::Second(seconds)) => {
                    Cell::Double(to_thousandths(count as f64 / seconds))
                }
                (Amount::Double(count), Per::Second(seconds)) => Cell::Double(count / seconds),
                (Amount::Integer(_), Per::SecondSinceStart) => {
                    Cell::Double(to_thousandths(self.since_start.1))
                }
                (Amount::Double(_), Per::SecondSinceStart) => Cell::Double(self.since_start.1),
                _ => Cell::Double(0.0),
            };
        }
        let rate = match (part, per) {
            (_, Per::Row) => None,
            (Some("count"), Per::SecondSinceStart) => Some(to_thousandths(self.since_start.0)),
            (Some("sum"), Per::SecondSinceStart) => {
                Some(mmstats::format::scale::in_unit(self.since_start.1, class.scale))
            }
            (Some("count" | "sum"), Per::Second(seconds)) => {
                let (count, sum) = self.added.count_and_sum().unwrap_or_default();
                Some(if part == Some("count") {
                    to_thousandths(count / seconds)
                } else {
                    mmstats::format::scale::in_unit(sum, class.scale) / seconds
                })
            }
            _ => None,
        };
        if let Some(rate) = rate {
            return Cell::Double(rate);
        }
        match self.added.compound(class.scale) {
            Some(compound) => cell(Outcome::Compound(Box::new(compound)), part),
            // No file has added anything, not even nothing.
            None if part == Some("count") => Cell::Integer(0),
            None => Cell::Nothing,
        }
    }
}

/// An outcome in one column.
fn cell(outcome: Outcome, part: Option<&str>) -> Cell {
    match outcome {
        Outcome::Bool(value) => Cell::Integer(value.into()),
        Outcome::Integer(value) => Cell::Integer(value),
        Outcome::Float(value) => Cell::Float(value),
        Outcome::Double(value) => Cell::Double(value),
        Outcome::Text(text) => Cell::Text(text),
        Outcome::Texts(mut texts) if texts.len() == 1 => texts.pop().map_or(Cell::Nothing, Cell::Text),
        // No length is beyond an i128.
        Outcome::Texts(texts) => Cell::Integer(texts.len() as i128),
        Outcome::Several(mut values) if values.len() == 1 => {
            values.pop().map_or(Cell::Nothing, |value| cell(value, part))
        }
        // A number would be taken for one of them.
        Outcome::Several(values) => Cell::Text(format!("{} values", values.len()).into_bytes()),
        Outcome::Compound(compound) => match compound.part(part.unwrap_or("mean")) {
            Some(Value::Unsigned(value)) => Cell::Integer(value.into()),
            Some(value) => value.as_f64().map_or(Cell::Nothing, Cell::Double),
            None => Cell::Nothing,
        },
    }
}
