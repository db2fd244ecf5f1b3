//! Rows as records: tsv, csv, and one object per line.

use std::borrow::Cow;

use cli::{Json, Output, Stop, Timestamp, escape};

use crate::column::Cell;
use crate::row::Row;

/// What is between fields, and what is done about it within them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Separator {
    /// Escaping leaves no TAB in a field.
    Tab,
    /// RFC 4180: a field with a comma or a quote is in quotes.
    Comma,
}

/// The one header line.
pub(crate) fn header(
    names: &[String],
    has_time: bool,
    separator: Separator,
    out: &mut Output,
) -> Result<(), Stop> {
    let time = has_time.then_some("time").into_iter().map(Cow::Borrowed);
    line(time.chain(names.iter().map(|name| Cow::Borrowed(name.as_str()))), separator, out)
}

/// A row.
pub(crate) fn fields(row: &Row, has_time: bool, separator: Separator, out: &mut Output) -> Result<(), Stop> {
    let time = has_time.then(|| Cow::Owned(Timestamp(row.at).to_string())).into_iter();
    line(time.chain(row.cells.iter().map(whole)), separator, out)
}

fn line<'a>(
    fields: impl Iterator<Item = Cow<'a, str>>,
    separator: Separator,
    out: &mut Output,
) -> Result<(), Stop> {
    for (number, field) in fields.enumerate() {
        let between = match separator {
            _ if number == 0 => "",
            Separator::Tab => "\t",
            Separator::Comma => ",",
        };
        if separator == Separator::Comma && field.contains([',', '"']) {
            write!(out, "{between}\"{}\"", field.replace('"', "\"\""))?;
        } else {
            write!(out, "{between}{field}")?;
        }
    }
    out.write_str("\n")
}

/// A row as an object: the time, if asked for, and each column by its name.
pub(crate) fn object(row: &Row, names: &[String], has_time: bool, out: &mut Output) -> Result<(), Stop> {
    out.write_str("{")?;
    if has_time {
        write!(out, "\"time\":\"{}\",", Timestamp(row.at))?;
    }
    for (number, (name, cell)) in names.iter().zip(&row.cells).enumerate() {
        let between = if number == 0 { "" } else { "," };
        let value = match cell {
            Cell::Nothing => Json::Null,
            Cell::Integer(value) => Json::Integer(*value),
            Cell::Double(value) => Json::Double(*value),
            Cell::Float(value) => Json::Float(*value),
            Cell::Text(bytes) => Json::Text(bytes),
        };
        write!(out, "{between}{}:{value}", Json::Text(name.as_bytes()))?;
    }
    out.write_str("}\n")
}

/// A cell in full; empty where there is nothing.
fn whole(cell: &Cell) -> Cow<'_, str> {
    match cell {
        Cell::Nothing => "".into(),
        Cell::Integer(value) => value.to_string().into(),
        Cell::Double(value) => format!("{value:?}").into(),
        Cell::Float(value) => format!("{value:?}").into(),
        Cell::Text(bytes) => escape(bytes),
    }
}
