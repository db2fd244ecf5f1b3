//! One field of a snapshot.

use std::borrow::Cow;

use crate::format::type_code::{items, trimmed};
use crate::format::v1::Record;
use crate::format::value::Value;

/// One field of a [`Snapshot`](crate::Snapshot).
#[derive(Clone, Copy)]
pub struct SnapshotField<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) record: &'a Record,
    pub(super) buffer: usize,
}

impl<'a> SnapshotField<'a> {
    /// The label, UTF-8 if the writer kept to the format.
    #[must_use]
    #[inline]
    pub fn label(&self) -> &'a [u8] {
        self.record.label(self.bytes)
    }

    /// The type code as Python's `struct` has it, without the white space that a writer may put there:
    /// `Q`, `255s`.
    #[must_use]
    pub fn type_code(&self) -> Cow<'a, str> {
        trimmed(self.record.code(self.bytes))
    }

    /// The value; the first, where the type has several.
    #[must_use]
    #[inline]
    pub fn value(&self) -> Value<'a> {
        Value::decode(&self.record.shape.first, self.value_bytes())
    }

    /// All values that the type has. Mostly one.
    pub fn values(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let bytes = self.value_bytes();
        items(self.record.code(self.bytes)).map(move |item| Value::decode(&item, bytes))
    }

    /// The current value's bytes, as they are in the file.
    #[must_use]
    #[inline]
    pub fn value_bytes(&self) -> &'a [u8] {
        &self.bytes[self.record.value_at(self.buffer)..][..self.record.shape.size]
    }

    /// Whether the writer alternates between two buffers.
    #[must_use]
    pub fn is_buffered(&self) -> bool {
        self.record.buffered
    }

    /// Where the field begins, in bytes from the file's beginning.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.record.at
    }

    /// Where all its parts are.
    #[must_use]
    pub fn record(&self) -> &'a Record {
        self.record
    }
}
