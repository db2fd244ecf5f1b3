//! A followed file: where its wanted fields are, and what was in them at the last look.

use std::borrow::Cow;
use std::fs::File;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk::identity::Identity;
use crate::disk::lock::is_locked;
use crate::error::Error;
use crate::format::type_code::trimmed;
use crate::format::v1::{self, Record};
use crate::format::value::Value;
use crate::read::{Origin, Snapshot, open};

/// A file that is followed, and its wanted fields as they were at the last look.
pub struct Followed {
    pub(super) path: PathBuf,
    pub(super) origin: Origin,
    pub(super) identity: Identity,
    /// `None`: opened at each look.
    pub(super) file: Option<File>,
    pub(super) layout: Arc<FieldMap>,
    pub(super) writer: Writer,
    /// First, of each wanted field, which value counts. Then, run by run, the bytes of the file as they
    /// were: a look at a thousand files fetches a thousand such pieces of memory. Then those of the
    /// fields that say whose the file is.
    pub(super) seen: Box<[u8]>,
}

/// In place of the number of the value that counts: no look could tell yet.
pub(super) const NONE: u8 = 2;

/// Where the wanted fields of a file are.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct FieldMap {
    pub(super) wanted: Vec<Wanted>,
    /// Wanted fields that lie one behind the other, compared all at once.
    pub(super) runs: Vec<Run>,
    /// The fields that say whose the file is.
    pub(super) signature: Vec<Wanted>,
    /// Where the list of fields ends, if it may go on there some day.
    pub(super) end: Option<usize>,
    /// The bytes that a look needs.
    pub(super) range: Range<usize>,
}

#[derive(PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) record: Record,
    /// Where it begins in `seen`.
    pub(super) seen_at: usize,
}

impl Hash for Wanted {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.record.at, self.record.index_at).hash(state);
    }
}

#[derive(PartialEq, Eq, Hash)]
pub(super) struct Run {
    /// The bytes of the file, and where they begin in `seen`.
    pub(super) bytes: Range<usize>,
    pub(super) seen_at: usize,
}

impl FieldMap {
    /// Adds a field that lies behind all others, whose bytes come next in a `seen` that has `seen_at`
    /// bytes so far.
    pub(super) fn push(&mut self, record: &Record, seen_at: usize) {
        self.wanted.push(Wanted { record: *record, seen_at });
        match self.runs.last_mut() {
            Some(run) if run.bytes.end == record.at => run.bytes.end = record.end,
            _ => self.runs.push(Run { bytes: record.at..record.end, seen_at }),
        }
    }

    /// Whether no byte of the wanted fields is another.
    pub(super) fn is_same(&self, bytes: &[u8], seen: &[u8]) -> bool {
        self.runs.iter().all(|Run { bytes: run, seen_at }| {
            bytes.get(run.clone()).is_some_and(|bytes| *bytes == seen[*seen_at..][..bytes.len()])
        })
    }

    /// Whether the list of fields still ends where it did.
    pub(super) fn ends(&self, bytes: &[u8]) -> bool {
        // Two zero bytes are how it ends in nearly every file.
        let is_end = |end| bytes[end..].starts_with(&[0, 0]) || v1::field(bytes, end) == Ok(None);
        self.end.is_none_or(|end| end <= bytes.len() && is_end(end))
    }

    /// Whether the file is signed as it was.
    pub(super) fn is_signed(&self, bytes: &[u8], seen: &[u8]) -> bool {
        self.signature.iter().all(|Wanted { record, seen_at }| {
            let then = &seen[*seen_at..][..record.end - record.at];
            bytes.get(record.at..record.end).is_some_and(|now| now == then)
        })
    }

    /// Whether the fields are still where they were.
    pub(super) fn holds(&self, bytes: &[u8], seen: &[u8]) -> bool {
        self.wanted.iter().all(|Wanted { record, seen_at }| {
            let head = &seen[*seen_at..][..record.index_at - record.at];
            record.end <= bytes.len()
                && bytes[record.at..record.index_at] == *head
                && record.fits(bytes[record.index_at])
        })
    }
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

impl Wanted {
    /// Index byte and values, as they were.
    pub(super) fn values<'a>(&self, seen: &'a mut [u8]) -> &'a mut [u8] {
        let record = &self.record;
        &mut seen[self.seen_at + (record.index_at - record.at)..][..record.end - record.index_at]
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
        FollowedField {
            record: &wanted.record,
            bytes: &self.seen[wanted.seen_at..],
            current: self.seen[number],
        }
    }
}

/// One field of a [`Followed`] file.
#[derive(Clone, Copy)]
pub struct FollowedField<'a> {
    record: &'a Record,
    /// From the field's beginning on.
    bytes: &'a [u8],
    current: u8,
}

impl<'a> FollowedField<'a> {
    /// The label, UTF-8 if the writer kept to the format.
    #[must_use]
    pub fn label(&self) -> &'a [u8] {
        &self.bytes[2..][..self.record.label_len]
    }

    /// The type code, without the white space that a writer may put there.
    #[must_use]
    pub fn type_code(&self) -> Cow<'a, str> {
        let end = self.values_at();
        trimmed(&self.bytes[end - self.record.code_len..end])
    }

    /// The value; the first, where the type has several. `None` if it has changed faster than it could
    /// be read.
    #[must_use]
    pub fn value(&self) -> Option<Value<'a>> {
        (self.current != NONE).then(|| value_in(self.record, &self.bytes[self.values_at()..], self.current))
    }

    /// Where index byte and values begin.
    fn values_at(&self) -> usize {
        self.record.index_at - self.record.at
    }

    /// How many bits the value has in the file: where an integer wraps.
    #[must_use]
    pub fn bits(&self) -> usize {
        8 * self.record.shape.first.size
    }
}

pub(super) fn buffer_of(record: &Record, values: &[u8]) -> u8 {
    if record.buffered { (values[0] ^ 1) & 1 } else { 0 }
}

pub(super) fn value_in<'a>(record: &Record, values: &'a [u8], buffer: u8) -> Value<'a> {
    let at = 1 + usize::from(buffer) * record.shape.size;
    Value::decode(&record.shape.first, &values[at..][..record.shape.size])
}
