//! Records as text, lines and JSON.

use std::borrow::Cow;
use std::path::Path;

use cli::{Color, Json, Output, Stop, Tallied, escape, escape_path};
use mmstats::live::{Judge, Life};
use mmstats::{Snapshot, SnapshotField, Value};

/// `==> PATH`, the fields in a column, an empty line: as the original prints it. Nothing where nothing is
/// wanted of the file.
pub(crate) fn text(
    path: &Path,
    fields: &[SnapshotField<'_>],
    color: Color,
    out: &mut Output,
) -> Result<(), Stop> {
    if fields.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", color.head(format_args!("==> {}", escape_path(path))))?;
    column(fields.iter().map(|field| (escape(field.label()), shown(field.value()))), color, out)?;
    out.write_str("\n")
}

/// The same for aggregates, which have no path.
pub(crate) fn aggregated_text(results: &[Tallied], color: Color, out: &mut Output) -> Result<(), Stop> {
    column(results.iter().map(|result| (escape(&result.label), result.outcome.in_words())), color, out)
}

fn column<'a>(
    rows: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> + Clone,
    color: Color,
    out: &mut Output,
) -> Result<(), Stop> {
    let width = rows.clone().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
    for (label, value) in rows {
        let pad = width - label.chars().count();
        writeln!(out, "  {}{:pad$} {value}", color.label(&label), "")?;
    }
    Ok(())
}

/// `PATH<TAB>LABEL<TAB>VALUE`.
pub(crate) struct Lines {
    start: String,
    color: Color,
}

impl Lines {
    pub(crate) fn new(path: &Path, color: Color) -> Self {
        Self { start: format!("{}\t", color.head(escape_path(path))), color }
    }

    pub(crate) fn write(&mut self, field: &SnapshotField<'_>, out: &mut Output) -> Result<(), Stop> {
        out.write_str(&self.start)?;
        label(field.label(), self.color, out)?;
        out.write_value(field.value())?;
        out.write_str("\n")
    }
}

/// `LABEL<TAB>VALUE`.
pub(crate) fn aggregated_lines(results: &[Tallied], color: Color, out: &mut Output) -> Result<(), Stop> {
    for result in results {
        label(&result.label, color, out)?;
        writeln!(out, "{}", result.outcome.in_words())?;
    }
    Ok(())
}

fn label(label: &[u8], color: Color, out: &mut Output) -> Result<(), Stop> {
    if color.is_on() {
        return write!(out, "{}\t", color.label(escape(label)));
    }
    out.write_escaped(label)?;
    out.write_str("\t")
}

/// An object a line.
pub(crate) struct Objects {
    start: String,
    end: String,
}

impl Objects {
    pub(crate) fn new(snapshot: &Snapshot, judge: &Judge) -> Self {
        let path = Json::Text(snapshot.path().as_os_str().as_encoded_bytes()).to_string();
        let pid = snapshot.find("sys.pid").and_then(|field| field.value().as_integer());
        let pid = pid.map_or(Json::Null, Json::Integer);
        let alive = match judge.judge(snapshot).life {
            Life::Alive => Json::Bool(true),
            Life::Dead => Json::Bool(false),
            Life::Unknown => Json::Null,
        };
        let start = format!("{{\"file\":{path},\"label\":");
        let end = format!(",\"pid\":{pid},\"alive\":{alive}}}\n");
        Self { start, end }
    }

    pub(crate) fn write(&mut self, field: &SnapshotField<'_>, out: &mut Output) -> Result<(), Stop> {
        let code = field.type_code();
        let (label, code) = (Json::Text(field.label()), Json::Text(code.as_bytes()));
        let value = Json::from(field.value());
        write!(out, "{}{label},\"type\":{code},\"value\":{value}{}", self.start, self.end)
    }
}

/// The same for aggregates: without a file there is no process, either.
pub(crate) fn aggregated_json(results: &[Tallied], out: &mut Output) -> Result<(), Stop> {
    for Tallied { label, code, outcome } in results {
        let (label, code) = (Json::Text(label), Json::Text(code.as_bytes()));
        let value = outcome.in_json();
        writeln!(out, "{{\"label\":{label},\"type\":{code},\"value\":{value}}}")?;
    }
    Ok(())
}

/// A value for text and lines.
fn shown(value: Value<'_>) -> Cow<'_, str> {
    match value {
        Value::Text(bytes) => escape(bytes),
        number => Cow::Owned(number.to_string()),
    }
}
