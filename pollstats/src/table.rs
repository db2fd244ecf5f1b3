//! Rows as a table for the eye: columns that fit the terminal, the header again and again.

use std::borrow::Cow;

use cli::{Color, Output, Stop, Timestamp, escape};
use figures::Outcome;
use mmstats::MetricType;

use crate::column::Cell;
use crate::row::{Row, Unit};

/// What a column has at least if there is room, and what a terminal's columns grow to.
const NARROW: usize = 10;
const WIDE: usize = 20;
/// What it has in any case.
const LEAST: usize = 5;
/// Columns of a moment.
const MOMENT: usize = 24;

/// Writes the table.
pub(crate) struct Table {
    names: Vec<String>,
    has_time: bool,
    color: Color,
    /// After how many rows the header comes again; `None`: as the terminal's height has it.
    every: Option<usize>,
    rows: usize,
    widths: Vec<usize>,
}

impl Table {
    pub(crate) fn new(names: Vec<String>, has_time: bool, every: Option<usize>, color: Color) -> Self {
        Self { names, has_time, color, every, rows: 0, widths: Vec::new() }
    }

    /// Writes a row, the header before it if it is time. `window` is the terminal's size now, if there is
    /// one.
    pub(crate) fn write(
        &mut self,
        row: &Row,
        window: Option<(usize, usize)>,
        out: &mut Output,
    ) -> Result<(), Stop> {
        let room =
            window.map(|(columns, _)| columns.saturating_sub(if self.has_time { MOMENT + 1 } else { 0 }));
        let widths = widths(&self.names, room);
        // Header and rows together fill a window.
        let every =
            self.every.unwrap_or_else(|| window.map_or(20, |(_, rows)| rows.saturating_sub(1).max(1)));
        let is_time = every > 0 && self.rows >= every;
        if widths != self.widths || is_time {
            self.widths = widths;
            self.rows = 0;
            self.header(out)?;
        }
        self.rows += 1;
        let (mut separator, mut line) = ("", String::new());
        if self.has_time {
            write!(out, "{}", Timestamp(row.at))?;
            separator = " ";
        }
        for ((cell, unit), &width) in row.cells.iter().zip(&row.units).zip(&self.widths) {
            line.clear();
            let quantity = unit.as_ref().filter(|_| window.is_some()).and_then(|unit| quantity(cell, unit));
            match quantity.filter(|quantity| cli::width(quantity) <= width) {
                Some(quantity) => push_right(&mut line, &quantity, width),
                None => push_right(&mut line, &fitted(cell, width, window.is_some()), width),
            }
            write!(out, "{separator}{line}")?;
            separator = " ";
        }
        out.write_str("\n")
    }

    fn header(&self, out: &mut Output) -> Result<(), Stop> {
        let mut line = String::new();
        if self.has_time {
            line.push_str(&format!("{:MOMENT$} ", "time"));
        }
        for (number, (name, &width)) in self.names.iter().zip(&self.widths).enumerate() {
            if number > 0 {
                line.push(' ');
            }
            push_right(&mut line, &end_of(name, width), width);
        }
        writeln!(out, "{}", self.color.head(line))
    }
}

/// How wide the columns are: as their names need and more if there is room, less if there is not.
fn widths(names: &[String], room: Option<usize>) -> Vec<usize> {
    let mut widths: Vec<_> = names.iter().map(|name| cli::width(name).max(NARROW)).collect();
    let Some(room) = room else { return widths };
    let needed = |widths: &[usize]| widths.iter().sum::<usize>() + widths.len() - 1;
    while needed(&widths) > room {
        // The widest first, so that short names stay whole.
        match widths.iter_mut().rev().max_by_key(|width| **width) {
            Some(widest) if *widest > LEAST => *widest -= 1,
            _ => return widths,
        }
    }
    let spare = (room - needed(&widths)) / names.len().max(1);
    for width in &mut widths {
        *width = (*width + spare).min(WIDE).max(*width);
    }
    widths
}

/// A number in a unit that people read: `21.4us`, `3.2MiB/s`. `None` of a unit that has no greater and smaller ones.
fn quantity(cell: &Cell, unit: &Unit) -> Option<String> {
    let is_moment = unit.kind == MetricType::Timestamp;
    if !is_moment && !matches!(unit.name.as_str(), "seconds" | "bytes" | "ratio") {
        return None;
    }
    let outcome = match cell {
        Cell::Integer(value) => Outcome::Integer(*value),
        Cell::Double(value) => Outcome::Double(*value),
        Cell::Float(value) => Outcome::Float(*value),
        Cell::Nothing | Cell::Text(_) => return None,
    };
    let quantity = cli::quantity(&outcome, Some(&unit.name), unit.kind);
    Some(if unit.is_per_second { format!("{quantity}/s") } else { quantity.into_owned() })
}

/// A cell in at most `width` columns. Text is cut only where it `is_cut`.
fn fitted(cell: &Cell, width: usize, is_cut: bool) -> Cow<'_, str> {
    match cell {
        Cell::Nothing => "-".into(),
        Cell::Integer(value) => {
            let whole = value.to_string();
            if whole.len() <= width { whole.into() } else { scaled(*value, width).into() }
        }
        Cell::Double(value) => float(format!("{value:?}"), *value, width).into(),
        Cell::Float(value) => float(format!("{value:?}"), f64::from(*value), width).into(),
        Cell::Text(bytes) => {
            let text = escape(bytes);
            if !is_cut || cli::width(&text) <= width {
                return text;
            }
            format!("{}…", cli::beginning(&text, width - 1)).into()
        }
    }
}

/// `12.3M`: as many digits as fit.
fn scaled(value: i128, width: usize) -> String {
    #[allow(clippy::cast_precision_loss)]
    let mut rest = value as f64;
    let mut unit = ' ';
    for next in "kMGTPEZY".chars() {
        if rest.abs() < 1000.0 {
            break;
        }
        (rest, unit) = (rest / 1000.0, next);
    }
    let least = || format!("{rest:.0}{unit}");
    let candidates = (0..=3).rev().map(|digits| format!("{rest:.digits$}{unit}"));
    candidates.into_iter().find(|text| text.len() <= width).unwrap_or_else(least)
}

/// The shortest form that reads back the same, or as many digits as fit.
fn float(shortest: String, value: f64, width: usize) -> String {
    if shortest.len() <= width {
        return shortest;
    }
    let fixed = (0..width).rev().map(|digits| format!("{value:.digits$}"));
    let with_exponent = (0..width).rev().map(|digits| format!("{value:.digits$e}"));
    // A small number would lose all its digits before the point.
    let is_small = value.abs() < 1e-3;
    let fixed = fixed.filter(|_| !is_small);
    let mut candidates = fixed.chain(with_exponent);
    candidates.find(|text| text.len() <= width).unwrap_or(shortest)
}

/// A name's end, since that is what tells columns apart.
fn end_of(name: &str, width: usize) -> Cow<'_, str> {
    if cli::width(name) <= width {
        return name.into();
    }
    format!("…{}", cli::end(name, width - 1)).into()
}

/// Appends text, after as many blanks as its column has left.
fn push_right(line: &mut String, text: &str, width: usize) {
    line.extend(std::iter::repeat_n(' ', width.saturating_sub(cli::width(text))));
    line.push_str(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fit_the_window() {
        let names = |count: usize| vec!["2XX".to_owned(); count];
        assert_eq!(widths(&names(3), None), [10, 10, 10]);
        assert_eq!(widths(&names(2), Some(80)), [20, 20]);
        assert_eq!(widths(&names(4), Some(50)), [11, 11, 11, 11]);
        assert_eq!(widths(&names(4), Some(31)), [7, 7, 7, 7]);
        assert_eq!(widths(&names(4), Some(3)), [5, 5, 5, 5], "lines break rather than lose their sense");
        assert_eq!(widths(&["web.stats.status.2XX".into(), "a".into()], Some(20)), [9, 10]);
    }

    #[test]
    fn numbers_are_in_units_that_people_read() {
        let shown = |cell: Cell, name: &str, kind, is_per_second| {
            quantity(&cell, &Unit { name: name.into(), kind, is_per_second }).unwrap_or_default()
        };
        let (gauge, counter) = (MetricType::Gauge, MetricType::Counter);
        assert_eq!(shown(Cell::Double(2.14e-5), "seconds", gauge, false), "21.4us");
        assert_eq!(shown(Cell::Integer(3 << 20), "bytes", counter, true), "3MiB/s");
        assert_eq!(shown(Cell::Double(0.123), "ratio", gauge, false), "12.3 %");
        assert_eq!(shown(Cell::Integer(7), "requests", counter, false), "", "there is no greater unit");
        assert_eq!(shown(Cell::Nothing, "seconds", gauge, false), "");
        let moment = Cell::Double(1_795_228_800.5);
        assert_eq!(shown(moment, "seconds", MetricType::Timestamp, false), "2026-11-21 02:40:00");
    }

    #[test]
    fn numbers_that_are_too_wide_are_scaled() {
        let fitted = |value: i128, width| fitted(&Cell::Integer(value), width, true).into_owned();
        assert_eq!(fitted(12_345_678, 8), "12345678");
        assert_eq!(fitted(12_345_678, 7), "12.346M");
        assert_eq!(fitted(12_345_678, 5), "12.3M");
        assert_eq!(fitted(999_999, 5), "1000k");
        assert_eq!(fitted(u64::MAX.into(), 10), "18.447E");
        assert_eq!(fitted(-12_345_678, 6), "-12.3M");
    }

    #[test]
    fn floats_lose_digits_and_text_its_end() {
        let fitted = |cell: Cell, width| fitted(&cell, width, true).into_owned();
        assert_eq!(fitted(Cell::Double(0.1), 5), "0.1");
        assert_eq!(fitted(Cell::Double(1.0 / 3.0), 5), "0.333");
        assert_eq!(fitted(Cell::Double(123_456.789), 8), "123456.8");
        assert_eq!(fitted(Cell::Double(1.0 / 3e9), 8), "3.33e-10");
        assert_eq!(fitted(Cell::Double(1e300), 5), "1e300");
        assert_eq!(fitted(Cell::Float(0.1), 5), "0.1");
        assert_eq!(fitted(Cell::Text(b"a\tb".to_vec()), 5), "a\\tb");
        assert_eq!(fitted(Cell::Text(b"abcdefgh".to_vec()), 5), "abcd…");
        assert_eq!(fitted(Cell::Nothing, 5), "-");
        assert_eq!(end_of("web.stats.status.2XX", 7), "…us.2XX");
    }
}
