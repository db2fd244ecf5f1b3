//! One field of a snapshot.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use super::list_v2::{List, Listed};
use super::meaning::Meaning;
use super::parts::Part;
use crate::format::type_code::{items, trimmed};
use crate::format::v1::Record;
use crate::format::value::Value;

/// One field of a [`Snapshot`](crate::Snapshot). What it says of itself, [`Meaning`] has.
///
/// ```
/// use mmstats::{Counter, MetricType, Options, Snapshot, Version};
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let options = Options::new().dir(dir).version(Version::V2);
/// let hits = options.create_with(|fields| fields.add("hits", Counter::spec().unit("requests")))?;
/// hits.add(3);
/// let snapshot = Snapshot::of(hits.path())?;
/// let field = snapshot.find("hits").ok_or("it is not there")?;
/// assert_eq!(field.value().as_integer(), Some(3));
/// # if std::env::var_os("MMSTATS_VERSION").is_none() {
/// assert_eq!((field.kind(), field.unit()), (MetricType::Counter, Some("requests")));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct SnapshotField<'a> {
    bytes: &'a [u8],
    place: Place<'a>,
    meaning: Meaning<'a>,
}

impl<'a> Deref for SnapshotField<'a> {
    type Target = Meaning<'a>;

    #[inline]
    fn deref(&self) -> &Meaning<'a> {
        &self.meaning
    }
}

impl fmt::Debug for SnapshotField<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SnapshotField")
            .field("label", &String::from_utf8_lossy(self.label()))
            .field("value", &self.value())
            .field("meaning", &self.meaning)
            .finish()
    }
}

#[derive(Clone, Copy)]
enum Place<'a> {
    V1 { record: &'a Record, buffer: usize },
    V2 { list: &'a List, listed: &'a Listed },
}

impl<'a> SnapshotField<'a> {
    #[inline]
    pub(super) fn of_v1(bytes: &'a [u8], record: &'a Record, buffer: usize) -> Self {
        Self { bytes, place: Place::V1 { record, buffer }, meaning: Meaning::NONE }
    }

    pub(super) fn of_v2(bytes: &'a [u8], list: &'a List, listed: &'a Listed) -> Self {
        let meaning = Meaning::new(listed.data, listed.metric, listed.about(bytes));
        Self { bytes, place: Place::V2 { list, listed }, meaning }
    }

    /// The label, UTF-8 if the writer kept to the format.
    #[must_use]
    #[inline]
    pub fn label(&self) -> &'a [u8] {
        match self.place {
            Place::V1 { record, .. } => record.label(self.bytes),
            Place::V2 { listed, .. } => listed.label(self.bytes),
        }
    }

    /// In version 1 the type code as Python's `struct` has it, without the white space that a writer may put
    /// there: `Q`, `255s`. In version 2 the data type's name: `u64`, `fixed text`, `histogram`.
    #[must_use]
    pub fn type_code(&self) -> Cow<'a, str> {
        match self.place {
            Place::V1 { record, .. } => trimmed(record.code(self.bytes)),
            Place::V2 { listed, .. } => listed.data.name().into(),
        }
    }

    /// The value; the first, where a type of version 1 has several.
    #[must_use]
    #[inline]
    pub fn value(&self) -> Value<'a> {
        match self.place {
            Place::V1 { record, .. } => Value::decode(&record.shape.first, self.value_bytes()),
            Place::V2 { list, listed } => list.value(listed, self.bytes),
        }
    }

    /// The value in its unit: as [`SnapshotField::value`], a number multiplied with the scale.
    #[must_use]
    pub fn value_in_unit(&self) -> Value<'a> {
        self.value().in_unit(self.scale())
    }

    /// A number that is part of the value, in the unit: `p99` of a histogram, `rate60` of a window. See
    /// [`Value::parts`].
    #[must_use]
    pub fn part(&self, name: &str) -> Option<Value<'static>> {
        self.value().part(name)
    }

    /// The numbers that a tool shows of this field, in the unit: see [`Value::parts`].
    #[must_use]
    pub fn parts(&self) -> Vec<Part<'a>> {
        self.value_in_unit().parts()
    }

    /// All values that a type of version 1 has. Mostly one.
    pub fn values(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let bytes = self.value_bytes();
        let (code, value) = match self.place {
            Place::V1 { record, .. } => (record.code(self.bytes), None),
            Place::V2 { list, listed } => (&[][..], Some(list.value(listed, self.bytes))),
        };
        items(code).map(move |item| Value::decode(&item, bytes)).chain(value)
    }

    /// The current value's bytes, as they are in the file; in version 2 all of its bytes.
    #[must_use]
    #[inline]
    pub fn value_bytes(&self) -> &'a [u8] {
        match self.place {
            Place::V1 { record, buffer } => &self.bytes[record.value_at(buffer)..][..record.shape.size],
            Place::V2 { listed, .. } => &self.bytes[listed.value_range()],
        }
    }

    /// Whether the writer alternates between two buffers of version 1.
    #[must_use]
    pub fn is_buffered(&self) -> bool {
        matches!(self.place, Place::V1 { record, .. } if record.buffered)
    }

    /// Where the field begins, in bytes from the file's beginning.
    #[must_use]
    pub fn offset(&self) -> usize {
        match self.place {
            Place::V1 { record, .. } => record.at,
            Place::V2 { listed, .. } => listed.at(),
        }
    }

    /// Where all its parts are, in version 1.
    #[doc(hidden)]
    #[must_use]
    pub fn record(&self) -> Option<&'a Record> {
        match self.place {
            Place::V1 { record, .. } => Some(record),
            Place::V2 { .. } => None,
        }
    }
}
