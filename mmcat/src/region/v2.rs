//! Version 2: records, one directly after the other, and values in the blocks among them.

use std::collections::VecDeque;

use mmstats::format::item;
use mmstats::format::kind::MetricType;
use mmstats::format::v2::{self, BLOCK, FIELD, FIELD_HEAD, Field, HEAD, Record, VERSION};
use mmstats::format::{Defect, What, reading};

use super::meaning::item_name;
use super::{Fault, Meaning, Region, Role, not_zero, value};
use crate::number::{u16_at, u32_at};
use crate::values::Values;

/// The regions of a file of version 2.
pub(super) struct Regions<'a> {
    bytes: &'a [u8],
    /// Up to here there are regions.
    at: usize,
    label: &'a [u8],
    pending: VecDeque<Region<'a>>,
    values: Values,
    next: Next,
}

/// What begins where the regions end.
enum Next {
    Record,
    /// What is left of a block that ends here.
    Block(usize),
    /// What is left of a field's value, and after that of the block that ends there.
    Value(Field, usize),
    /// What is left of a field's items, and of its record.
    Items(Field),
    /// What nobody knows is left, up to here.
    Skipped(usize),
    Nothing,
}

impl<'a> Iterator for Regions<'a> {
    type Item = Region<'a>;

    fn next(&mut self) -> Option<Region<'a>> {
        loop {
            if let Some(region) = self.pending.pop_front() {
                return Some(region);
            }
            match std::mem::replace(&mut self.next, Next::Record) {
                Next::Record => self.record(),
                Next::Block(end) => self.block(end),
                Next::Value(field, end) => self.value(field, end),
                Next::Items(field) => self.item(field),
                Next::Skipped(end) => self.push_some(end - self.at, Role::Skipped, Meaning::Nothing),
                Next::Nothing => {
                    self.next = Next::Nothing;
                    return None;
                }
            }
        }
    }
}

impl<'a> Regions<'a> {
    /// Those of `bytes`, whose first one is the version.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let pending = VecDeque::with_capacity(16);
        let values = Values::default();
        let mut regions = Self { bytes, at: 0, label: &[], pending, values, next: Next::Record };
        let first = v2::head(bytes);
        if let Err(defect @ Defect { at: 0 | 1, .. }) = first {
            regions.push(1, Role::Version, Meaning::Number(VERSION.into()));
            regions.end(defect);
            return regions;
        }
        regions.push(1, Role::Version, Meaning::Number(VERSION.into()));
        let order = if v2::ORDER == 1 { "little-endian" } else { "big-endian" };
        regions.push(1, Role::ByteOrder, Meaning::Named(v2::ORDER.into(), Some(order)));
        let zeros = regions.zeros(2);
        regions.push(2, Role::Padding, zeros);
        match first {
            Ok(first) => {
                regions.push(4, Role::FirstRecord, Meaning::Number(first as u64));
                // Today nothing is there.
                regions.push_some(first.min(bytes.len()) - HEAD, Role::Skipped, Meaning::Nothing);
                regions.values = Values::of(bytes, first);
            }
            Err(defect) => regions.end(defect),
        }
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

    /// Says whether the next `len` bytes are zeros.
    fn zeros(&self, len: usize) -> Meaning<'a> {
        Meaning::Zeros(not_zero(&self.bytes[self.at..self.at + len]).map(|more| self.at + more))
    }

    /// A number of two bytes.
    fn short(&mut self, role: Role, name: impl FnOnce(u16) -> Option<&'static str>) -> u16 {
        let number = u16_at(self.bytes, self.at);
        self.push(2, role, Meaning::Named(number, name(number)));
        number
    }

    /// A number of `len` bytes that says how large something is, or where.
    fn size(&mut self, len: usize, role: Role) {
        let number = if len == 2 { u16_at(self.bytes, self.at).into() } else { u32_at(self.bytes, self.at) };
        self.push(len, role, Meaning::Number(number.into()));
    }

    /// All that is left is unknown.
    fn end(&mut self, defect: Defect) {
        self.push(self.bytes.len() - self.at, Role::Unknown, Meaning::Fault(Fault::At(defect)));
        self.next = Next::Nothing;
    }

    fn record(&mut self) {
        self.label = &[];
        let record = match v2::record(self.bytes, self.at) {
            Ok(Some(record)) => record,
            Ok(None) => return self.tail(),
            Err(defect) => return self.end(defect),
        };
        self.size(4, Role::RecordSize);
        match record.kind(self.bytes) {
            BLOCK => {
                self.short(Role::RecordType, |_| Some("block"));
                self.next = Next::Block(record.end());
            }
            FIELD => self.field(record),
            _ => {
                self.short(Role::RecordType, |_| None);
                self.next = Next::Skipped(record.end());
            }
        }
    }

    fn block(&mut self, end: usize) {
        self.label = &[];
        let field = self.values.next_in(self.bytes, self.at..end);
        let gap = field.as_ref().map_or(end, |field| field.value.start) - self.at;
        let zeros = self.zeros(gap);
        self.push_some(gap, Role::Gap, zeros);
        if let Some(field) = field {
            self.label = &self.bytes[field.label.clone()];
            self.next = Next::Value(field, end);
        }
    }

    fn value(&mut self, field: Field, end: usize) {
        let bytes = &self.bytes[field.value.clone()];
        let Some(data) = field.data_type() else {
            self.push_some(bytes.len(), Role::Skipped, Meaning::Nothing);
            self.next = Next::Block(end);
            return;
        };
        if let Err(what) = reading::check(data, bytes) {
            let defect = Defect { at: self.at, what };
            self.push(bytes.len(), Role::Unknown, Meaning::Fault(Fault::At(defect)));
            self.next = Next::Block(end);
            return;
        }
        if self.at < field.value.end {
            let (len, role, meaning) = value::part(data, bytes, self.at - field.value.start);
            let meaning = match meaning {
                Meaning::Zeros(odd) => Meaning::Zeros(odd.map(|more| self.at + more)),
                other => other,
            };
            self.push(len, role, meaning);
            self.next = Next::Value(field, end);
            return;
        }
        if bytes.is_empty() {
            self.push(0, Role::Value, Meaning::Text(&[]));
        }
        // A number has the whole word.
        let rest = self.at.next_multiple_of(v2::ALIGN).min(end) - self.at;
        let zeros = self.zeros(rest);
        self.push_some(rest, Role::Padding, zeros);
        self.next = Next::Block(end);
    }

    fn field(&mut self, record: Record) {
        let field = v2::field(self.bytes, record);
        let whole = &self.bytes[record.at..record.end()];
        let label = whole.get(FIELD_HEAD..).and_then(|rest| rest.get(..usize::from(u16_at(whole, 10))));
        self.label = label.unwrap_or_default();
        self.short(Role::RecordType, |_| Some("field"));
        if whole.len() >= FIELD_HEAD {
            self.short(Role::DataType, |id| mmstats::DataType::from_id(id).map(mmstats::DataType::name));
            self.short(Role::MetricType, |id| MetricType::from_id(id).map(MetricType::name));
            self.size(2, Role::LabelSize);
            self.size(4, Role::ValueAt);
            self.size(4, Role::ValueSize);
            self.size(4, Role::ItemsSize);
            self.push_some(self.label.len(), Role::Label, Meaning::Text(self.label));
        }
        match field {
            Ok(field) => self.next = Next::Items(field),
            Err(defect) => {
                let rest = record.end() - self.at;
                self.push(rest, Role::Unknown, Meaning::Fault(Fault::At(defect)));
            }
        }
    }

    /// The next item of a field, or the end of its record.
    fn item(&mut self, field: Field) {
        let rest = &self.bytes[self.at..field.items.end];
        match item::walk(rest).next() {
            None => {
                let rest = field.record.end() - self.at;
                let zeros = self.zeros(rest);
                self.push_some(rest, Role::Padding, zeros);
            }
            Some(Err(Defect { what, .. })) => {
                let what = match what {
                    What::Short { part, end } => What::Short { part, end: end + self.at as u64 },
                    other => other,
                };
                let defect = Defect { at: self.at, what };
                self.push(rest.len(), Role::Unknown, Meaning::Fault(Fault::At(defect)));
                // Nothing can follow but the record's padding.
                self.next = Next::Items(field);
            }
            Some(Ok(item)) => {
                self.short(Role::ItemId, item_name);
                self.size(2, Role::ItemSize);
                self.push_some(item.bytes.len(), Role::Item, Meaning::Item(item.id));
                let begin = field.items.start;
                let padded = begin + (self.at - begin).next_multiple_of(4);
                let padding = padded.min(field.items.end) - self.at;
                let zeros = self.zeros(padding);
                self.push_some(padding, Role::Padding, zeros);
                self.next = Next::Items(field);
            }
        }
    }

    /// After the last record.
    fn tail(&mut self) {
        let rest = self.bytes.len() - self.at;
        self.push_some(rest.min(4), Role::End, Meaning::Nothing);
        let rest = self.bytes.len() - self.at;
        let zeros = self.zeros(rest);
        self.push_some(rest, Role::Tail, zeros);
        self.next = Next::Nothing;
    }
}
