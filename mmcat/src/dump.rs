//! The annotated dump: offset, bytes, the same as characters, what they are. Lines that repeat are
//! folded as `hexdump` folds them.

use std::borrow::Cow;
use std::fmt::Display;
use std::ops::Range;
use std::path::Path;

use cli::{Color, Output, Stop, beginning, escape, escape_path, width};

use crate::region::{Meaning, Region, Role, regions};

/// Bytes per line, with a note after them and without one.
const NARROW: usize = 8;
const WIDE: usize = 16;
/// Digits of an offset.
const OFFSET: usize = 8;
/// Columns of a value that fit after the rest of a line of 80.
const NOTE: usize = 20;

/// Writes the dump of `bytes`, the file `path`.
pub(crate) fn write(path: &Path, bytes: &[u8], color: Color, out: &mut Output) -> Result<(), Stop> {
    writeln!(out, "{}", color.head(format_args!("==> {}", escape_path(path))))?;
    let mut lines = Lines { color, note: String::new() };
    let mut label: &[u8] = &[];
    for region in regions(bytes) {
        // A value of version 2 is not beside its label.
        if region.label != label && is_of_value(region.role) {
            let owner = format!("{}:", escape(region.label));
            writeln!(out, "{:8}  {}", "", color.label(owner))?;
        }
        label = region.label;
        lines.region(&region, out)?;
    }
    writeln!(out, "{}", color.faint(format_args!("{:08x}", bytes.len())))
}

/// Whether a value can begin with this.
fn is_of_value(role: Role) -> bool {
    matches!(role, Role::Control | Role::Value | Role::Spare | Role::Skipped | Role::Unknown)
}

struct Lines {
    color: Color,
    /// Kept from line to line for its memory.
    note: String,
}

impl Lines {
    fn region(&mut self, region: &Region<'_>, out: &mut Output) -> Result<(), Stop> {
        let role = region.role;
        let width = if role == Role::Unknown { WIDE } else { NARROW };
        if role == Role::Unknown {
            let reason = format!("{}: {}", role.name(), region.value());
            writeln!(out, "{:8}  {}", "", colored(self.color, role, &reason))?;
        } else {
            let first = &region.bytes[..region.bytes.len().min(width)];
            self.bytes(region.at, first, width, role, out)?;
            let (gap, note) = (width - first.len() + 2, note(region));
            self.note.clear();
            self.note.push_str(role.name());
            if !note.is_empty() {
                self.note.push_str(blanks(12_usize.saturating_sub(role.name().len()) + 1));
                self.note.push_str(&note);
            }
            out.write_str(blanks(gap))?;
            self.write(role, &self.note, out)?;
            out.write_str("\n")?;
        }
        let skipped = if role == Role::Unknown { 0 } else { 1 };
        let mut above = &region.bytes[..skipped * region.bytes.len().min(width)];
        let mut folded = false;
        for (number, line) in region.bytes.chunks(width).enumerate().skip(skipped) {
            // The end of what is folded may be shorter: the next offset says by how much.
            if above == line || (folded && above.starts_with(line)) {
                if !folded {
                    writeln!(out, "{}", self.color.faint("*"))?;
                }
                folded = true;
                continue;
            }
            self.bytes(region.at + number * width, line, width, role, out)?;
            out.write_str("\n")?;
            (above, folded) = (line, false);
        }
        Ok(())
    }

    /// Offset, bytes and characters, without the end of the line.
    fn bytes(&self, at: usize, bytes: &[u8], width: usize, role: Role, out: &mut Output) -> Result<(), Stop> {
        // Three columns a byte and one between the halves, less the last blank.
        let columns = width * 3 - 1 + (width / NARROW - 1);
        let chars = OFFSET + 2 + columns + 3;
        let mut line = [b' '; OFFSET + 2 + WIDE * 3 + 3 + WIDE + 1];
        // No file that is read is so large that its offsets have more digits.
        #[allow(clippy::cast_possible_truncation)]
        let offset = (at as u32).to_be_bytes();
        for (place, byte) in line.chunks_exact_mut(2).zip(offset) {
            place.copy_from_slice(&digits(byte));
        }
        let mut end = OFFSET + 2;
        for (number, &byte) in bytes.iter().enumerate() {
            let begin = OFFSET + 2 + number * 3 + number / NARROW;
            end = begin + 2;
            line[begin..end].copy_from_slice(&digits(byte));
            line[chars + number] = if matches!(byte, b' '..=b'~') { byte } else { b'.' };
        }
        line[chars - 1] = b'|';
        line[chars + bytes.len()] = b'|';
        if !self.color.is_on() {
            return out.write_bytes(&line[..=chars + bytes.len()]);
        }
        // All of it is ASCII.
        let text = |range: Range<usize>| std::str::from_utf8(&line[range]).unwrap_or_default();
        write!(out, "{}  ", self.color.faint(text(0..OFFSET)))?;
        write!(out, "{}{}", colored(self.color, role, text(OFFSET + 2..end)), text(end..chars))?;
        write!(out, "{}|", colored(self.color, role, text(chars..chars + bytes.len())))
    }

    /// Writes text in the role's colour. There are many short ones, and what formatting takes is most of the time.
    fn write(&self, role: Role, text: &str, out: &mut Output) -> Result<(), Stop> {
        if self.color.is_on() {
            write!(out, "{}", colored(self.color, role, text))
        } else {
            out.write_str(text)
        }
    }
}

/// A byte's two hexadecimal digits.
fn digits(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]
}

/// So many of them, at most a line.
fn blanks(count: usize) -> &'static str {
    const BLANKS: &str = "                                                                                ";
    &BLANKS[..count.min(BLANKS.len())]
}

/// The colours that the legend in the help lists.
pub(crate) fn colored<T: Display>(color: Color, role: Role, text: T) -> impl Display + use<T> {
    match role {
        Role::Version
        | Role::ByteOrder
        | Role::FirstRecord
        | Role::RecordSize
        | Role::LabelSize
        | Role::ValueAt
        | Role::ValueSize
        | Role::ItemsSize
        | Role::ItemSize
        | Role::TypeSize
        | Role::WriteBuffer
        | Role::Control => color.number(text),
        Role::Label => color.label(text),
        Role::RecordType | Role::DataType | Role::MetricType | Role::ItemId | Role::Item | Role::Type => {
            color.code(text)
        }
        Role::Value => color.value(text),
        Role::Spare => color.spare(text),
        Role::Padding | Role::Gap | Role::Skipped | Role::End | Role::Tail => color.faint(text),
        Role::Unknown => color.wrong(text),
    }
}

/// What comes after the role.
fn note<'a>(region: &Region<'a>) -> Cow<'a, str> {
    let value = region.value();
    match region.meaning {
        Meaning::Number(index @ (0 | 1)) if region.role == Role::WriteBuffer => {
            format!("{index}, buffer {} is read", index ^ 1).into()
        }
        Meaning::Number(index) if region.role == Role::WriteBuffer => format!("{index}, one value").into(),
        Meaning::Zeros(None) => format!("{}, all zero", region.bytes.len()).into(),
        Meaning::Zeros(Some(_)) => format!("{}, not all zero", region.bytes.len()).into(),
        Meaning::Text(_) if matches!(region.role, Role::Value | Role::Spare) && width(&value) > NOTE => {
            format!("{}…", beginning(&value, NOTE - 1)).into()
        }
        // A number is never cut.
        Meaning::Values(_) if width(&value) > NOTE && value.parse::<f64>().is_err() => {
            format!("{}…", beginning(&value, NOTE - 1)).into()
        }
        _ => value,
    }
}
