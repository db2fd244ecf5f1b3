//! Records as text, lines and JSON.

use std::path::Path;

use cli::{Color, Json, Output, Stop, escape, escape_path, in_json, in_words, width};
use figures::Tallied;
use mmstats::SnapshotField;

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
    let widest = widest(fields.iter().map(SnapshotField::label));
    for field in fields {
        padded(field.label(), widest, color, out)?;
        out.write_value(field.value())?;
        out.write_str("\n")?;
    }
    out.write_str("\n")
}

/// The same for aggregates, which have no path.
pub(crate) fn aggregated_text(results: &[Tallied], color: Color, out: &mut Output) -> Result<(), Stop> {
    let widest = widest(results.iter().map(|result| result.label.as_slice()));
    for result in results {
        padded(&result.label, widest, color, out)?;
        writeln!(out, "{}", in_words(&result.outcome))?;
    }
    Ok(())
}

/// The width of the widest label.
fn widest<'a>(labels: impl Iterator<Item = &'a [u8]>) -> usize {
    labels.map(|label| width(&escape(label))).max().unwrap_or(0)
}

/// A label in its column.
fn padded(label: &[u8], widest: usize, color: Color, out: &mut Output) -> Result<(), Stop> {
    let label = escape(label);
    let pad = widest - width(&label);
    if color.is_on() {
        write!(out, "  {}", color.label(&label))?;
    } else {
        out.write_str("  ")?;
        out.write_str(&label)?;
    }
    // One blank more than the widest label needs.
    out.gather(|out| out.resize(out.len() + pad + 1, b' '))
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
        out.write_byte(b'\n')
    }
}

/// `LABEL<TAB>VALUE`.
pub(crate) fn aggregated_lines(results: &[Tallied], color: Color, out: &mut Output) -> Result<(), Stop> {
    for result in results {
        label(&result.label, color, out)?;
        writeln!(out, "{}", in_words(&result.outcome))?;
    }
    Ok(())
}

fn label(label: &[u8], color: Color, out: &mut Output) -> Result<(), Stop> {
    if color.is_on() {
        return write!(out, "{}\t", color.label(escape(label)));
    }
    out.write_escaped(label)?;
    out.write_byte(b'\t')
}

/// One object per aggregate: without a file there is no process, either.
pub(crate) fn aggregated_json(results: &[Tallied], out: &mut Output) -> Result<(), Stop> {
    for Tallied { label, code, outcome, .. } in results {
        let (label, code) = (Json::Text(label), Json::Text(code.as_bytes()));
        let value = in_json(outcome);
        writeln!(out, "{{\"label\":{label},\"type\":{code},\"value\":{value}}}")?;
    }
    Ok(())
}
