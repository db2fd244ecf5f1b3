//! Numbers and texts of which their files do not say what they mean: all of version 1.
//!
//! One family per label: its name is the prefix and the label with every byte outside `[a-zA-Z0-9_]` made `_`. Two
//! labels may meet in one name (`a.b` and `a_b`), so the label in full is beside the value. Nobody knows how values
//! of several files would become one, so each file has series of its own, and everything is `untyped`. Text becomes
//! an info metric: the value 1, the text in a label.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Write as _;

use cli::escape;
use figures::{Outcome, Tallied};
use files::Process;
use mmstats::{Snapshot, SnapshotField, Value};

use crate::name::sanitized;
use crate::text::{distinct, label, push_for_go};

/// Gathers series by family: a family must not be interrupted by another.
#[derive(Default)]
pub(crate) struct Untyped {
    /// What a name begins with.
    prefix: String,
    /// A family's place in `lines`.
    families: BTreeMap<String, usize>,
    /// A family's lines, in the order of the files.
    lines: Vec<Vec<u8>>,
    labels: Vec<Label>,
    /// A label's place in `labels`, as number and as text: those of every file, as they came.
    known: [HashMap<Vec<u8>, usize>; 2],
    /// Where a series' beginning was met first: two labels may be escaped alike.
    starts: HashMap<String, usize>,
    /// How many files there were.
    file: usize,
}

/// What series of one label have in common.
struct Label {
    name: Vec<u8>,
    is_text: bool,
    /// `FAMILY{label="LABEL",`
    start: String,
    family: usize,
    /// The label whose beginning is the same and was there before; itself, mostly.
    first: usize,
    /// The file that had it last.
    file: usize,
}

/// The file that series come from.
pub(crate) struct Source<'a> {
    untyped: &'a mut Untyped,
    labels: String,
    /// The label that was added last. Files of one program have theirs in one order.
    last: usize,
}

impl Untyped {
    pub(crate) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), ..Self::default() }
    }

    /// Begins with a file.
    pub(crate) fn source(&mut self, snapshot: &Snapshot, process: Option<&Process>) -> Source<'_> {
        let mut labels = String::new();
        label(&mut labels, "file", &distinct(snapshot.path().as_os_str().as_encoded_bytes()));
        let number = |ending: &str| snapshot.find(ending)?.value().as_integer();
        let (pid, tid) = (number("sys.pid"), number("sys.tid"));
        if let Some(pid) = process.map(|process| process.pid().into()).or(pid) {
            label(&mut labels, "pid", &pid.to_string());
        }
        if let Some(tid) = tid {
            label(&mut labels, "tid", &tid.to_string());
        }
        let name = snapshot.path().file_name().unwrap_or_default().as_encoded_bytes();
        label(&mut labels, "cmd", &escape(files::command(name, pid, tid)));
        if let Some(unit) = process.and_then(Process::unit) {
            label(&mut labels, "unit", &escape(unit.as_bytes()));
        }
        self.file += 1;
        Source { untyped: self, labels, last: usize::MAX }
    }

    /// Adds a label's outcome over all files.
    pub(crate) fn add_result(&mut self, result: &Tallied) {
        let is_text = matches!(result.outcome, Outcome::Text(_) | Outcome::Texts(_));
        let place = self.label(&result.label, is_text, usize::MAX);
        if self.labels[place].first != place {
            // Of two aggregates whose labels are escaped alike, the second cannot be told from the first.
            return;
        }
        let value = match &result.outcome {
            Outcome::Bool(value) => Value::Bool(*value),
            Outcome::Integer(value) => {
                return self.add(place, "", |line| drop(write!(line, "{value}")));
            }
            Outcome::Float(value) => Value::Float(*value),
            Outcome::Double(value) => Value::Double(*value),
            Outcome::Text(text) => Value::Text(text),
            Outcome::Several(_) => return,
            // No number, and nothing that names a series.
            Outcome::Compound(_) => return,
            Outcome::Texts(texts) => {
                // The same is true of texts.
                let mut seen = HashSet::new();
                let texts = texts.iter().filter(|text| seen.insert(escape(text)));
                return texts.for_each(|text| self.add_series(place, "", Value::Text(text)));
            }
        };
        self.add_series(place, "", value);
    }

    fn add_series(&mut self, place: usize, labels: &str, value: Value<'_>) {
        match value {
            Value::Text(text) => {
                let mut labels = labels.to_owned();
                label(&mut labels, "value", &escape(text));
                self.add(place, &labels, |line| line.push(b'1'));
            }
            number => self.add(place, labels, |line| push_for_go(line, number)),
        }
    }

    fn add(&mut self, place: usize, labels: &str, push_value: impl FnOnce(&mut Vec<u8>)) {
        let Label { start, family, .. } = &self.labels[place];
        let lines = &mut self.lines[*family];
        lines.extend_from_slice(start.as_bytes());
        lines.extend_from_slice(labels.as_bytes());
        // The comma after the last.
        lines.pop();
        lines.extend_from_slice(b"} ");
        push_value(lines);
        lines.push(b'\n');
    }

    /// A label's place in `labels`, which may be `guess`.
    fn label(&mut self, name: &[u8], is_text: bool, guess: usize) -> usize {
        if self.labels.get(guess).is_some_and(|label| label.is_text == is_text && label.name == name) {
            return guess;
        }
        if let Some(&place) = self.known[usize::from(is_text)].get(name) {
            return place;
        }
        let place = self.labels.len();
        let family_name = self.family_name(name, is_text);
        let mut start = format!("{family_name}{{");
        label(&mut start, "label", &escape(name));
        let family = *self.families.entry(family_name).or_insert_with(|| {
            self.lines.push(Vec::new());
            self.lines.len() - 1
        });
        let first = *self.starts.entry(start.clone()).or_insert(place);
        self.labels.push(Label { name: name.to_vec(), is_text, start, family, first, file: 0 });
        self.known[usize::from(is_text)].insert(name.to_vec(), place);
        place
    }

    fn family_name(&self, label: &[u8], is_text: bool) -> String {
        let mut name = self.prefix.clone();
        name.extend(
            label.iter().map(|&byte| if byte.is_ascii_alphanumeric() { char::from(byte) } else { '_' }),
        );
        if is_text {
            name.push_str("_info");
        }
        // The prefix may be nothing.
        sanitized("", &name)
    }

    /// All families, by name, with their lines.
    pub(crate) fn families(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.families.iter().map(|(name, family)| (name.as_str(), self.lines[*family].as_slice()))
    }
}

impl Source<'_> {
    /// Adds a field. False if the file had its label before: two texts under one label would be two series,
    /// but the second is as wrong as a number's.
    pub(crate) fn add(&mut self, field: &SnapshotField<'_>) -> bool {
        let (untyped, value) = (&mut *self.untyped, field.value());
        let is_text = matches!(value, Value::Text(_));
        if value.is_compound() && value.as_f64().is_none() {
            // No number, and nothing that names a series.
            return true;
        }
        let label = untyped.label(field.label(), is_text, self.last.wrapping_add(1));
        self.last = label;
        let first = untyped.labels[label].first;
        if std::mem::replace(&mut untyped.labels[first].file, untyped.file) == untyped.file {
            return false;
        }
        untyped.add_series(label, &self.labels, value);
        true
    }
}
