//! Records as text, lines and JSON.

use std::borrow::Cow;
use std::path::Path;

use cli::{
    Color, Json, Labels, Members, Objects, Output, Stop, escape, escape_path, in_json, in_words, is_in_unit,
    part_quantity, push_escaped, push_value, quantity, value_quantity, width,
};
use figures::part::derived;
use figures::{Outcome, Tallied};
use mmstats::{MetricType, Part, SnapshotField};

/// The parts of a field that are wanted, with their names; the value itself without a name.
fn parts(field: &SnapshotField<'_>, labels: &Labels) -> Vec<Part<'static>> {
    let value = field.value();
    let shown = value.parts().into_iter().filter_map(|(name, _)| {
        let part = value.part(&name)?;
        Some((name, part))
    });
    labels.parts(field.label(), shown.collect(), |name| value.part(name))
}

/// The same of what came out over all files.
pub(crate) fn outcome_parts(result: &Tallied, labels: &Labels) -> Vec<(Cow<'static, str>, Outcome)> {
    labels.parts(&result.label, result.outcome.parts(), |name| result.outcome.part(name))
}

/// Whether a result has parts, and not all that it is shown as is wanted. Each of the parts that are is a record then.
fn is_taken_apart(result: &Tallied, labels: &Labels) -> bool {
    matches!(result.outcome, Outcome::Compound(_)) && !labels.want_all_of(&result.label)
}

/// `==> PATH`, the fields in a column, an empty line: as the original prints it. Nothing where nothing is
/// wanted of the file. Values are in units that people read.
pub(crate) fn text(
    path: &Path,
    fields: &[SnapshotField<'_>],
    labels: &Labels,
    color: Color,
    out: &mut Output,
) -> Result<(), Stop> {
    let mut rows = Vec::with_capacity(fields.len());
    for field in fields {
        if !field.value().is_compound() || labels.want_all_of(field.label()) {
            rows.push((Cow::Borrowed(field.label()), Shown::Whole(field)));
            continue;
        }
        for (name, part) in parts(field, labels) {
            let shown = part_quantity(&name, &part.into(), field.unit());
            rows.push((Cow::Owned(derived(field.label(), &name)), Shown::Part(shown)));
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", color.head(format_args!("==> {}", escape_path(path))))?;
    let widest = widest(rows.iter().map(|(label, _)| &**label));
    for (label, shown) in &rows {
        padded(label, widest, color, out)?;
        match shown {
            Shown::Whole(field) => match (field.unit(), field.kind(), field.value_in_unit()) {
                (None, kind, value) if kind != MetricType::Timestamp && !value.is_compound() => {
                    out.write_value(value)?;
                }
                (unit, kind, value) => out.write_str(&value_quantity(value, unit, kind))?,
            },
            Shown::Part(shown) => out.write_str(shown)?,
        }
        out.write_str("\n")?;
    }
    out.write_str("\n")
}

/// What is beside a label.
enum Shown<'a> {
    Whole(&'a SnapshotField<'a>),
    Part(String),
}

/// The same for aggregates, which have no path.
pub(crate) fn aggregated_text(
    results: &[Tallied],
    labels: &Labels,
    color: Color,
    out: &mut Output,
) -> Result<(), Stop> {
    let mut rows = Vec::with_capacity(results.len());
    for result in results {
        let unit = result.about.unit.as_deref();
        if !is_taken_apart(result, labels) {
            let value = quantity(&result.outcome, unit, result.about.kind);
            rows.push((Cow::Borrowed(result.label.as_slice()), value));
            continue;
        }
        for (name, part) in outcome_parts(result, labels) {
            let value = part_quantity(&name, &part, unit);
            rows.push((Cow::Owned(derived(&result.label, &name)), Cow::Owned(value)));
        }
    }
    let widest = widest(rows.iter().map(|(label, _)| &**label));
    for (label, value) in &rows {
        padded(label, widest, color, out)?;
        writeln!(out, "{value}")?;
    }
    Ok(())
}

/// A label that is wider than this does not make the column of the others as wide.
const WIDEST: usize = 100;

/// The width of the column of labels.
fn widest<'a>(labels: impl Iterator<Item = &'a [u8]>) -> usize {
    labels.map(|label| width(&escape(label))).filter(|width| *width <= WIDEST).max().unwrap_or(0)
}

/// A label in its column.
fn padded(label: &[u8], widest: usize, color: Color, out: &mut Output) -> Result<(), Stop> {
    let label = escape(label);
    let pad = widest.saturating_sub(width(&label));
    if color.is_on() {
        write!(out, "  {}", color.label(&label))?;
    } else {
        out.write_str("  ")?;
        out.write_str(&label)?;
    }
    // One blank more than the widest label needs.
    out.gather(|out| out.resize(out.len() + pad + 1, b' '))
}

/// `PATH<TAB>LABEL<TAB>VALUE`: each number by itself, in full.
pub(crate) struct Lines {
    start: String,
    color: Color,
}

impl Lines {
    pub(crate) fn new(path: &Path, color: Color) -> Self {
        Self { start: format!("{}\t", color.head(escape_path(path))), color }
    }

    pub(crate) fn write(
        &mut self,
        field: &SnapshotField<'_>,
        labels: &Labels,
        out: &mut Output,
    ) -> Result<(), Stop> {
        // What version 1 has needs no second look at what the field says.
        let value = if field.data_type().is_none() { field.value() } else { field.value_in_unit() };
        if value.is_compound() {
            return parts(field, labels).iter().try_for_each(|(name, part)| {
                out.write_str(&self.start)?;
                label(&derived(field.label(), name), self.color, out)?;
                out.write_value(*part)?;
                out.write_byte(b'\n')
            });
        }
        if self.color.is_on() {
            out.write_str(&self.start)?;
            label(field.label(), self.color, out)?;
            out.write_value(value)?;
            return out.write_byte(b'\n');
        }
        // There are very many lines.
        out.gather(|out| {
            out.extend_from_slice(self.start.as_bytes());
            push_escaped(out, field.label());
            out.push(b'\t');
            push_value(out, value);
            out.push(b'\n');
        })
    }
}

/// One object per field; per part, where only parts are wanted.
pub(crate) fn json(
    objects: &Objects,
    field: &SnapshotField<'_>,
    labels: &Labels,
    out: &mut Output,
) -> Result<(), Stop> {
    if labels.want_all_of(field.label()) || !field.value().is_compound() {
        return out.gather(|out| objects.push(field, out));
    }
    parts(field, labels)
        .iter()
        .try_for_each(|(name, part)| out.gather(|out| objects.push_part(field, name, *part, out)))
}

/// `LABEL<TAB>VALUE`.
pub(crate) fn aggregated_lines(
    results: &[Tallied],
    labels: &Labels,
    color: Color,
    out: &mut Output,
) -> Result<(), Stop> {
    for result in results {
        if !matches!(result.outcome, Outcome::Compound(_)) {
            label(&result.label, color, out)?;
            writeln!(out, "{}", in_words(&result.outcome))?;
            continue;
        }
        for (name, part) in outcome_parts(result, labels) {
            label(&derived(&result.label, &name), color, out)?;
            writeln!(out, "{}", in_words(&part))?;
        }
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
pub(crate) fn aggregated_json(results: &[Tallied], labels: &Labels, out: &mut Output) -> Result<(), Stop> {
    for result in results {
        let (kind, unit, help) =
            (result.about.kind, result.about.unit.as_deref(), result.about.help.as_deref());
        if !is_taken_apart(result, labels) {
            let members = Members { kind, unit, help, merge: None };
            object(&result.label, &result.code, &result.outcome, members, out)?;
            continue;
        }
        for (name, part) in outcome_parts(result, labels) {
            let code = if matches!(part, Outcome::Integer(_)) { "u64" } else { "f64" };
            let unit = unit.filter(|_| is_in_unit(&name));
            let members = Members { kind: MetricType::Unknown, unit, help, merge: None };
            object(&derived(&result.label, &name), code, &part, members, out)?;
        }
    }
    Ok(())
}

fn object(
    label: &[u8],
    code: &str,
    outcome: &Outcome,
    members: Members<'_>,
    out: &mut Output,
) -> Result<(), Stop> {
    let (text, code, value) = (Json::Text(label), Json::Text(code.as_bytes()), in_json(outcome));
    write!(out, "{{\"label\":{text},\"type\":{code},\"value\":{value}")?;
    out.gather(|out| members.push(label, out))?;
    out.write_str("}\n")
}
