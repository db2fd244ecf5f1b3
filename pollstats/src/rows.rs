//! Rows as they are asked for: text, separated, or JSON.

use cli::{Output, Stop, escape};

use crate::field::ColumnField;
use crate::records::{self, Separator};
use crate::row::Row;
use crate::table::Table;
use crate::{Format, Request};

/// Where rows go.
pub(crate) enum Rows {
    Text { table: Table, is_terminal: bool },
    Separated { separator: Separator, names: Vec<String>, has_time: bool, has_header: bool },
    Json { names: Vec<String>, has_time: bool },
}

impl Rows {
    pub(crate) fn new(request: &Request, fields: &[ColumnField], out: &Output) -> Self {
        let names = fields.iter().map(|field| escape(field.name.as_bytes()).into_owned()).collect();
        let has_time = request.has_time;
        match request.format {
            Format::Text => {
                let is_terminal = out.is_terminal();
                let color = request.color.decide(is_terminal);
                Self::Text { table: Table::new(names, has_time, request.headers, color), is_terminal }
            }
            Format::Separated(separator) => Self::Separated { separator, names, has_time, has_header: false },
            Format::Json => Self::Json { names, has_time },
        }
    }

    pub(crate) fn write(&mut self, row: &Row, out: &mut Output) -> Result<(), Stop> {
        match self {
            Self::Text { table, is_terminal } => {
                // A terminal that does not say is one of the usual size.
                let window = is_terminal.then(|| cli::window().unwrap_or((80, 24)));
                table.write(row, window, out)
            }
            Self::Separated { separator, names, has_time, has_header } => {
                if !std::mem::replace(has_header, true) {
                    records::header(names, *has_time, *separator, out)?;
                }
                records::fields(row, *has_time, *separator, out)
            }
            Self::Json { names, has_time } => records::object(row, names, *has_time, out),
        }
    }
}
