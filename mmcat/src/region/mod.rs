//! What every byte of a file is: regions that cover it once, in order, without a gap.

mod meaning;
mod v1;
mod v2;
pub(crate) mod value;

use std::borrow::Cow;
use std::iter;

pub(crate) use meaning::{Fault, Meaning};

/// What the bytes of a region are there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Version,
    /// Which byte order a file of version 2 has.
    ByteOrder,
    /// Where its first record is.
    FirstRecord,
    RecordSize,
    RecordType,
    DataType,
    MetricType,
    LabelSize,
    /// Where the value of a field of version 2 is.
    ValueAt,
    ValueSize,
    ItemsSize,
    Label,
    ItemId,
    ItemSize,
    Item,
    TypeSize,
    /// The type code without the white space around it.
    Type,
    /// White space around the type code; in version 2 zeros up to where the next part begins.
    Padding,
    WriteBuffer,
    /// What a value of version 2 says of its own form: a capacity, which copy is current.
    Control,
    /// What a reader takes.
    Value,
    /// The buffer or copy that a reader leaves.
    Spare,
    /// Bytes of a block that no field points to.
    Gap,
    /// A record or value of a type that is not known.
    Skipped,
    /// The size of 0 that ends the list.
    End,
    /// What follows the end.
    Tail,
    /// These make no sense; in version 1 nothing after them can be understood.
    Unknown,
}

impl Role {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::ByteOrder => "byte-order",
            Self::FirstRecord => "first-record",
            Self::RecordSize => "record-size",
            Self::RecordType => "record-type",
            Self::DataType => "data-type",
            Self::MetricType => "metric-type",
            Self::LabelSize => "label-size",
            Self::ValueAt => "value-at",
            Self::ValueSize => "value-size",
            Self::ItemsSize => "items-size",
            Self::Label => "label",
            Self::ItemId => "item-id",
            Self::ItemSize => "item-size",
            Self::Item => "item",
            Self::TypeSize => "type-size",
            Self::Type => "type",
            Self::Padding => "padding",
            Self::WriteBuffer => "write-buffer",
            Self::Control => "control",
            Self::Value => "value",
            Self::Spare => "spare",
            Self::Gap => "gap",
            Self::Skipped => "skipped",
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

impl<'a> Region<'a> {
    /// What the bytes say, in one line that is safe on a terminal.
    pub(crate) fn value(&self) -> Cow<'a, str> {
        self.meaning.shown(self.bytes)
    }
}

/// The regions of `bytes`, a whole file. None is empty but values of a type without bytes, and an
/// unknown one that says why something ends too soon.
pub(crate) fn regions(bytes: &[u8]) -> Box<dyn Iterator<Item = Region<'_>> + '_> {
    let all = |fault| {
        let meaning = Meaning::Fault(fault);
        Box::new(iter::once(Region { at: 0, bytes, role: Role::Unknown, label: &[], meaning }))
    };
    match bytes.first() {
        Some(&mmstats::format::v1::VERSION) => Box::new(v1::Regions::new(bytes)),
        Some(&mmstats::format::v2::VERSION) => Box::new(v2::Regions::new(bytes)),
        Some(&version) => all(Fault::Version(version)),
        None => all(Fault::Empty),
    }
}

/// Where the first byte is that is not 0.
pub(crate) fn not_zero(bytes: &[u8]) -> Option<usize> {
    // By blocks, since they may be most of a large file.
    let blocks = bytes.chunks(4096).take_while(|block| block.iter().all(|&byte| byte == 0)).count();
    let zeros = (blocks * 4096).min(bytes.len());
    bytes[zeros..].iter().position(|&byte| byte != 0).map(|more| zeros + more)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_v2;
