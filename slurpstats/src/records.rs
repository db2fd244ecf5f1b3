//! Records as text, lines and JSON.

use std::path::Path;

use cli::{
    Color, Json, Labels, Members, Objects, Output, Stop, escape, escape_path, in_json, in_words,
    part_quantity, quantity, value_quantity, width,
};
use figures::part::derived;
use figures::{Outcome, Tallied};
use mmstats::{Part, SnapshotField};

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
pub(crate) fn outcome_parts(
    result: &Tallied,
    labels: &Labels,
) -> Vec<(std::borrow::Cow<'static, str>, Outcome)> {
    labels.parts(&result.label, result.outcome.parts(), |name| result.outcome.part(name))
}

/// Whether a result has parts, and not all that it is shown as is wanted. Each of the parts that are is a record then.
fn is_taken_apart(result: &Tallied, labels: &Labels) -> bool {
    matches!(result.outcome, Outcome::Compound(_)) && !labels.want_all_of(&result.label)
}

/// A label and its value, as text.
type Row = (Vec<u8>, String);

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
        let (label, unit) = (field.label(), field.unit());
        if !field.value().is_compound() || labels.want_all_of(label) {
            rows.push((label.to_vec(), value_quantity(field.value_in_unit(), unit, field.kind())));
            continue;
        }
        for (name, part) in parts(field, labels) {
            rows.push((derived(label, &name), part_quantity(&name, &part.into(), unit)));
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", color.head(format_args!("==> {}", escape_path(path))))?;
    columns(&rows, color, out)?;
    out.write_str("\n")
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
            let value = quantity(&result.outcome, unit, result.about.kind).into_owned();
            rows.push((result.label.clone(), value));
            continue;
        }
        for (name, part) in outcome_parts(result, labels) {
            rows.push((derived(&result.label, &name), part_quantity(&name, &part, unit)));
        }
    }
    columns(&rows, color, out)
}

fn columns(rows: &[Row], color: Color, out: &mut Output) -> Result<(), Stop> {
    let widest = rows.iter().map(|(label, _)| width(&escape(label))).max().unwrap_or(0);
    for (label, value) in rows {
        let label = escape(label);
        // One blank more than the widest label needs.
        let pad = widest - width(&label) + 1;
        writeln!(out, "  {}{:pad$}{value}", color.label(&label), "")?;
    }
    Ok(())
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
        let value = field.value_in_unit();
        if value.is_compound() {
            return parts(field, labels).iter().try_for_each(|(name, part)| {
                out.write_str(&self.start)?;
                label(&derived(field.label(), name), self.color, out)?;
                out.write_value(*part)?;
                out.write_byte(b'\n')
            });
        }
        out.write_str(&self.start)?;
        label(field.label(), self.color, out)?;
        out.write_value(value)?;
        out.write_byte(b'\n')
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
    parts(field, labels).iter().try_for_each(|(name, part)| {
        let derived = derived(field.label(), name);
        out.gather(|out| objects.push_part(field, &derived, *part, out))
    })
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
            let members = Members { kind: mmstats::MetricType::Unknown, unit: None, help, merge: None };
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
