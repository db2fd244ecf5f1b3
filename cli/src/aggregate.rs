//! One record a label over all files.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;

use mmstats::{SnapshotField, Value};

use crate::escape::escape;
use crate::json::Json;
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
    /// The type in the first file that has the label.
    pub code: String,
    /// What came out for it.
    pub outcome: Outcome,
}

/// Gathers values by label.
pub struct Aggregate {
    function: Function,
    labels: BTreeMap<Vec<u8>, Tally>,
}

impl Aggregate {
    /// Nothing gathered yet.
    #[must_use]
    pub fn new(function: Function) -> Self {
        Self { function, labels: BTreeMap::new() }
    }

    /// Takes a field's value in.
    pub fn add(&mut self, field: &SnapshotField<'_>) {
        self.add_value(field.label(), || field.type_code().into_owned(), field.value());
    }

    /// Takes a value in. `code` gives its type, where that is asked for.
    pub fn add_value(&mut self, label: &[u8], code: impl FnOnce() -> String, value: Value<'_>) {
        match self.labels.get_mut(label) {
            Some(tally) => tally.add(self.function, value),
            None => {
                let tally = Tally::new(self.function, code(), value);
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
                Tallied { label, code: tally.code, outcome }
            })
            .collect()
    }
}

/// What is known of one label so far.
struct Tally {
    code: String,
    first: Outcome,
    /// How many values, and how many of them are not 0.
    count: usize,
    nonzero: usize,
    /// Meaningful as long as all values are integers or bools.
    integers: i128,
    doubles: f64,
    all_integers: bool,
    /// The value that min or max would give, as a number to compare by and as it is.
    extreme: Option<(f64, Outcome)>,
    texts: BTreeSet<Vec<u8>>,
    has_text: bool,
}

impl Tally {
    fn new(function: Function, code: String, value: Value<'_>) -> Self {
        let mut tally = Self {
            code,
            first: value.into(),
            count: 0,
            nonzero: 0,
            integers: 0,
            doubles: 0.0,
            all_integers: true,
            extreme: None,
            texts: BTreeSet::new(),
            has_text: false,
        };
        tally.add(function, value);
        tally
    }

    fn add(&mut self, function: Function, value: Value<'_>) {
        if function == Function::One {
            return;
        }
        self.count += 1;
        let Some(double) = value.as_f64() else {
            self.has_text = true;
            if let Value::Text(bytes) = value {
                self.texts.insert(bytes.to_vec());
            }
            return;
        };
        self.nonzero += usize::from(double != 0.0);
        self.doubles += double;
        match value.as_integer() {
            Some(integer) => self.integers = self.integers.saturating_add(integer),
            None => self.all_integers = false,
        }
        let better = match function {
            Function::Min => self.beats(value, double, false),
            Function::NonzeroMin => double != 0.0 && self.beats(value, double, false),
            Function::Max => self.beats(value, double, true),
            _ => false,
        };
        if better {
            self.extreme = Some((double, value.into()));
        }
    }

    /// Whether a value is further out than the one so far. Integers are compared in full; NaN beats
    /// nothing and is beaten by everything.
    fn beats(&self, value: Value<'_>, double: f64, upwards: bool) -> bool {
        let Some((best, outcome)) = &self.extreme else { return true };
        let order = match (value.as_integer(), outcome) {
            (Some(integer), Outcome::Integer(best)) => integer.cmp(best),
            _ if best.is_nan() => return !double.is_nan(),
            _ => match double.partial_cmp(best) {
                Some(order) => order,
                None => return false,
            },
        };
        if upwards { order.is_gt() } else { order.is_lt() }
    }

    fn outcome(&self, function: Function) -> Outcome {
        if function == Function::One {
            return self.first.clone();
        }
        if self.has_text {
            return Outcome::Texts(self.texts.iter().cloned().collect());
        }
        match function {
            Function::One => self.first.clone(),
            Function::Sum if self.all_integers => Outcome::Integer(self.integers),
            Function::Sum => Outcome::Double(self.doubles),
            Function::Avg => self.mean(self.count),
            Function::NonzeroAvg => self.mean(self.nonzero),
            Function::Min | Function::Max | Function::NonzeroMin => match &self.extreme {
                Some((_, outcome)) => outcome.clone(),
                None if self.all_integers => Outcome::Integer(0),
                None => Outcome::Double(0.0),
            },
        }
    }

    fn mean(&self, count: usize) -> Outcome {
        #[allow(clippy::cast_precision_loss)]
        let (sum, count) =
            (if self.all_integers { self.integers as f64 } else { self.doubles }, count.max(1) as f64);
        Outcome::Double(sum / count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(function: Function, values: &[Value<'_>]) -> Outcome {
        let mut tally = Tally::new(function, String::new(), values[0]);
        values[1..].iter().for_each(|value| tally.add(function, *value));
        tally.outcome(function)
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
    fn texts_are_listed_once_each() {
        let values = [Value::Text(b"b"), Value::Text(b"a"), Value::Text(b"b")];
        assert_eq!(outcome(Function::Sum, &values), Outcome::Texts(vec![b"a".to_vec(), b"b".to_vec()]));
        assert_eq!(outcome(Function::One, &values), Outcome::Text(b"b".to_vec()));
    }
}
