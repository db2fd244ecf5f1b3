//! One record per label over all files.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use mmstats::{SnapshotField, Value};

use crate::extreme::Extreme;
use crate::function::Function;
use crate::outcome::Outcome;
use crate::tally::Tally;

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
                let left_out = if tally.values.count() > 0 { tally.text_files } else { Vec::new() };
                Tallied { label, code: tally.code, outcome, left_out }
            })
            .collect()
    }
}

/// What is known of one label so far.
struct LabelTally {
    code: String,
    first: Outcome,
    values: Tally,
    /// How many numbers and bools are not 0.
    nonzero: usize,
    has_only_bools: bool,
    /// The value that min or max would give.
    extreme: Extreme,
    text_files: Vec<usize>,
}

impl LabelTally {
    fn new(function: Function, file: usize, code: String, value: Value<'_>) -> Self {
        let mut tally = Self {
            code: String::new(),
            first: value.into(),
            values: Tally::default(),
            nonzero: 0,
            has_only_bools: true,
            extreme: Extreme::default(),
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
        let is_first_number = self.values.count() == 0;
        self.values.add(value);
        let Some(double) = value.as_f64() else {
            if self.text_files.last() != Some(&file) {
                self.text_files.push(file);
            }
            return;
        };
        if is_first_number && !self.values.texts.is_empty() {
            self.code = code();
        }
        self.nonzero += usize::from(double != 0.0);
        self.has_only_bools &= matches!(value, Value::Bool(_));
        match function {
            Function::Min => self.extreme.consider(value, Ordering::Less),
            Function::NonzeroMin if double != 0.0 => self.extreme.consider(value, Ordering::Less),
            Function::Max => self.extreme.consider(value, Ordering::Greater),
            _ => {}
        }
    }

    fn outcome(&self, function: Function) -> Outcome {
        if function == Function::One {
            return self.first.clone();
        }
        if self.values.count() == 0 {
            return Outcome::Texts(self.values.texts.iter().cloned().collect());
        }
        let has_floats = self.values.float_count > 0;
        match function {
            Function::One => self.first.clone(),
            Function::Sum if has_floats => Outcome::Double(self.values.sum()),
            Function::Sum => Outcome::Integer(self.values.integers),
            Function::Avg => self.mean(self.values.count()),
            Function::NonzeroAvg => self.mean(self.nonzero),
            Function::Min | Function::Max | Function::NonzeroMin => match self.extreme.get() {
                // Beside other numbers a bool is one, too.
                Some(Outcome::Bool(value)) if !self.has_only_bools => Outcome::Integer((*value).into()),
                Some(outcome) => outcome.clone(),
                None if has_floats => Outcome::Double(0.0),
                None => Outcome::Integer(0),
            },
        }
    }

    fn mean(&self, count: usize) -> Outcome {
        #[allow(clippy::cast_precision_loss)]
        let count = count.max(1) as f64;
        Outcome::Double(self.values.sum() / count)
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
