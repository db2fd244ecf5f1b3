//! Version 1: fields, one directly after the other.

use std::collections::VecDeque;

use mmstats::format::type_code::is_space;
use mmstats::format::v1::{self, Defect, FIRST_FIELD, Record, VERSION};

use super::{Fault, Meaning, Region, Role, not_zero};

/// The regions of a file of version 1.
pub(super) struct Regions<'a> {
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
    /// Those of `bytes`, whose first one is the version.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let pending = VecDeque::with_capacity(8);
        let mut regions = Self { bytes, at: 0, label: &[], pending, done: false };
        regions.push(FIRST_FIELD, Role::Version, Meaning::Number(VERSION.into()));
        regions
    }

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
        self.push(2, role, Meaning::Number(size.into()));
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
        let odd = not_zero(tail).map(|more| self.at + more);
        self.push_some(tail.len(), Role::Tail, Meaning::Zeros(odd));
        self.done = true;
    }
}
