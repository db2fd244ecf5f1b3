//! Version 2 of the file: the file's head, its records, and the head of a field, read and written.
//!
//! ```text
//! 0            8          first
//! +-----------+--- - - ---+---------------+---------------+-- - - --+---------+
//! | file head | (nothing) | record        | record        |         | 0 (end) |
//! +-----------+--- - - ---+---------------+---------------+-- - - --+---------+
//!
//! file head    0  u8   2, the version
//!              1  u8   1 little-endian, 2 big-endian
//!              2  u16  0
//!              4  u32  offset of the first record, a multiple of 8
//! record       0  u32  size of the whole record, a multiple of 8; stored last: it publishes. 0: the end
//!              4  u16  0 a block: bytes that fields point to; 1 a field; anything else is skipped
//! field        6  u16  data type
//!              8  u16  metric type
//!             10  u16  size of the label
//!             12  u32  offset of the value in the file, a multiple of 8
//!             16  u32  size of the value
//!             20  u32  size of the items
//!             24  label (UTF-8), items, zeros up to a multiple of 8
//! item         0  u16  id
//!              2  u16  size
//!              4  bytes, zeros up to a multiple of 4
//! ```
//!
//! All numbers are in the machine's byte order. Offsets count from the file's beginning, in bytes. What the
//! values look like is said in [`text`](super::text), [`mean`](super::mean), [`recent`](super::recent), [`histogram`](super::histogram) and
//! [`window`](super::window); mmstats(5) says
//! all of it in one place.
//!
//! A *look* is one copy of bytes that somebody else may change meanwhile. The loads of one look may come in
//! any order, so that a look may hold an older word beside a newer one. A look begins after the look before
//! it has ended; that is the only order there is.
//!
//! A reader takes from one look which records there are ([`records`]), and from a later one what is in
//! them ([`field`]). A size that is seen promises that a later look sees the whole record.

use std::ops::Range;

use super::bytes::{size, u16_at, u32_at};
use super::kind::DataType;
use super::{Defect, What};

/// The first byte of a file in this format.
pub const VERSION: u8 = 2;
/// The second byte, on this machine.
pub const ORDER: u8 = if cfg!(target_endian = "little") { 1 } else { 2 };
/// The second byte, on a machine of the other byte order.
const OTHER_ORDER: u8 = 3 - ORDER;
/// Size of the file's head. A writer puts the first record directly after it.
pub const HEAD: usize = 8;
/// Size of a record's head as far as every record has it: the smallest record.
pub const RECORD_HEAD: usize = 8;
/// Size of a field's head. The label follows.
pub const FIELD_HEAD: usize = 24;
/// The record type of bytes that others point to.
pub const BLOCK: u16 = 0;
/// The record type of a field.
pub const FIELD: u16 = 1;
/// The longest label, in bytes.
pub const LONGEST_LABEL: usize = u16::MAX as usize;
/// Where records begin, how large they are, and where values begin: at multiples of this.
pub const ALIGN: usize = 8;

/// Reads the file's head and gives the offset of the first record.
///
/// # Errors
/// Another version, another byte order, an offset that leads into the head or to no multiple of 8, or bytes
/// that stop before the head does.
pub fn head(bytes: &[u8]) -> Result<usize, Defect> {
    let defect = |at, what| Err(Defect { at, what });
    match bytes {
        [] | [VERSION] => return defect(0, What::Short { part: "head", end: HEAD as u64 }),
        [VERSION, ORDER, ..] => {}
        [VERSION, OTHER_ORDER, ..] => return defect(1, What::OtherOrder),
        [VERSION, order, ..] => return defect(1, What::Order(*order)),
        [version, ..] => return defect(0, What::Version(*version)),
    }
    match u32_at(bytes, 4) {
        None => defect(0, What::Short { part: "head", end: HEAD as u64 }),
        Some(first) if size(first) < HEAD || size(first) % ALIGN != 0 => defect(4, What::First(first)),
        Some(first) => Ok(size(first)),
    }
}

/// The head of a file whose first record follows directly.
#[must_use]
pub fn encode_head() -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head[0] = VERSION;
    head[1] = ORDER;
    #[allow(clippy::cast_possible_truncation)]
    head[4..].copy_from_slice(&(HEAD as u32).to_ne_bytes());
    head
}

/// A record, of whatever type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// It begins here, in bytes from the file's beginning.
    pub at: usize,
    /// Its size, in bytes.
    pub size: usize,
}

impl Record {
    /// The next record begins here.
    #[must_use]
    pub fn end(&self) -> usize {
        self.at + self.size
    }

    /// Its type, by a later look than the one that found it: [`BLOCK`], [`FIELD`], or one that this library
    /// does not know.
    #[must_use]
    pub fn kind(&self, bytes: &[u8]) -> u16 {
        u16_at(bytes, self.at.saturating_add(4)).unwrap_or(BLOCK)
    }
}

/// Reads the size of the record at `at`. `None` is the end of the list.
///
/// # Errors
/// A size that no record can have, or that leads out of the bytes.
pub fn record(bytes: &[u8], at: usize) -> Result<Option<Record>, Defect> {
    let rest = bytes.get(at..).unwrap_or_default();
    let Some(number) = u32_at(rest, 0) else {
        let is_end = rest.iter().all(|&byte| byte == 0);
        let what = What::Short { part: "record size", end: at as u64 + 4 };
        return if is_end { Ok(None) } else { Err(Defect { at, what }) };
    };
    if number == 0 {
        return Ok(None);
    }
    if size(number) % ALIGN != 0 {
        return Err(Defect { at, what: What::RecordSize(number) });
    }
    if size(number) > rest.len() {
        let what = What::Short { part: "record", end: at as u64 + u64::from(number) };
        return Err(Defect { at, what });
    }
    Ok(Some(Record { at, size: size(number) }))
}

/// The records from `first` on, up to the end of the list or a defect, which is the last that is given.
pub fn records(bytes: &[u8], first: usize) -> impl Iterator<Item = Result<Record, Defect>> {
    let mut next = Some(first);
    std::iter::from_fn(move || {
        let found = record(bytes, next?).transpose();
        next = found.as_ref().and_then(|found| found.as_ref().ok()).map(Record::end);
        found
    })
}

/// Where the parts of a field lie. All offsets are from the file's beginning, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The record.
    pub record: Record,
    /// Number of the data type: [`DataType::from_id`].
    pub data: u16,
    /// Number of the metric type: [`super::kind::MetricType::from_id`].
    pub metric: u16,
    /// Where the label is: UTF-8, if the writer kept to the format.
    pub label: Range<usize>,
    /// Where the items are: see [`super::item::Items::parse`].
    pub items: Range<usize>,
    /// Where the value is: see [`super::reading`].
    pub value: Range<usize>,
}

impl Field {
    /// The data type, if this library knows it. A field of another is skipped.
    #[must_use]
    pub fn data_type(&self) -> Option<DataType> {
        DataType::from_id(self.data)
    }
}

/// Reads a field, by a later look than the one that found its record.
///
/// # Errors
/// A defect is one of this field only: the records after it can be read.
pub fn field(bytes: &[u8], record: Record) -> Result<Field, Defect> {
    let at = record.at;
    let defect = |offset: usize, what| Err(Defect { at: at + offset, what });
    let whole = bytes.get(at..).and_then(|rest| rest.get(..record.size));
    let Some(whole) = whole else {
        return defect(0, What::Short { part: "record", end: at as u64 + record.size as u64 });
    };
    // The label has one byte at least, so no field is smaller than this.
    let [Some(data), Some(metric), Some(label_size)] = [6, 8, 10].map(|offset| u16_at(whole, offset)) else {
        return defect(0, What::Outside { part: "field's head", end: FIELD_HEAD as u64 });
    };
    let [Some(value_at), Some(value_size), Some(items_size)] =
        [12, 16, 20].map(|offset| u32_at(whole, offset))
    else {
        return defect(0, What::Outside { part: "field's head", end: FIELD_HEAD as u64 });
    };
    if label_size == 0 {
        return defect(10, What::NoLabel);
    }
    let label_end = FIELD_HEAD as u64 + u64::from(label_size);
    if label_end > whole.len() as u64 {
        return defect(10, What::Outside { part: "label", end: label_end });
    }
    let items_end = label_end + u64::from(items_size);
    if items_end > whole.len() as u64 {
        return defect(20, What::Outside { part: "items", end: items_end });
    }
    if size(value_at) < HEAD || size(value_at) % ALIGN != 0 {
        return defect(12, What::ValuePlace(value_at));
    }
    let value_end = u64::from(value_at) + u64::from(value_size);
    if value_end > bytes.len() as u64 {
        return defect(12, What::Short { part: "value", end: value_end });
    }
    if let Some(data) = DataType::from_id(data) {
        if data.size().is_some_and(|right| right != size(value_size)) {
            return defect(16, What::ValueSize(data, size(value_size)));
        }
    }
    let label = at + FIELD_HEAD..at + FIELD_HEAD + usize::from(label_size);
    let items = label.end..label.end + size(items_size);
    let value = size(value_at)..size(value_at) + size(value_size);
    Ok(Field { record, data, metric, label, items, value })
}

/// How many bytes values may have that were not counted yet. Those of a writer lie side by side, so all of them
/// have less than the file. Without this limit a small file could keep a reader busy for ever, with very many
/// fields that point to the same large value.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    left: u64,
}

impl Room {
    /// For a file of which one look has these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self { left: bytes.len() as u64 }
    }

    /// Counts a field's value.
    ///
    /// # Errors
    /// If there is no room for it. A smaller one may follow that has.
    pub fn take(&mut self, field: &Field) -> Result<(), Defect> {
        let left = self.left.checked_sub(field.value.len() as u64);
        self.left = left.ok_or(Defect { at: field.record.at + 16, what: What::Room })?;
        Ok(())
    }
}

/// What the head of a field says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldHead<'a> {
    /// Number of the data type.
    pub data: u16,
    /// Number of the metric type.
    pub metric: u16,
    /// 1 to [`LONGEST_LABEL`] bytes.
    pub label: &'a str,
    /// As [`super::item::Items::encode`] gives them.
    pub items: &'a [u8],
    /// Offset of the value in the file, as [`super::place::Placer`] gives it.
    pub value_at: u32,
    /// Size of the value, in bytes.
    pub value_size: u32,
}

impl FieldHead<'_> {
    /// The size of the whole record, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        (FIELD_HEAD + self.label.len() + self.items.len()).next_multiple_of(ALIGN)
    }

    /// The bytes of the record, with 0 in place of its size: that is stored last, and publishes the rest.
    ///
    /// # Panics
    /// If the label has more than [`LONGEST_LABEL`] bytes, or the items more than 4 GiB.
    #[must_use]
    #[allow(clippy::expect_used)]
    pub fn encode(&self) -> Vec<u8> {
        let label_size = u16::try_from(self.label.len()).expect("a label has at most 65535 bytes");
        let items_size = u32::try_from(self.items.len()).expect("items have less than 4 GiB");
        let mut bytes = Vec::with_capacity(self.size());
        bytes.extend([0; 4]);
        for number in [FIELD, self.data, self.metric, label_size] {
            bytes.extend(number.to_ne_bytes());
        }
        for number in [self.value_at, self.value_size, items_size] {
            bytes.extend(number.to_ne_bytes());
        }
        bytes.extend(self.label.as_bytes());
        bytes.extend(self.items);
        bytes.resize(self.size(), 0);
        bytes
    }
}
