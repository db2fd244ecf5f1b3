//! A snapshot: the fields of a file as they were at some moment.

use std::fmt;
use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::field::SnapshotField;
use super::list_v1::ListedField;
use super::list_v2::{List, Listed};
use super::open::{open, open_only, regular};
use super::pages::Pages;
use super::settle_v1::Later;
use crate::error::{Error, Reason};
use crate::format::v1::{Defect, Record};
use crate::format::{self, v2};

const LIMIT: usize = Snapshot::LIMIT;

/// What was in a stats file at some moment. Reuse one for many files: it keeps its memory.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// # let web = mmstats::Options::new().dir(dir).create::<()>()?;
/// # let path = web.path();
/// let snapshot = mmstats::Snapshot::of(path)?;
/// for field in snapshot.fields() {
///     match field {
///         Ok(field) => println!("{} {}", String::from_utf8_lossy(field.label()), field.value()),
///         Err(error) => eprintln!("{error}"),
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct Snapshot {
    path: PathBuf,
    /// Shared with whatever keeps it open: another descriptor would cost two system calls.
    file: Option<Arc<File>>,
    /// What counts of the file, in the end.
    pub(super) first: Pages,
    pub(super) second: Pages,
    pub(super) later: Later,
    /// The fields of a file of version 1.
    pub(super) records: Vec<ListedField>,
    /// Whether `second` has the heads of `records`.
    pub(super) is_pattern: bool,
    /// The fields of the file that was read before, whose heads are still in `second`. If this file has
    /// them, too, since another process of the same program wrote it, its list needs no parsing.
    pub(super) pattern: Vec<ListedField>,
    /// The fields of a file of version 2.
    pub(super) version_2: List,
    /// Those of the file that was read before, as with `pattern`, if it says that it is one. Its bytes are still in
    /// `second`.
    pub(super) pattern_v2: List,
    /// Whether the file has the same list of fields as the one that was read before.
    pub(super) is_alike: bool,
    /// Why the list of fields ended before its end.
    pub(super) cut: Option<Cut>,
}

/// Why a list of fields could not be followed to its end.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Cut {
    /// The field at this byte makes no sense.
    Defect(usize, Defect),
    /// The record makes no sense.
    Record(format::Defect),
    /// The head of a file of version 2 makes none.
    Head(format::Defect),
    /// The field at this byte is too large to be held.
    TooLarge(usize),
    /// There is not one byte.
    Empty,
    /// There is no list: the first byte is none that is known.
    Version(u8),
}

/// How much of a file is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// Its fields.
    Fields,
    /// Every byte, whatever it may be.
    Whole,
}

/// Where a path comes from, which says how carefully it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// Somebody named it: links are followed. What is not a regular file is not opened.
    Named,
    /// It was found in a directory that others may write to, where it was a regular file: a link that has
    /// taken its place is not followed.
    Found,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields: Vec<_> = self.fields().collect();
        f.debug_struct("Snapshot").field("path", &self.path).field("fields", &fields).finish_non_exhaustive()
    }
}

impl Snapshot {
    /// The largest part of a file that a snapshot holds, in bytes: a sparse file may claim any size.
    pub const LIMIT: usize = 256 * 1024 * 1024;

    /// An empty one, to be filled by [`Snapshot::read`].
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// As [`Snapshot::read`].
    pub fn of(path: impl AsRef<Path>) -> Result<Self, Error> {
        let mut snapshot = Self::new();
        snapshot.read(path.as_ref(), Origin::Named)?;
        Ok(snapshot)
    }

    /// Reads the file at `path` in place of what was there. No more than the file's size is held in
    /// memory, in each of two buffers.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Io`], [`crate::ErrorKind::NotAFile`], [`crate::ErrorKind::Version`]: nothing
    /// of the file could be read. What is wrong further on, [`Snapshot::fields`] says in its place.
    pub fn read(&mut self, path: &Path, origin: Origin) -> Result<(), Error> {
        self.forget(path);
        if origin == Origin::Named {
            let (file, metadata) = open(path, origin)?;
            return self.take(Arc::new(file), metadata.len(), path, Extent::Fields);
        }
        // It was a regular file when it was found. The kernel is asked again only if it does not look like a
        // stats file: the question costs nearly as much as reading.
        self.take(Arc::new(open_only(path, origin)?), 0, path, Extent::Fields)
    }

    /// Reads a file that is open for reading already, in place of what was there. `path` is what it is
    /// called from now on; nobody looks for anything there.
    ///
    /// # Errors
    /// As [`Snapshot::read`].
    pub fn read_file(&mut self, file: File, path: &Path) -> Result<(), Error> {
        self.read_shared(Arc::new(file), path).map(drop)
    }

    /// The same, of one that others keep open.
    pub(super) fn read_shared(&mut self, file: Arc<File>, path: &Path) -> Result<Metadata, Error> {
        self.forget(path);
        let metadata = regular(path, file.metadata().map_err(Error::io(path, "looking at it"))?)?;
        self.take(file, metadata.len(), path, Extent::Fields)?;
        Ok(metadata)
    }

    /// Opens the file at `path` and reads it. Gives what the file was like before it was read.
    pub(super) fn open_and_read(&mut self, path: &Path, origin: Origin) -> Result<Metadata, Error> {
        self.forget(path);
        let (file, metadata) = open(path, origin)?;
        self.take(Arc::new(file), metadata.len(), path, Extent::Fields)?;
        Ok(metadata)
    }

    /// Reads all of the file at `path` in place of what was there: [`Snapshot::bytes`] then holds the
    /// bytes after the fields, too, and the values in them are those that [`Snapshot::fields`] gives.
    /// No more than [`Snapshot::LIMIT`] is read; [`Snapshot::file`] knows the file's size.
    ///
    /// What is no stats file is read as well: it has no fields, and [`Snapshot::defect`] says why.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Io`], [`crate::ErrorKind::NotAFile`], and [`crate::ErrorKind::Unstable`] if the
    /// list of fields keeps changing.
    pub fn read_whole(&mut self, path: &Path, origin: Origin) -> Result<(), Error> {
        self.forget(path);
        let (file, metadata) = open(path, origin)?;
        self.take(Arc::new(file), metadata.len(), path, Extent::Whole)
    }

    /// Reads all of a file that is open for reading already, as [`Snapshot::read_whole`] does. `path` is what it is
    /// called from now on; nobody looks for anything there.
    ///
    /// # Errors
    /// As [`Snapshot::read_whole`].
    pub fn read_whole_file(&mut self, file: File, path: &Path) -> Result<(), Error> {
        self.forget(path);
        let metadata = regular(path, file.metadata().map_err(Error::io(path, "looking at it"))?)?;
        self.take(Arc::new(file), metadata.len(), path, Extent::Whole)
    }

    fn forget(&mut self, path: &Path) {
        self.path.clear();
        self.path.push(path);
        self.file = None;
        self.cut = None;
        self.is_alike = false;
        if std::mem::take(&mut self.is_pattern) {
            std::mem::swap(&mut self.records, &mut self.pattern);
        }
        if self.version_2.is_pattern {
            std::mem::swap(&mut self.first, &mut self.second);
            std::mem::swap(&mut self.version_2, &mut self.pattern_v2);
        }
        self.records.clear();
        self.version_2.forget();
    }

    /// Takes in a file that has `len` bytes at least.
    fn take(&mut self, file: Arc<File>, len: u64, path: &Path, extent: Extent) -> Result<(), Error> {
        let looked = self.look(&file, path, len, extent);
        let refused = match self.cut {
            Some(Cut::Empty | Cut::Version(_) | Cut::Head(_)) if extent == Extent::Fields => {
                looked.and(self.defect().map_or(Ok(()), Err))
            }
            _ => looked,
        };
        if refused.is_err() {
            regular(path, file.metadata().map_err(Error::io(path, "looking at it"))?)?;
            return refused;
        }
        self.file = Some(file);
        Ok(())
    }

    /// The fields' places, and which of its buffers holds a field's value in [`Snapshot::bytes`].
    pub(crate) fn places(&self) -> impl Iterator<Item = (&Record, Option<usize>)> {
        self.records.iter().map(|seen| (&seen.record, seen.buffer))
    }

    /// Whether the file that was read last is of version 2.
    pub(crate) fn is_version_2(&self) -> bool {
        self.version_2.first > 0
    }

    /// The file that was read last.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// It, still open, for asking about its lock. `None` before the first.
    #[must_use]
    pub fn file(&self) -> Option<&File> {
        self.file.as_deref()
    }

    /// The same, to keep it open.
    pub(super) fn shared_file(&self) -> Option<&Arc<File>> {
        self.file.as_ref()
    }

    /// The fields in the order of the file. An error in place of a field says that this one could not be
    /// had ([`crate::ErrorKind::Unstable`]; in version 2 also [`crate::ErrorKind::Format`] and
    /// [`crate::ErrorKind::TooLarge`]), or, as the last item, why the rest could not. Fields whose type this library
    /// does not know are not among them.
    pub fn fields(&self) -> impl Iterator<Item = Result<SnapshotField<'_>, Error>> {
        let fields = self.records.iter().map(|seen| self.field(seen));
        let fields_v2 = self.version_2.fields.iter().map(|listed| self.field_v2(listed));
        fields.chain(fields_v2).chain(self.defect().map(Err))
    }

    /// The records of a file of version 2, of whatever type, in the order of the file, and their types: 0 a block,
    /// 1 a field, others unknown. In a file of version 1 there are none.
    #[doc(hidden)]
    pub fn records(&self) -> impl Iterator<Item = (v2::Record, u16)> {
        let (List { first, end, .. }, bytes) = (&self.version_2, self.bytes());
        let records =
            v2::records(bytes, *first).map_while(Result::ok).take_while(move |record| record.at < *end);
        records.map(|record| (record, record.kind(bytes)))
    }

    /// Why the list of fields could not be followed to its end, if so.
    #[must_use]
    pub fn defect(&self) -> Option<Error> {
        let reason = match self.cut? {
            Cut::Defect(at, defect) => Reason::Format { at, defect },
            Cut::Record(defect) => Reason::Record(defect),
            Cut::Head(defect) => Reason::Head(defect),
            Cut::TooLarge(at) => Reason::TooLarge { at, limit: LIMIT },
            Cut::Empty => Reason::Empty,
            Cut::Version(version) => Reason::Version(version),
        };
        Some(Error::new(&self.path, reason))
    }

    /// The first field whose label ends so, if it could be read. `sys.pid` and its like are found this
    /// way, whatever prefix is before it.
    #[must_use]
    pub fn find(&self, ending: &str) -> Option<SnapshotField<'_>> {
        let bytes = self.first.bytes();
        let ends = |seen: &&ListedField| seen.record.label(bytes).ends_with(ending.as_bytes());
        if let Some(seen) = self.records.iter().find(ends) {
            return self.field(seen).ok();
        }
        self.version_2.find(ending, bytes).and_then(|listed| self.field_v2(listed).ok())
    }

    /// The bytes that were read: the fields and what follows them on their last page; everything, after
    /// [`Snapshot::read_whole`].
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.first.bytes()
    }

    #[inline]
    fn field<'a>(&'a self, seen: &'a ListedField) -> Result<SnapshotField<'a>, Error> {
        match seen.buffer {
            Some(buffer) => Ok(SnapshotField::of_v1(self.first.bytes(), &seen.record, buffer)),
            None => Err(self.unstable(&seen.record)),
        }
    }

    #[inline]
    fn field_v2<'a>(&'a self, listed: &'a Listed) -> Result<SnapshotField<'a>, Error> {
        match self.version_2.wrong(listed, self.first.bytes()) {
            None => Ok(SnapshotField::of_v2(self.first.bytes(), &self.version_2, listed)),
            Some(reason) => Err(Error::new(&self.path, reason)),
        }
    }

    #[cold]
    fn unstable(&self, record: &Record) -> Error {
        let label = String::from_utf8_lossy(record.label(self.first.bytes())).into_owned();
        Error::new(&self.path, Reason::Unstable { at: record.at, label })
    }
}
