//! What every byte of a file is: regions that cover it once, in order, without a gap.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;

use cli::escape;
use mmstats::Value;
use mmstats::format::type_code::{is_space, items};
use mmstats::format::v1::{self, Defect, FIRST_FIELD, Record, VERSION};

/// What the bytes of a region are there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Version,
    LabelSize,
    Label,
    TypeSize,
    /// The type code without the white space around it.
    Type,
    /// White space around the type code.
    Padding,
    WriteBuffer,
    /// The buffer that a reader takes.
    Value,
    /// The buffer that a reader leaves.
    Spare,
    /// The label size of 0 that ends the list of fields.
    End,
    /// What follows the end.
    Tail,
    /// From here on nothing can be understood.
    Unknown,
}

impl Role {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::LabelSize => "label-size",
            Self::Label => "label",
            Self::TypeSize => "type-size",
            Self::Type => "type",
            Self::Padding => "padding",
            Self::WriteBuffer => "write-buffer",
            Self::Value => "value",
            Self::Spare => "spare",
            Self::End => "end",
            Self::Tail => "tail",
            Self::Unknown => "unknown",
        }
    }
}

/// Some bytes of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Region<'a> {
    /// The first byte's offset.
    pub(crate) at: usize,
    pub(crate) bytes: &'a [u8],
    pub(crate) role: Role,
    /// The label of the field that they belong to; empty where there is none.
    pub(crate) label: &'a [u8],
    pub(crate) meaning: Meaning<'a>,
}

/// What the bytes of a region say.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Meaning<'a> {
    Nothing,
    Number(u16),
    Text(&'a [u8]),
    /// Values of this type code.
    Values(&'a [u8]),
    /// Where the first byte is that is not 0.
    Zeros(Option<usize>),
    Fault(Fault),
}

/// Why understanding ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Empty,
    Version(u8),
    Field(usize, Defect),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("an empty file, not a stats file"),
            Self::Version(version) => {
                write!(f, "not a stats file: version {version}, {VERSION} is known")
            }
            Self::Field(at, defect) => write!(f, "field at byte {at}: {defect}"),
        }
    }
}

impl<'a> Region<'a> {
    /// What the bytes say, in one line that is safe on a terminal.
    pub(crate) fn value(&self) -> Cow<'a, str> {
        match self.meaning {
            Meaning::Nothing => Cow::Borrowed(""),
            Meaning::Number(number) => number.to_string().into(),
            Meaning::Text(text) => escape(text),
            Meaning::Values(code) => decoded(code, self.bytes),
            Meaning::Zeros(None) => Cow::Borrowed("all zero"),
            Meaning::Zeros(Some(at)) => format!("not zero at byte {at}").into(),
            Meaning::Fault(fault) => fault.to_string().into(),
        }
    }
}

/// All values that a type has, by spaces.
fn decoded<'a>(code: &[u8], bytes: &'a [u8]) -> Cow<'a, str> {
    let shown = |item| match Value::decode(&item, bytes) {
        Value::Text(text) => escape(text),
        number => number.to_string().into(),
    };
    let mut items = items(code);
    let mut all = items.next().map_or(Cow::Borrowed(""), shown);
    for item in items {
        let all = all.to_mut();
        all.push(' ');
        all.push_str(&shown(item));
    }
    all
}

/// The regions of `bytes`, a whole file. None is empty but values of a type without bytes, and an
/// unknown one where the file ends too soon.
pub(crate) fn regions(bytes: &[u8]) -> Regions<'_> {
    let mut regions = Regions { bytes, at: 0, label: &[], pending: VecDeque::with_capacity(8), done: false };
    match bytes.first() {
        Some(&VERSION) => regions.push(FIRST_FIELD, Role::Version, Meaning::Number(VERSION.into())),
        Some(&version) => regions.end(Fault::Version(version)),
        None => regions.end(Fault::Empty),
    }
    regions
}

/// See [`regions`].
pub(crate) struct Regions<'a> {
    bytes: &'a [u8],
    /// Up to here there are regions.
    at: usize,
    label: &'a [u8],
    pending: VecDeque<Region<'a>>,
    done: bool,
}

impl<'a> Iterator for Regions<'a> {
    type Item = Region<'a>;

    fn next(&mut self) -> Option<Region<'a>> {
        if self.pending.is_empty() && !self.done {
            self.label = &[];
            match v1::field(self.bytes, self.at) {
                Ok(Some(record)) => self.field(&record),
                Ok(None) => self.tail(),
                Err(defect) => self.broken(defect),
            }
        }
        self.pending.pop_front()
    }
}

impl<'a> Regions<'a> {
    /// The next `len` bytes are a region.
    fn push(&mut self, len: usize, role: Role, meaning: Meaning<'a>) {
        let (at, label) = (self.at, self.label);
        let bytes = &self.bytes[at..at + len];
        self.pending.push_back(Region { at, bytes, role, label, meaning });
        self.at += len;
    }

    /// As [`Regions::push`], for what need not be there.
    fn push_some(&mut self, len: usize, role: Role, meaning: Meaning<'a>) {
        if len > 0 {
            self.push(len, role, meaning);
        }
    }

    /// All that is left is unknown.
    fn end(&mut self, fault: Fault) {
        self.push(self.bytes.len() - self.at, Role::Unknown, Meaning::Fault(fault));
        self.done = true;
    }

    fn field(&mut self, record: &Record) {
        self.label = record.label(self.bytes);
        let code = record.code(self.bytes);
        self.size(Role::LabelSize);
        self.push(record.label_len, Role::Label, Meaning::Text(self.label));
        self.size(Role::TypeSize);
        self.code(code);
        self.write_buffer();
        let current = record.current(self.bytes);
        for buffer in 0..1 + usize::from(record.buffered) {
            let role = if buffer == current { Role::Value } else { Role::Spare };
            self.push(record.shape.size, role, Meaning::Values(code));
        }
    }

    /// A field that makes no sense: its parts up to the one at fault, then the unknown.
    fn broken(&mut self, defect: Defect) {
        let at = self.at;
        self.parts(defect);
        self.end(Fault::Field(at, defect));
    }

    /// `None` where a part is not there as a whole.
    fn parts(&mut self, defect: Defect) -> Option<()> {
        let bytes = self.bytes;
        bytes.get(self.at..self.at + 2)?;
        let label_len = self.size(Role::LabelSize);
        self.label = bytes.get(self.at..self.at + label_len)?;
        self.push(label_len, Role::Label, Meaning::Text(self.label));
        bytes.get(self.at..self.at + 2)?;
        let code_len = self.size(Role::TypeSize);
        let code = bytes.get(self.at..self.at + code_len)?;
        if !matches!(defect, Defect::Code(_)) {
            self.code(code);
        }
        if matches!(defect, Defect::Short { .. }) && self.at < bytes.len() {
            self.write_buffer();
        }
        Some(())
    }

    /// The two bytes that say how long the next part is.
    fn size(&mut self, role: Role) -> usize {
        let size = u16::from_ne_bytes([self.bytes[self.at], self.bytes[self.at + 1]]);
        self.push(2, role, Meaning::Number(size));
        size.into()
    }

    fn code(&mut self, code: &'a [u8]) {
        let before = code.iter().take_while(|byte| is_space(**byte)).count();
        let after = code[before..].iter().rev().take_while(|byte| is_space(**byte)).count();
        let inner = &code[before..code.len() - after];
        self.push_some(before, Role::Padding, Meaning::Nothing);
        self.push_some(inner.len(), Role::Type, Meaning::Text(inner));
        self.push_some(after, Role::Padding, Meaning::Nothing);
    }

    fn write_buffer(&mut self) {
        let index = self.bytes[self.at];
        self.push(1, Role::WriteBuffer, Meaning::Number(index.into()));
    }

    /// After the last field.
    fn tail(&mut self) {
        let rest = self.bytes.len() - self.at;
        self.push_some(rest.min(2), Role::End, Meaning::Nothing);
        let tail = &self.bytes[self.at..];
        // By blocks, since a tail may be most of a large file.
        let blocks = tail.chunks(4096).take_while(|block| block.iter().all(|&byte| byte == 0)).count();
        let zeros = (blocks * 4096).min(tail.len());
        let odd = tail[zeros..].iter().position(|&byte| byte != 0);
        let odd = odd.map(|more| self.at + zeros + more);
        self.push_some(tail.len(), Role::Tail, Meaning::Zeros(odd));
        self.done = true;
    }
}

#[cfg(test)]
mod tests;
