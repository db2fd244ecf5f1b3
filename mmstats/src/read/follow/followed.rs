//! A followed file: where its wanted fields are, and what was in them at the last look.

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::v1::{FollowedV1, NONE, value_in};
use super::v2::{FollowedV2, Map, Wanted};
use crate::disk::identity::Identity;
use crate::disk::lock::is_locked;
use crate::error::Error;
use crate::format::type_code::trimmed;
use crate::format::v1::Record;
use crate::format::value::Value;
use crate::read::meaning::Meaning;
use crate::read::snapshot::Cut;
use crate::read::{Origin, Part, Snapshot, open};

/// A file that is followed, and its wanted fields as they were at the last look.
pub struct Followed {
    pub(super) path: PathBuf,
    pub(super) origin: Origin,
    pub(super) identity: Identity,
    /// `None`: opened at each look.
    pub(super) file: Option<Arc<File>>,
    /// Whether its path leads to it, so that it can be opened again.
    pub(super) may_close: bool,
    pub(super) state: State,
    pub(super) writer: Writer,
    /// Why its list of fields ended before its end, if so.
    pub(super) cut: Option<Cut>,
}

/// Where the wanted fields are, and what was in them.
pub(super) enum State {
    V1(FollowedV1),
    V2(FollowedV2),
}

/// Whose a file is, by its own word: the bytes of `sys.pid` and `sys.created`, where they are there and
/// not zero.
pub(super) struct Writer([Option<Box<[u8]>>; 2]);

impl Writer {
    pub(super) const LABELS: [&str; 2] = ["sys.pid", "sys.created"];

    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let value = |label| snapshot.find(label).map(|field| field.value_bytes());
        // A writer that begins with zeros has not come so far yet.
        let is_known = |bytes: &&[u8]| bytes.iter().any(|&byte| byte != 0);
        Self(Self::LABELS.map(|label| value(label).filter(is_known).map(Into::into)))
    }

    /// Whether the two cannot be one.
    pub(super) fn is_other(&self, now: &Self) -> bool {
        self.0.iter().zip(&now.0).any(|pair| matches!(pair, (Some(before), Some(now)) if before != now))
    }

    /// Takes over what is known only now.
    pub(super) fn learn(&mut self, now: Self) {
        for (known, now) in self.0.iter_mut().zip(now.0) {
            *known = known.take().or(now);
        }
    }
}

impl fmt::Debug for Followed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields: Vec<_> = self.fields().collect();
        f.debug_struct("Followed").field("path", &self.path).field("fields", &fields).finish_non_exhaustive()
    }
}

impl Followed {
    /// Where it was found.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How it is opened.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Device and inode number: which file it is, whatever has the name by now.
    #[must_use]
    pub fn identity(&self) -> (u64, u64) {
        self.identity.numbers()
    }

    /// Whether it is kept open. Then it can be looked at even after its name is gone.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.file.is_some()
    }

    /// Keeps it open no longer, for a program that follows more files than the system lets a process open. A
    /// look opens it for a moment then. One that was open before it was followed stays so.
    pub fn close(&mut self) {
        if self.may_close {
            self.file = None;
        }
    }

    /// It, if it is kept open.
    #[must_use]
    pub fn file(&self) -> Option<&File> {
        self.file.as_deref()
    }

    /// Whether its writer holds the lifetime lock, which every writer of this library does as long as it
    /// lives, and no other.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Io`]: the file system knows no such locks, or the file is not open and cannot
    /// be opened.
    pub fn is_locked(&self) -> Result<bool, Error> {
        let failed = || Error::io(&self.path, "asking about its lock");
        match &self.file {
            Some(file) => is_locked(file).map_err(failed()),
            None => is_locked(&open(&self.path, self.origin)?.0).map_err(failed()),
        }
    }

    /// Which wanted fields it has. `None` in version 1.
    #[must_use]
    pub fn field_set(&self) -> Option<FieldSet> {
        match &self.state {
            State::V1(_) => None,
            State::V2(state) => Some(FieldSet(Arc::clone(&state.map))),
        }
    }

    /// Whether its wanted fields are these: the same labels, types and meanings in the same order. False if that is not
    /// known.
    #[must_use]
    pub fn has_fields(&self, set: &FieldSet) -> bool {
        matches!(&self.state, State::V2(state) if Arc::ptr_eq(&state.map, &set.0))
    }

    /// The wanted fields in the order of the file.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = FollowedField<'_>> {
        let count = match &self.state {
            State::V1(state) => state.layout.wanted.len(),
            State::V2(state) => state.map.wanted.len(),
        };
        (0..count).map(|number| self.field(number))
    }

    /// One of them.
    ///
    /// # Panics
    /// If there are fewer.
    #[must_use]
    pub fn field(&self, number: usize) -> FollowedField<'_> {
        match &self.state {
            State::V1(FollowedV1 { layout, seen }) => {
                let wanted = &layout.wanted[number];
                let (bytes, current) = (&seen[wanted.seen_at..], seen[number]);
                let place = Place::V1 { record: &wanted.record, bytes, current };
                FollowedField { place, meaning: Meaning::NONE }
            }
            State::V2(state) => {
                let wanted = &state.map.wanted[number];
                let meaning = Meaning::new(wanted.data, wanted.metric, wanted.about());
                FollowedField { place: Place::V2 { state, wanted }, meaning }
            }
        }
    }
}

/// Which wanted fields a file has, and what they say of themselves: the same for files of one program, mostly.
#[derive(Clone)]
pub struct FieldSet(Arc<Map>);

impl fmt::Debug for FieldSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FieldSet").field("fields", &self.0.wanted.len()).finish_non_exhaustive()
    }
}

/// One field of a [`Followed`] file. What it says of itself, [`Meaning`] has.
#[derive(Clone, Copy)]
pub struct FollowedField<'a> {
    place: Place<'a>,
    meaning: Meaning<'a>,
}

impl<'a> Deref for FollowedField<'a> {
    type Target = Meaning<'a>;

    #[inline]
    fn deref(&self) -> &Meaning<'a> {
        &self.meaning
    }
}

impl fmt::Debug for FollowedField<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FollowedField")
            .field("label", &String::from_utf8_lossy(self.label()))
            .field("value", &self.value())
            .field("meaning", &self.meaning)
            .finish()
    }
}

#[derive(Clone, Copy)]
enum Place<'a> {
    V1 {
        record: &'a Record,
        /// From the field's beginning on.
        bytes: &'a [u8],
        current: u8,
    },
    V2 {
        state: &'a FollowedV2,
        wanted: &'a Wanted,
    },
}

impl<'a> FollowedField<'a> {
    /// The label, UTF-8 if the writer kept to the format.
    #[must_use]
    pub fn label(&self) -> &'a [u8] {
        match self.place {
            Place::V1 { record, bytes, .. } => &bytes[2..][..record.label_len],
            Place::V2 { wanted, .. } => wanted.label(),
        }
    }

    /// As [`crate::SnapshotField::type_code`].
    #[must_use]
    pub fn type_code(&self) -> Cow<'a, str> {
        match self.place {
            Place::V1 { record, bytes, .. } => {
                let end = values_at(record);
                trimmed(&bytes[end - record.code_len..end])
            }
            Place::V2 { wanted, .. } => wanted.data.name().into(),
        }
    }

    /// The value; the first, where a type of version 1 has several. `None` if it has changed faster than it could
    /// be read. A window is what it was at the last look.
    #[must_use]
    pub fn value(&self) -> Option<Value<'a>> {
        match self.place {
            Place::V1 { record, bytes, current } => {
                (current != NONE).then(|| value_in(record, &bytes[values_at(record)..], current))
            }
            Place::V2 { state, wanted } => state.value(wanted),
        }
    }

    /// The value in its unit: as [`FollowedField::value`], a number multiplied with the scale.
    #[must_use]
    pub fn value_in_unit(&self) -> Option<Value<'a>> {
        self.value().map(|value| value.in_unit(self.scale()))
    }

    /// As [`crate::SnapshotField::part`]. `None` also if the value has changed faster than it could be read.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<Value<'static>> {
        self.value()?.part(name)
    }

    /// As [`crate::SnapshotField::parts`]. Empty also if the value has changed faster than it could be read.
    #[must_use]
    pub fn parts(&self) -> Vec<Part<'a>> {
        self.value_in_unit().map_or(Vec::new(), |value| value.parts())
    }

    /// How many bits the value has in the file: where an integer wraps.
    #[must_use]
    pub fn bits(&self) -> usize {
        8 * match self.place {
            Place::V1 { record, .. } => record.shape.first.size,
            Place::V2 { wanted, .. } => wanted.value.len(),
        }
    }
}

/// Where index byte and values of version 1 begin, from the field's beginning.
fn values_at(record: &Record) -> usize {
    record.index_at - record.at
}
