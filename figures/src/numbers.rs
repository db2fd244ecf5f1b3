//! The numbers and texts of one label, until they become one.

use std::cmp::Ordering;

use mmstats::Value;

use crate::distinct::Distinct;
use crate::extreme::Extreme;
use crate::function::Function;
use crate::outcome::Outcome;
use crate::sample::Source;
use crate::tally::Tally;
use crate::way::How;

/// What is known so far.
pub(crate) struct Numbers {
    /// The type in the first file; if there are numbers, in the first that has one.
    pub(crate) code: String,
    first: Outcome,
    pub(crate) values: Tally,
    /// How many numbers and bools are not 0.
    nonzero: usize,
    has_only_bools: bool,
    least: Extreme,
    greatest: Extreme,
    /// The value of the newest file, and when that was made.
    latest: Option<(f64, Outcome)>,
    pub(crate) distinct: Distinct,
    pub(crate) text_files: Vec<usize>,
}

impl Numbers {
    pub(crate) fn new(how: How, source: &Source, code: String, value: Value<'_>) -> Self {
        let mut numbers = Self {
            code: String::new(),
            first: value.into(),
            values: Tally::default(),
            nonzero: 0,
            has_only_bools: true,
            least: Extreme::default(),
            greatest: Extreme::default(),
            latest: None,
            distinct: Distinct::default(),
            text_files: Vec::new(),
        };
        numbers.add(how, source, String::new, value);
        numbers.code = code;
        numbers
    }

    pub(crate) fn add(&mut self, how: How, source: &Source, code: impl FnOnce() -> String, value: Value<'_>) {
        if how == How::Function(Function::One) {
            return;
        }
        let is_first_number = self.values.count() == 0;
        self.values.add(value);
        let Some(double) = value.as_f64() else {
            if self.text_files.last() != Some(&source.file) {
                self.text_files.push(source.file);
            }
            return;
        };
        if is_first_number && !self.values.texts.is_empty() {
            self.code = code();
        }
        self.nonzero += usize::from(double != 0.0);
        self.has_only_bools &= matches!(value, Value::Bool(_));
        match how {
            How::Function(function) => self.extreme(function, value, double),
            How::Latest => self.newest(source.created, || value.into()),
            How::Distinct => self.distinct.add(value),
            How::Any(Some(function)) => {
                self.extreme(function, value, double);
                self.distinct.add_to_few(value);
            }
            How::Any(None) => {
                self.least.consider(value, Ordering::Less);
                self.greatest.consider(value, Ordering::Greater);
                self.newest(source.created, || value.into());
                self.distinct.add(value);
            }
        }
    }

    fn extreme(&mut self, function: Function, value: Value<'_>, double: f64) {
        match function {
            Function::Min => self.least.consider(value, Ordering::Less),
            Function::NonzeroMin if double != 0.0 => self.least.consider(value, Ordering::Less),
            Function::Max => self.greatest.consider(value, Ordering::Greater),
            _ => {}
        }
    }

    /// Adds what others have.
    pub(crate) fn absorb(&mut self, other: Self) {
        if self.values.count() == 0 && other.values.count() > 0 {
            self.code = other.code;
        }
        self.values.absorb(other.values);
        self.nonzero += other.nonzero;
        self.has_only_bools &= other.has_only_bools;
        self.least.absorb(other.least, Ordering::Less);
        self.greatest.absorb(other.greatest, Ordering::Greater);
        if let Some((created, outcome)) = other.latest {
            self.newest(created, || outcome);
        }
        self.distinct.absorb(other.distinct);
        self.text_files.extend(other.text_files);
    }

    /// Of two files that are as old, the later one counts.
    fn newest(&mut self, created: f64, outcome: impl FnOnce() -> Outcome) {
        if self.latest.as_ref().is_none_or(|(newest, _)| created.total_cmp(newest).is_ge()) {
            self.latest = Some((created, outcome()));
        }
    }

    /// What becomes of them.
    pub(crate) fn outcome(self, how: How) -> Outcome {
        if how == How::Function(Function::One) {
            return self.first;
        }
        if self.values.count() == 0 {
            return Outcome::Texts(self.values.texts.into_iter().collect());
        }
        let has_floats = self.values.float_count > 0;
        let extreme = match how {
            How::Function(Function::Max) => self.greatest,
            _ => self.least,
        };
        match how {
            How::Function(Function::Avg) => mean(&self.values, self.values.count()),
            How::Function(Function::NonzeroAvg) => mean(&self.values, self.nonzero),
            How::Function(Function::Min | Function::Max | Function::NonzeroMin) => match extreme.get() {
                // Beside other numbers a bool is one, too.
                Some(Outcome::Bool(value)) if !self.has_only_bools => Outcome::Integer((*value).into()),
                Some(outcome) => outcome.clone(),
                None if has_floats => Outcome::Double(0.0),
                None => Outcome::Integer(0),
            },
            How::Latest => self.latest.map_or(Outcome::Integer(0), |(_, outcome)| outcome),
            How::Distinct | How::Any(_) => {
                let mut distinct = self.distinct.sorted();
                distinct.extend(self.values.texts.into_iter().map(Outcome::Text));
                Outcome::Several(distinct)
            }
            How::Function(_) if has_floats => Outcome::Double(self.values.sum()),
            How::Function(_) => Outcome::Integer(self.values.integers),
        }
    }
}

fn mean(values: &Tally, count: usize) -> Outcome {
    #[allow(clippy::cast_precision_loss)]
    let count = count.max(1) as f64;
    Outcome::Double(values.sum() / count)
}
