//! A followed file: where its wanted fields are, and what was in them at the last look.

use std::fs::File;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::Error;
use crate::file::Identity;
use crate::layout::{self, Record};
use crate::lock::is_locked;
use crate::read::{Origin, open};
use crate::typecode::trimmed;
use crate::value::Value;

/// A file that is followed, and its wanted fields as they were at the last look.
pub struct Followed {
    pub(super) path: PathBuf,
    pub(super) origin: Origin,
    pub(super) identity: Identity,
    /// `None`: opened at each look.
    pub(super) file: Option<File>,
    pub(super) layout: Arc<Layout>,
    /// Of each wanted field which value counts, the index byte, and the values, one behind the other: a
    /// look at a thousand files fetches a thousand such pieces of memory.
    pub(super) seen: Box<[u8]>,
}

/// In place of the number of the value that counts: no look could tell yet.
pub(super) const NONE: u8 = 2;

/// Where the wanted fields of a file are.
#[derive(PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) wanted: Vec<Wanted>,
    /// The heads of the wanted fields, one behind the other.
    pub(super) heads: Vec<u8>,
    /// Where the list of fields ends, if it may go on there some day.
    pub(super) end: Option<usize>,
    /// The bytes that a look needs.
    pub(super) range: Range<usize>,
}

#[derive(PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) record: Record,
    /// Where its head is in `heads`, and its values in `seen`.
    pub(super) head_at: usize,
    pub(super) seen_at: usize,
}

impl Hash for Layout {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.heads.hash(state);
        self.range.hash(state);
    }
}

impl Layout {
    /// Whether the fields are still where they were, and none was added.
    pub(super) fn holds(&self, bytes: &[u8]) -> bool {
        self.wanted.iter().all(|Wanted { record, head_at, .. }| {
            let head = &self.heads[*head_at..][..record.index_at - record.at];
            record.end <= bytes.len()
                && bytes[record.at..record.index_at] == *head
                && (bytes[record.index_at] <= 1) == record.buffered
        }) && self.end.is_none_or(|end| matches!(layout::field(bytes, end), Ok(None)))
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

    /// Keeps it open no longer, for whoever follows more files than the system lets a process open. A
    /// look opens it for a moment then.
    pub fn close(&mut self) {
        self.file = None;
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

    /// The wanted fields in the order of the file.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = FollowedField<'_>> {
        (0..self.layout.wanted.len()).map(|number| self.field(number))
    }

    /// One of them.
    ///
    /// # Panics
    /// If there are not so many.
    #[must_use]
    pub fn field(&self, number: usize) -> FollowedField<'_> {
        let wanted = &self.layout.wanted[number];
        let head = &self.layout.heads[wanted.head_at..];
        FollowedField { head, wanted, seen: &self.seen[wanted.seen_at..] }
    }
}

/// One field of a [`Followed`] file.
#[derive(Clone, Copy)]
pub struct FollowedField<'a> {
    head: &'a [u8],
    wanted: &'a Wanted,
    seen: &'a [u8],
}

impl<'a> FollowedField<'a> {
    /// The label, UTF-8 if the writer kept to the format.
    #[must_use]
    pub fn label(&self) -> &'a [u8] {
        &self.head[2..][..self.wanted.record.label_len]
    }

    /// The type code, without the white space that a writer may put there.
    #[must_use]
    pub fn type_code(&self) -> String {
        let record = &self.wanted.record;
        let end = record.index_at - record.at;
        trimmed(&self.head[end - record.code_len..end])
    }

    /// The value; the first, where the type has several. `None` if it has changed faster than it could
    /// be read.
    #[must_use]
    pub fn value(&self) -> Option<Value<'a>> {
        let (&current, values) = self.seen.split_first()?;
        (current != NONE).then(|| value_in(&self.wanted.record, values, current))
    }

    /// How many bits the value has in the file: where an integer wraps.
    #[must_use]
    pub fn bits(&self) -> usize {
        8 * self.wanted.record.shape.first.size
    }
}

pub(super) fn buffer_of(record: &Record, values: &[u8]) -> u8 {
    if record.buffered { (values[0] ^ 1) & 1 } else { 0 }
}

pub(super) fn value_in<'a>(record: &Record, values: &'a [u8], buffer: u8) -> Value<'a> {
    let at = 1 + usize::from(buffer) * record.shape.size;
    Value::decode(&record.shape.first, &values[at..][..record.shape.size])
}
