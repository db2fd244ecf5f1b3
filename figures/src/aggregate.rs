//! One record per label over all files.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use mmstats::{MetricType, Part, SnapshotField, Value};

use crate::function::Function;
use crate::group::{Group, code_of, resolve};
use crate::outcome::Outcome;
use crate::part;
use crate::sample::{Sample, Source};
use crate::way::Way;

/// A label and its outcome.
#[derive(Debug)]
pub struct Tallied {
    /// The label's bytes.
    pub label: Vec<u8>,
    /// The type in the first file whose value counts; if the outcome is a number, the first where it is one.
    pub code: String,
    /// What the first file whose value counts says of the field.
    pub about: About,
    /// What came out for it.
    pub outcome: Outcome,
    /// The files whose values could not be merged with those of the others.
    pub left_out: Vec<LeftOut>,
}

/// What a field means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// What the value means.
    pub kind: MetricType,
    /// What it is in.
    pub unit: Option<String>,
    /// What the field is, in one line.
    pub help: Option<String>,
}

/// A file whose value could not be merged with those of others.
///
/// `Display` says why: `a gauge here and a counter elsewhere`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// As the file was numbered.
    pub file: usize,
    why: String,
}

impl LeftOut {
    pub(crate) fn new(file: usize, here: &str, elsewhere: &str) -> Self {
        Self { file, why: format!("{here} here and {elsewhere}") }
    }

    pub(crate) fn text(file: usize) -> Self {
        Self { file, why: Self::TEXT.to_owned() }
    }

    /// Why text is left out where others have numbers.
    pub const TEXT: &str = "text here and a number elsewhere";
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

/// Gathers values by label.
///
/// What one function makes of values of several numbers: [`Function::Auto`] and [`Function::Sum`] merge them,
/// [`Function::One`] takes the first, and the others take each part by itself, under its derived label.
pub struct Aggregate {
    function: Function,
    /// A label's place in `gathered`.
    places: HashMap<Vec<u8>, usize>,
    gathered: Vec<(Vec<u8>, Vec<Group>)>,
    /// The place after that of the label that came last. Files of one program have theirs in one order.
    next: usize,
    refused: BTreeSet<Vec<u8>>,
}

impl Aggregate {
    /// Nothing gathered yet.
    #[must_use]
    pub fn new(function: Function) -> Self {
        Self { function, places: HashMap::new(), gathered: Vec::new(), next: 0, refused: BTreeSet::new() }
    }

    /// Takes a field's value in.
    pub fn add(&mut self, source: &Source, field: &SnapshotField<'_>) {
        let sample = Sample::of(field);
        self.add_sample(source, field.label(), || field.type_code().into_owned(), &sample);
    }

    /// Takes a value in of which nothing is said. `code` gives its type, where that is asked for.
    pub fn add_value(&mut self, file: usize, label: &[u8], code: impl FnOnce() -> String, value: Value<'_>) {
        self.add_sample(&file.into(), label, code, &Sample::unknown(value));
    }

    /// Takes a value in, with what its file says of it. `code` gives its type, where that is asked for.
    pub fn add_sample(
        &mut self,
        source: &Source,
        label: &[u8],
        code: impl FnOnce() -> String,
        sample: &Sample<'_>,
    ) {
        if sample.value.is_compound() && !self.function.merges() {
            return self.add_parts(source, label, sample, &sample.value.parts());
        }
        let function = self.function;
        let way = Way::of(function, sample, source.is_alive);
        if matches!(way, Way::Gauge(_)) && !source.is_alive {
            return;
        }
        let Some(place) = self.place(label) else {
            let group = Group::new(function, way, source, code(), sample);
            self.next = self.gathered.len() + 1;
            self.places.insert(label.to_vec(), self.gathered.len());
            self.gathered.push((label.to_vec(), vec![group]));
            return;
        };
        self.next = place + 1;
        let groups = &mut self.gathered[place].1;
        if function == Function::One {
            return;
        }
        match groups.iter_mut().find(|group| group.has(way, sample)) {
            Some(group) => group.add(function, source, code, sample),
            None => groups.push(Group::new(function, way, source, code(), sample)),
        }
    }

    fn place(&self, label: &[u8]) -> Option<usize> {
        match self.gathered.get(self.next) {
            Some((next, _)) if next == label => Some(self.next),
            _ => self.places.get(label).copied(),
        }
    }

    /// Takes parts of a value in, each under its derived label, as numbers of their own. A percentile whose mean is
    /// asked for is refused: see [`Aggregate::refused`].
    pub fn add_parts(&mut self, source: &Source, label: &[u8], sample: &Sample<'_>, parts: &[Part<'_>]) {
        for (name, value) in parts {
            let derived = part::derived(label, name);
            if self.function.is_mean() && part::is_quantile(name) {
                self.refused.insert(derived);
                continue;
            }
            self.add_sample(source, &derived, || code_of(*value), &sample.of_part(name, *value));
        }
    }

    /// The percentiles of which a mean was asked for, which would be no percentile.
    pub fn refused(&self) -> impl Iterator<Item = &[u8]> {
        self.refused.iter().map(Vec::as_slice)
    }

    /// What came out, sorted by label. A gauge of which there are only files of the dead has no outcome.
    #[must_use]
    pub fn results(mut self) -> Vec<Tallied> {
        let function = self.function;
        self.gathered.sort_by(|(one, _), (other, _)| one.cmp(other));
        self.gathered
            .into_iter()
            .filter_map(|(label, groups)| {
                let resolved = resolve(function, groups)?;
                let (code, about, outcome) = (resolved.code, resolved.about, resolved.outcome);
                Some(Tallied { label, code, about, outcome, left_out: resolved.left_out })
            })
            .collect()
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
            let left_out: Vec<_> = left_out.iter().map(|left_out| left_out.file).collect();
            assert_eq!((outcome, left_out, code.as_str()), (want, vec![0, 2], "1"), "{function:?}");
        }
        let one = tallied(Function::One, &values);
        assert_eq!((one.outcome, one.left_out.len()), (Outcome::Text(b"no".to_vec()), 0));
        assert!(tallied(Function::Sum, &values[..1]).left_out.is_empty(), "text alone is no trouble");
    }

    #[test]
    fn texts_are_listed_once_each() {
        let values = [Value::Text(b"b"), Value::Text(b"a"), Value::Text(b"b")];
        assert_eq!(outcome(Function::Sum, &values), Outcome::Texts(vec![b"a".to_vec(), b"b".to_vec()]));
        assert_eq!(outcome(Function::One, &values), Outcome::Text(b"b".to_vec()));
    }
}
