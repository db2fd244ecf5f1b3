//! One record a label over all files.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;

use mmstats::{SnapshotField, Value};

use crate::escape::escape;
use crate::json::Json;
use crate::number::compare;
use crate::tool::Stop;

/// What to make of the values that one label has in several files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// All together.
    Sum,
    /// The mean.
    Avg,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// The value of the first file that has the label.
    One,
    /// The mean of those that are not 0; 0 where all are.
    NonzeroAvg,
    /// The least of those that are not 0; 0 where all are.
    NonzeroMin,
}

impl Function {
    /// Reads the option's value.
    ///
    /// # Errors
    /// [`Stop::Usage`] for anything that is not the name of a function.
    pub fn parse(value: &OsStr) -> Result<Self, Stop> {
        Ok(match value.to_str() {
            Some("sum") => Self::Sum,
            Some("avg") => Self::Avg,
            Some("min") => Self::Min,
            Some("max") => Self::Max,
            Some("one") => Self::One,
            Some("nonzero-avg") => Self::NonzeroAvg,
            Some("nonzero-min") => Self::NonzeroMin,
            _ => {
                let names = "sum, avg, min, max, one, nonzero-avg or nonzero-min";
                return Err(Stop::Usage(format!("--aggregate takes {names}, not {value:?}")));
            }
        })
    }
}

/// What came out of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Of bools, where one of them is the answer.
    Bool(bool),
    /// Of integers, and of bools that were counted. In full.
    Integer(i128),
    /// A single `f`, where it is the answer.
    Float(f32),
    /// Of floats, and every mean.
    Double(f64),
    /// Of one file.
    Text(Vec<u8>),
    /// The distinct values, sorted.
    Texts(Vec<Vec<u8>>),
}

impl From<Value<'_>> for Outcome {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Bool(value) => Self::Bool(value),
            Value::Signed(value) => Self::Integer(value.into()),
            Value::Unsigned(value) => Self::Integer(value.into()),
            Value::Float(value) => Self::Float(value),
            Value::Double(value) => Self::Double(value),
            Value::Text(bytes) => Self::Text(bytes.to_vec()),
            compound => {
                compound.as_f64().map_or_else(|| Self::Text(compound.to_string().into()), Self::Double)
            }
        }
    }
}

impl Outcome {
    /// For a record or a terminal: numbers as [`Value`] writes them, texts escaped.
    #[must_use]
    pub fn in_words(&self) -> Cow<'_, str> {
        match self {
            Self::Bool(value) => value.to_string().into(),
            Self::Integer(value) => value.to_string().into(),
            // Debug: see `Value`'s Display.
            Self::Float(value) => format!("{value:?}").into(),
            Self::Double(value) => format!("{value:?}").into(),
            Self::Text(text) => escape(text),
            Self::Texts(texts) => {
                let texts: Vec<_> = texts.iter().map(|text| escape(text)).collect();
                texts.join(", ").into()
            }
        }
    }

    /// As JSON: several texts are a list.
    #[must_use]
    pub fn in_json(&self) -> String {
        match self {
            Self::Bool(value) => Json::Bool(*value).to_string(),
            Self::Integer(value) => Json::Integer(*value).to_string(),
            Self::Float(value) => Json::Float(*value).to_string(),
            Self::Double(value) => Json::Double(*value).to_string(),
            Self::Text(text) => Json::Text(text).to_string(),
            Self::Texts(texts) => {
                let texts: Vec<_> = texts.iter().map(|text| Json::Text(text).to_string()).collect();
                format!("[{}]", texts.join(","))
            }
        }
    }
}

/// A label and its outcome.
#[derive(Debug)]
pub struct Tallied {
    /// The label's bytes.
    pub label: Vec<u8>,
    /// The type in the first file that has the label; if the outcome is a number, the first where it is one.
    pub code: String,
    /// What came out for it.
    pub outcome: Outcome,
    /// The files that have text there and are left out, since others have numbers, as they were numbered.
    pub left_out: Vec<usize>,
}

/// Gathers values by label.
pub struct Aggregate {
    function: Function,
    labels: BTreeMap<Vec<u8>, LabelTally>,
}

impl Aggregate {
    /// Nothing gathered yet.
    #[must_use]
    pub fn new(function: Function) -> Self {
        Self { function, labels: BTreeMap::new() }
    }

    /// Takes a field's value in. `file` is the caller's number for the file that has it.
    pub fn add(&mut self, file: usize, field: &SnapshotField<'_>) {
        self.add_value(file, field.label(), || field.type_code().into_owned(), field.value());
    }

    /// Takes a value in. `code` gives its type, where that is asked for.
    pub fn add_value(&mut self, file: usize, label: &[u8], code: impl FnOnce() -> String, value: Value<'_>) {
        match self.labels.get_mut(label) {
            Some(tally) => tally.add(self.function, file, code, value),
            None => {
                let tally = LabelTally::new(self.function, file, code(), value);
                self.labels.insert(label.to_vec(), tally);
            }
        }
    }

    /// What came out, sorted by label.
    #[must_use]
    pub fn results(self) -> Vec<Tallied> {
        let function = self.function;
        let labels = self.labels.into_iter();
        labels
            .map(|(label, tally)| {
                let outcome = tally.outcome(function);
                let left_out = if tally.count > 0 { tally.text_files } else { Vec::new() };
                Tallied { label, code: tally.code, outcome, left_out }
            })
            .collect()
    }
}

/// A value that can be more or less than another.
#[derive(Clone, Copy)]
enum Number {
    Integer(i128),
    Float(f64),
}

impl Number {
    /// Bools are 0 and 1; text is none.
    fn of(value: Value<'_>) -> Option<Self> {
        value.as_integer().map(Self::Integer).or_else(|| value.as_f64().map(Self::Float))
    }
}

/// What is known of one label so far.
struct LabelTally {
    code: String,
    first: Outcome,
    /// How many numbers and bools, and how many of them are not 0.
    count: usize,
    nonzero: usize,
    /// The integers and bools among them, in full, and the floats.
    integers: i128,
    floats: f64,
    has_floats: bool,
    has_only_bools: bool,
    /// The value that min or max would give, and as a number to compare by.
    extreme: Option<(Outcome, Number)>,
    texts: BTreeSet<Vec<u8>>,
    text_files: Vec<usize>,
}

impl LabelTally {
    fn new(function: Function, file: usize, code: String, value: Value<'_>) -> Self {
        let mut tally = Self {
            code: String::new(),
            first: value.into(),
            count: 0,
            nonzero: 0,
            integers: 0,
            floats: 0.0,
            has_floats: false,
            has_only_bools: true,
            extreme: None,
            texts: BTreeSet::new(),
            text_files: Vec::new(),
        };
        tally.add(function, file, String::new, value);
        tally.code = code;
        tally
    }

    fn add(&mut self, function: Function, file: usize, code: impl FnOnce() -> String, value: Value<'_>) {
        if function == Function::One {
            return;
        }
        let Some(double) = value.as_f64() else {
            if let Value::Text(bytes) = value {
                self.texts.insert(bytes.to_vec());
            }
            if self.text_files.last() != Some(&file) {
                self.text_files.push(file);
            }
            return;
        };
        if self.count == 0 && !self.texts.is_empty() {
            self.code = code();
        }
        self.count += 1;
        self.nonzero += usize::from(double != 0.0);
        self.has_only_bools &= matches!(value, Value::Bool(_));
        match value.as_integer() {
            Some(integer) => self.integers = self.integers.saturating_add(integer),
            None => {
                self.floats += double;
                self.has_floats = true;
            }
        }
        let better = match function {
            Function::Min => self.beats(value, Ordering::Less),
            Function::NonzeroMin => double != 0.0 && self.beats(value, Ordering::Less),
            Function::Max => self.beats(value, Ordering::Greater),
            _ => false,
        };
        if better {
            self.extreme = Number::of(value).map(|number| (value.into(), number));
        }
    }

    /// Whether a value is further out than the one so far. Numbers are compared in full; NaN beats nothing
    /// and is beaten by everything.
    fn beats(&self, value: Value<'_>, by: Ordering) -> bool {
        let Some((_, best)) = self.extreme else { return true };
        let order = match (Number::of(value), best) {
            (Some(Number::Integer(value)), Number::Integer(best)) => Some(value.cmp(&best)),
            (Some(Number::Integer(value)), Number::Float(best)) => compare(value, best).or(Some(by)),
            (Some(Number::Float(value)), Number::Integer(best)) => {
                compare(best, value).map(Ordering::reverse)
            }
            (Some(Number::Float(value)), Number::Float(best)) if best.is_nan() => {
                return !value.is_nan();
            }
            (Some(Number::Float(value)), Number::Float(best)) => value.partial_cmp(&best),
            (None, _) => None,
        };
        order == Some(by)
    }

    fn outcome(&self, function: Function) -> Outcome {
        if function == Function::One {
            return self.first.clone();
        }
        if self.count == 0 {
            return Outcome::Texts(self.texts.iter().cloned().collect());
        }
        match function {
            Function::One => self.first.clone(),
            Function::Sum if self.has_floats => Outcome::Double(self.sum()),
            Function::Sum => Outcome::Integer(self.integers),
            Function::Avg => self.mean(self.count),
            Function::NonzeroAvg => self.mean(self.nonzero),
            Function::Min | Function::Max | Function::NonzeroMin => match &self.extreme {
                // Beside other numbers a bool is one, too.
                Some((Outcome::Bool(value), _)) if !self.has_only_bools => Outcome::Integer((*value).into()),
                Some((outcome, _)) => outcome.clone(),
                None if self.has_floats => Outcome::Double(0.0),
                None => Outcome::Integer(0),
            },
        }
    }

    /// The integers are added up in full before they become a float.
    fn sum(&self) -> f64 {
        #[allow(clippy::cast_precision_loss)]
        let integers = self.integers as f64;
        integers + self.floats
    }

    fn mean(&self, count: usize) -> Outcome {
        #[allow(clippy::cast_precision_loss)]
        let count = count.max(1) as f64;
        Outcome::Double(self.sum() / count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(function: Function, values: &[Value<'_>]) -> Outcome {
        tallied(function, values).outcome
    }

    /// Of files that are numbered from 0.
    fn tallied(function: Function, values: &[Value<'_>]) -> Tallied {
        let mut aggregate = Aggregate::new(function);
        for (file, value) in values.iter().enumerate() {
            aggregate.add_value(file, b"x", || format!("{file}"), *value);
        }
        aggregate.results().remove(0)
    }

    #[test]
    fn integers_are_summed_in_full() {
        let values = [Value::Unsigned(u64::MAX), Value::Unsigned(u64::MAX), Value::Signed(-1)];
        assert_eq!(outcome(Function::Sum, &values), Outcome::Integer(2 * i128::from(u64::MAX) - 1));
        assert_eq!(outcome(Function::Max, &values), Outcome::Integer(u64::MAX.into()));
        assert_eq!(outcome(Function::Min, &values), Outcome::Integer(-1));
        assert_eq!(outcome(Function::One, &values), Outcome::Integer(u64::MAX.into()));
    }

    #[test]
    fn neighbours_above_2_to_the_53_are_told_apart() {
        let values = [Value::Unsigned(u64::MAX - 1), Value::Unsigned(u64::MAX)];
        assert_eq!(outcome(Function::Max, &values), Outcome::Integer(u64::MAX.into()));
        let (limit, float) = (Value::Unsigned((1 << 53) + 1), Value::Double(9_007_199_254_740_992.0));
        for values in [[limit, float], [float, limit]] {
            assert_eq!(outcome(Function::Max, &values), Outcome::Integer((1 << 53) + 1));
            assert_eq!(outcome(Function::Min, &values), Outcome::Double(9_007_199_254_740_992.0));
        }
    }

    #[test]
    fn zeros_are_left_out_where_asked() {
        let values = [Value::Unsigned(0), Value::Unsigned(2), Value::Unsigned(4)];
        assert_eq!(outcome(Function::Avg, &values), Outcome::Double(2.0));
        assert_eq!(outcome(Function::NonzeroAvg, &values), Outcome::Double(3.0));
        assert_eq!(outcome(Function::Min, &values), Outcome::Integer(0));
        assert_eq!(outcome(Function::NonzeroMin, &values), Outcome::Integer(2));
        assert_eq!(outcome(Function::NonzeroMin, &values[..1]), Outcome::Integer(0));
        assert_eq!(outcome(Function::NonzeroAvg, &values[..1]), Outcome::Double(0.0));
    }

    #[test]
    fn floats_and_bools_have_their_own_ways() {
        let floats = [Value::Double(0.5), Value::Unsigned(1)];
        assert_eq!(outcome(Function::Sum, &floats), Outcome::Double(1.5));
        assert_eq!(outcome(Function::Min, &floats), Outcome::Double(0.5));
        let bools = [Value::Bool(true), Value::Bool(false), Value::Bool(true)];
        assert_eq!(outcome(Function::Sum, &bools), Outcome::Integer(2), "how many are true");
        assert_eq!(outcome(Function::Min, &bools), Outcome::Bool(false));
        let nan = [Value::Double(f64::NAN), Value::Double(1.0)];
        assert_eq!(outcome(Function::Max, &nan), Outcome::Double(1.0));
    }

    #[test]
    fn integers_beside_floats_are_added_in_full_first() {
        let step = Value::Signed(1 << 53);
        let values = [step, Value::Signed(1), Value::Signed(1), Value::Double(0.5), Value::Bool(true)];
        // Each 1 alone would be lost beside the large one.
        assert_eq!(outcome(Function::Sum, &values), Outcome::Double(9_007_199_254_740_996.0));
        let mixed = [Value::Unsigned(507), Value::Float(0.5)];
        assert_eq!(outcome(Function::Sum, &mixed), Outcome::Double(507.5));
        assert_eq!(outcome(Function::Avg, &mixed), Outcome::Double(253.75));
        let bools = [Value::Bool(true), Value::Unsigned(0)];
        assert_eq!(outcome(Function::Max, &bools), Outcome::Integer(1), "beside a number a bool is one");
    }

    #[test]
    fn what_is_not_finite_is_what_it_is() {
        let inf = f64::INFINITY;
        let values = [Value::Double(inf), Value::Unsigned(3), Value::Double(f64::NAN)];
        assert_eq!(outcome(Function::Max, &values), Outcome::Double(inf));
        assert_eq!(outcome(Function::Min, &values), Outcome::Integer(3));
        assert!(matches!(outcome(Function::Sum, &values), Outcome::Double(sum) if sum.is_nan()));
        let after = [Value::Double(f64::NAN), Value::Unsigned(3)];
        assert_eq!(outcome(Function::Min, &after), Outcome::Integer(3), "everything beats NaN");
        assert_eq!(outcome(Function::Max, &after), Outcome::Integer(3));
    }

    #[test]
    fn text_beside_numbers_is_left_out_and_named() {
        let values = [Value::Text(b"no"), Value::Unsigned(5), Value::Text(b"no"), Value::Unsigned(7)];
        for (function, want) in [
            (Function::Sum, Outcome::Integer(12)),
            (Function::Avg, Outcome::Double(6.0)),
            (Function::Min, Outcome::Integer(5)),
            (Function::Max, Outcome::Integer(7)),
        ] {
            let Tallied { outcome, left_out, code, .. } = tallied(function, &values);
            assert_eq!((outcome, left_out, code.as_str()), (want, vec![0, 2], "1"), "{function:?}");
        }
        let one = tallied(Function::One, &values);
        assert_eq!((one.outcome, one.left_out), (Outcome::Text(b"no".to_vec()), Vec::new()));
        assert!(tallied(Function::Sum, &values[..1]).left_out.is_empty(), "text alone is no trouble");
    }

    #[test]
    fn texts_are_listed_once_each() {
        let values = [Value::Text(b"b"), Value::Text(b"a"), Value::Text(b"b")];
        assert_eq!(outcome(Function::Sum, &values), Outcome::Texts(vec![b"a".to_vec(), b"b".to_vec()]));
        assert_eq!(outcome(Function::One, &values), Outcome::Text(b"b".to_vec()));
    }
}
