//! The Prometheus text exposition format, version 0.0.4.
//!
//! One family per label: its name is `mmstats_` and the label with every byte outside `[a-zA-Z0-9_]` made
//! `_`. Two labels may meet in one name (`a.b` and `a_b`), so the label in full is beside the
//! value. Version 1 files do not tell a counter from a gauge, so everything is `untyped`. Text becomes
//! an info metric: the value 1, the text in a label.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Write as _;

use cli::{Output, Stop, escape, push_number};
use figures::{Outcome, Tallied};
use mmstats::{Snapshot, SnapshotField, Value};

/// Gathers series by family: a family must not be interrupted by another.
#[derive(Default)]
pub(crate) struct Exposition {
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
    exposition: &'a mut Exposition,
    labels: String,
    /// The label that was added last. Files of one program have theirs in one order.
    last: usize,
}

impl Exposition {
    /// Begins with a file.
    pub(crate) fn source(&mut self, snapshot: &Snapshot) -> Source<'_> {
        let mut labels = String::new();
        label(&mut labels, "file", &distinct(snapshot.path().as_os_str().as_encoded_bytes()));
        let number = |ending: &str| snapshot.find(ending)?.value().as_integer();
        let (pid, tid) = (number("sys.pid"), number("sys.tid"));
        if let Some(pid) = pid {
            label(&mut labels, "pid", &pid.to_string());
        }
        if let Some(tid) = tid {
            label(&mut labels, "tid", &tid.to_string());
        }
        let name = snapshot.path().file_name().unwrap_or_default().as_encoded_bytes();
        label(&mut labels, "cmd", &escape(command(name, pid, tid)));
        self.file += 1;
        Source { exposition: self, labels, last: usize::MAX }
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

    /// A label's place in `labels`; `guess` may be it.
    fn label(&mut self, name: &[u8], is_text: bool, guess: usize) -> usize {
        if self.labels.get(guess).is_some_and(|label| label.is_text == is_text && label.name == name) {
            return guess;
        }
        if let Some(&place) = self.known[usize::from(is_text)].get(name) {
            return place;
        }
        let place = self.labels.len();
        let family_name = family_name(name, is_text);
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

    /// Writes all families.
    pub(crate) fn write(&self, out: &mut Output) -> Result<(), Stop> {
        for (name, family) in &self.families {
            writeln!(out, "# HELP {name} Published by a running program through a mmstats file.")?;
            writeln!(out, "# TYPE {name} untyped")?;
            out.write_bytes(&self.lines[*family])?;
        }
        Ok(())
    }
}

impl Source<'_> {
    /// Adds a field. False if the file had its label before: two texts under one label would be two series,
    /// but the second is as wrong as a number's.
    pub(crate) fn add(&mut self, field: &SnapshotField<'_>) -> bool {
        let (exposition, value) = (&mut *self.exposition, field.value());
        let is_text = matches!(value, Value::Text(_));
        if value.is_compound() && value.as_f64().is_none() {
            // No number, and nothing that names a series.
            return true;
        }
        let label = exposition.label(field.label(), is_text, self.last.wrapping_add(1));
        self.last = label;
        let first = exposition.labels[label].first;
        if std::mem::replace(&mut exposition.labels[first].file, exposition.file) == exposition.file {
            return false;
        }
        exposition.add_series(label, &self.labels, value);
        true
    }
}

fn family_name(label: &[u8], is_text: bool) -> String {
    let mut name = String::from("mmstats_");
    name.extend(label.iter().map(|&byte| if byte.is_ascii_alphanumeric() { char::from(byte) } else { '_' }));
    if is_text {
        name.push_str("_info");
    }
    name
}

/// A file's path, escaped so that no two are alike: a backslash of its own is doubled.
fn distinct(path: &[u8]) -> String {
    let mut doubled = Vec::with_capacity(path.len());
    for &byte in path {
        doubled.extend_from_slice(if byte == b'\\' { b"\\\\" } else { std::slice::from_ref(&byte) });
    }
    escape(&doubled).into_owned()
}

/// Appends `name="value",`. Backslash, quote and newline are escaped as the format has it; what is
/// unsafe on a terminal was escaped before.
fn label(out: &mut String, name: &str, value: &str) {
    out.push_str(name);
    out.push_str("=\"");
    if !value.bytes().any(|byte| matches!(byte, b'\\' | b'"')) {
        out.push_str(value);
        out.push_str("\",");
        return;
    }
    for char in value.chars() {
        match char {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            char => out.push(char),
        }
    }
    out.push_str("\",");
}

/// Appends a number as Go's `ParseFloat` reads it.
fn push_for_go(out: &mut Vec<u8>, value: Value<'_>) {
    match value.as_f64() {
        Some(double) if double.is_nan() => out.extend_from_slice(b"NaN"),
        Some(f64::INFINITY) => out.extend_from_slice(b"+Inf"),
        Some(f64::NEG_INFINITY) => out.extend_from_slice(b"-Inf"),
        _ => match value {
            Value::Bool(value) => out.push(b'0' + u8::from(value)),
            number => push_number(out, number),
        },
    }
}

/// The command in a file name `CMD-PID-TID.mmstats`, or `CMD-PID-TID.2.mmstats`, or whatever is before the
/// ending.
fn command(name: &[u8], pid: Option<i128>, tid: Option<i128>) -> &[u8] {
    let stem = name.strip_suffix(b".mmstats").unwrap_or(name);
    let numbered = stem.iter().rposition(|&byte| byte == b'.').map(|dot| stem.split_at(dot));
    let mut command = match (numbered, tid) {
        (Some((rest, [b'.', digits @ ..])), Some(tid))
            if !digits.is_empty()
                && digits.iter().all(u8::is_ascii_digit)
                && rest.ends_with(format!("-{tid}").as_bytes()) =>
        {
            rest
        }
        _ => stem,
    };
    for number in [tid, pid].into_iter().flatten() {
        command = command.strip_suffix(format!("-{number}").as_bytes()).unwrap_or(command);
    }
    if command.is_empty() { stem } else { command }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_prometheus_takes() {
        assert_eq!(family_name(b"web.stats.2XX", false), "mmstats_web_stats_2XX");
        assert_eq!(family_name("é{}\"\n".as_bytes(), true), "mmstats________info");
    }

    #[test]
    fn the_command_is_found_in_the_file_name() {
        assert_eq!(command(b"web-12-34.mmstats", Some(12), Some(34)), b"web");
        assert_eq!(command(b"web-12-34.2.mmstats", Some(12), Some(34)), b"web");
        assert_eq!(command(b"web.2.mmstats", Some(12), Some(34)), b"web.2");
        assert_eq!(command(b"a-b-12.mmstats", Some(12), Some(34)), b"a-b");
        assert_eq!(command(b"other.mmstats", Some(12), None), b"other");
        assert_eq!(command(b"-12.mmstats", Some(12), None), b"-12");
    }

    #[test]
    fn numbers_are_what_go_reads() {
        for (value, want) in [
            (Value::Double(f64::NEG_INFINITY), "-Inf"),
            (Value::Float(f32::NAN), "NaN"),
            (Value::Bool(true), "1"),
            (Value::Double(1e300), "1e300"),
            (Value::Unsigned(u64::MAX), "18446744073709551615"),
        ] {
            let mut out = Vec::new();
            push_for_go(&mut out, value);
            assert_eq!(String::from_utf8(out).unwrap(), want);
        }
    }
}
