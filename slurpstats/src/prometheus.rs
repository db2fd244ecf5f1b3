//! The Prometheus text exposition format, version 0.0.4.
//!
//! A family a label: its name is `mmstats_` and the label with every byte outside `[a-zA-Z0-9_]` made
//! `_`. Two labels may meet in one name (`a.b` and `a_b`), so the label stands in full beside the
//! value. Version 1 files do not tell a counter from a gauge, so everything is `untyped`. Text becomes
//! an info metric: the value 1, the text in a label.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;

use cli::{Outcome, Output, Stop, Tallied, escape, escape_path};
use mmstats::{Snapshot, SnapshotField, Value};

/// Gathers series by family: a family must not be interrupted by another.
#[derive(Default)]
pub(crate) struct Exposition {
    /// A family's lines, in the order of the files.
    families: BTreeMap<String, String>,
    /// The series of the current file: those of another differ from them, since they name their file.
    known: HashSet<String>,
}

/// The file that series come from.
pub(crate) struct Source<'a> {
    exposition: &'a mut Exposition,
    labels: String,
}

impl Exposition {
    /// Begins with a file.
    pub(crate) fn source(&mut self, snapshot: &Snapshot) -> Source<'_> {
        let mut labels = String::new();
        label(&mut labels, "file", &escape_path(snapshot.path()));
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
        self.known.clear();
        Source { exposition: self, labels }
    }

    /// Adds a label's outcome over all files.
    pub(crate) fn add_result(&mut self, result: &Tallied) {
        let value = match &result.outcome {
            Outcome::Bool(value) => Value::Bool(*value),
            Outcome::Integer(value) => {
                self.add(&result.label, "", None, &value.to_string());
                return;
            }
            Outcome::Float(value) => Value::Float(*value),
            Outcome::Double(value) => Value::Double(*value),
            Outcome::Text(text) => Value::Text(text),
            Outcome::Texts(texts) => {
                for text in texts {
                    self.add(&result.label, "", Some(text), "1");
                }
                return;
            }
        };
        self.add_value(&result.label, "", value);
    }

    fn add_value(&mut self, name: &[u8], labels: &str, value: Value<'_>) -> bool {
        match value {
            Value::Text(text) => self.add(name, labels, Some(text), "1"),
            number => self.add(name, labels, None, &in_go(number)),
        }
    }

    /// Adds a series. False if it is there already.
    fn add(&mut self, name: &[u8], labels: &str, text: Option<&[u8]>, value: &str) -> bool {
        let family = family_name(name, text.is_some());
        let mut series = format!("{family}{{");
        label(&mut series, "label", &escape(name));
        let label_end = series.len();
        series.push_str(labels);
        if let Some(text) = text {
            label(&mut series, "value", &escape(text));
        }
        series.pop();
        series.push('}');
        // Two texts under one label of one file would be two series: the second is as wrong as a number's.
        let key_end = if text.is_some() && !labels.is_empty() { label_end } else { series.len() };
        if self.known.contains(&series[..key_end]) {
            return false;
        }
        let lines = self.families.entry(family).or_default();
        for part in [&series, " ", value, "\n"] {
            lines.push_str(part);
        }
        series.truncate(key_end);
        self.known.insert(series);
        true
    }

    /// Writes all families.
    pub(crate) fn write(&self, out: &mut Output) -> Result<(), Stop> {
        for (name, lines) in &self.families {
            writeln!(out, "# HELP {name} Published by a running program through a mmstats file.")?;
            writeln!(out, "# TYPE {name} untyped")?;
            out.write_str(lines)?;
        }
        Ok(())
    }
}

impl Source<'_> {
    /// Adds a field. False if the file had its label before.
    pub(crate) fn add(&mut self, field: &SnapshotField<'_>) -> bool {
        self.exposition.add_value(field.label(), &self.labels, field.value())
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

/// A number as Go's `ParseFloat` reads it.
fn in_go(value: Value<'_>) -> String {
    match value.as_f64() {
        Some(double) if double.is_nan() => "NaN".to_owned(),
        Some(f64::INFINITY) => "+Inf".to_owned(),
        Some(f64::NEG_INFINITY) => "-Inf".to_owned(),
        _ => match value {
            Value::Bool(value) => u8::from(value).to_string(),
            number => {
                let mut text = String::new();
                // Writing to a String cannot fail.
                let _ = write!(text, "{number}");
                text
            }
        },
    }
}

/// The command in a file name `CMD-PID-TID.mmstats`, or whatever stands before the ending.
fn command(name: &[u8], pid: Option<i128>, tid: Option<i128>) -> &[u8] {
    let stem = name.strip_suffix(b".mmstats").unwrap_or(name);
    let mut command = stem;
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
        assert_eq!(command(b"a-b-12.mmstats", Some(12), Some(34)), b"a-b");
        assert_eq!(command(b"other.mmstats", Some(12), None), b"other");
        assert_eq!(command(b"-12.mmstats", Some(12), None), b"-12");
    }

    #[test]
    fn numbers_are_what_go_reads() {
        assert_eq!(in_go(Value::Double(f64::NEG_INFINITY)), "-Inf");
        assert_eq!(in_go(Value::Float(f32::NAN)), "NaN");
        assert_eq!(in_go(Value::Bool(true)), "1");
        assert_eq!(in_go(Value::Double(1e300)), "1e300");
        assert_eq!(in_go(Value::Unsigned(u64::MAX)), "18446744073709551615");
    }
}
