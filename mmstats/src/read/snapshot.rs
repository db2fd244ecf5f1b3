//! A snapshot: the fields of a file as they were at some moment.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::field::SnapshotField;
use super::open::{open, open_only, regular};
use super::pages::Pages;
use super::settle::{Later, looks_at, settle};
use crate::error::{Error, Reason};
use crate::format::v1::{self, Defect, FIRST_FIELD, Record, VERSION};

/// Bytes read at first. Most files are one page.
const FIRST_READ: usize = 4096;
const LIMIT: usize = Snapshot::LIMIT;
/// How often a whole file is looked at, in case its list of fields is just being written.
const LIST_LOOKS: usize = 20;

/// What was in a stats file at some moment. Reuse one for many files: it keeps its memory.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// # let web = mmstats::Options::new().path(dir).create::<()>()?;
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
    file: Option<File>,
    first: Pages,
    second: Pages,
    later: Later,
    records: Vec<ListedField>,
    /// Whether `second` has the heads of `records`.
    is_pattern: bool,
    /// The fields of the file that was read before, whose heads are still in `second`. If this file has
    /// them, too, since another process of the same program wrote it, its list needs no parsing.
    pattern: Vec<ListedField>,
    /// Why the list of fields ended before its end.
    cut: Option<Cut>,
}

/// Why a list of fields could not be followed to its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// The field at this byte makes no sense.
    Defect(usize, Defect),
    /// The field at this byte is too large to be held.
    TooLarge(usize),
    /// There is not one byte.
    Empty,
    /// There is no list: the first byte is none that is known.
    Version(u8),
}

/// How much of a file is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// Its fields.
    Fields,
    /// Every byte, whatever it may be.
    Whole,
}

/// A field's place, and which of its buffers holds the value; `None` if no look could tell.
struct ListedField {
    record: Record,
    buffer: Option<usize>,
}

/// Where a path comes from, which says how carefully it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Somebody named it: links are followed. What is not a regular file is not opened.
    Named,
    /// It was found in a folder that others may write to, where it was a regular file: a link that has
    /// taken its place is not followed.
    Found,
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
    /// of the file could be had. What is wrong further on, [`Snapshot::fields`] says in its place.
    pub fn read(&mut self, path: &Path, origin: Origin) -> Result<(), Error> {
        self.forget(path);
        if origin == Origin::Named {
            let (file, metadata) = open(path, origin)?;
            return self.take(file, metadata.len(), path, Extent::Fields);
        }
        // It was a regular file when it was found. The kernel is asked again only if it does not look like a
        // stats file: the question costs nearly as much as reading.
        self.take(open_only(path, origin)?, 0, path, Extent::Fields)
    }

    /// Reads a file that is open for reading already, in place of what was there. `path` is what it is
    /// called from now on; nobody looks for anything there.
    ///
    /// # Errors
    /// As [`Snapshot::read`].
    pub fn read_file(&mut self, file: File, path: &Path) -> Result<(), Error> {
        self.forget(path);
        let metadata = regular(path, file.metadata().map_err(Error::io(path, "looking at it"))?)?;
        self.take(file, metadata.len(), path, Extent::Fields)
    }

    /// Reads all of the file at `path` in place of what was there: [`Snapshot::bytes`] then holds the
    /// bytes behind the fields, too, and the values in them are those that [`Snapshot::fields`] gives.
    /// No more than [`Snapshot::LIMIT`] is read; [`Snapshot::file`] knows the file's size.
    ///
    /// What is no stats file is read as well: it has no fields, and [`Snapshot::defect`] says why.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Io`], [`crate::ErrorKind::NotAFile`], and [`crate::ErrorKind::Unstable`] if the
    /// list of fields does not stand still.
    pub fn read_whole(&mut self, path: &Path, origin: Origin) -> Result<(), Error> {
        self.forget(path);
        let (file, metadata) = open(path, origin)?;
        self.take(file, metadata.len(), path, Extent::Whole)
    }

    fn forget(&mut self, path: &Path) {
        self.path.clear();
        self.path.push(path);
        self.file = None;
        self.cut = None;
        if std::mem::take(&mut self.is_pattern) {
            std::mem::swap(&mut self.records, &mut self.pattern);
        }
        self.records.clear();
    }

    /// Takes in a file that has `len` bytes at least.
    fn take(&mut self, file: File, len: u64, path: &Path, extent: Extent) -> Result<(), Error> {
        let looked = self.look(&file, path, len, extent);
        let refused = match self.cut {
            Some(Cut::Empty | Cut::Version(_)) if extent == Extent::Fields => {
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

    /// The file that was read last.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// It, still open, for asking about its lock. `None` before the first.
    #[must_use]
    pub fn file(&self) -> Option<&File> {
        self.file.as_ref()
    }

    /// The fields in the order of the file. An error in place of a field says that this one could not be
    /// had ([`crate::ErrorKind::Unstable`]), or, as the last item, why the rest could not.
    pub fn fields(&self) -> impl Iterator<Item = Result<SnapshotField<'_>, Error>> {
        let fields = self.records.iter().map(|seen| self.field(seen));
        fields.chain(self.defect().map(Err))
    }

    /// Why the list of fields could not be followed to its end, if so.
    #[must_use]
    pub fn defect(&self) -> Option<Error> {
        let reason = match self.cut? {
            Cut::Defect(at, defect) => Reason::Format { at, defect },
            Cut::TooLarge(at) => Reason::TooLarge { at, limit: LIMIT },
            Cut::Empty => Reason::Empty,
            Cut::Version(version) => Reason::Version(version),
        };
        Some(Error::new(&self.path, reason))
    }

    /// The first field whose label ends so, if it could be had. `sys.pid` and its like are found this
    /// way, whatever prefix stands in front.
    #[must_use]
    pub fn find(&self, ending: &str) -> Option<SnapshotField<'_>> {
        let bytes = self.first.bytes();
        let ends = |seen: &&ListedField| seen.record.label(bytes).ends_with(ending.as_bytes());
        self.records.iter().find(ends).and_then(|seen| self.field(seen).ok())
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
            Some(buffer) => Ok(SnapshotField { bytes: self.first.bytes(), record: &seen.record, buffer }),
            None => Err(self.unstable(&seen.record)),
        }
    }

    #[cold]
    fn unstable(&self, record: &Record) -> Error {
        let label = String::from_utf8_lossy(record.label(self.first.bytes())).into_owned();
        Error::new(&self.path, Reason::Unstable { at: record.at, label })
    }

    /// Looks at the file until two looks agree on the heads of all fields, then settles the values.
    fn look(&mut self, file: &File, path: &Path, len: u64, extent: Extent) -> Result<(), Error> {
        let failed = || Error::io(path, "reading it");
        let mut len = usize::try_from(len).unwrap_or(usize::MAX);
        for _ in 0..LIST_LOOKS {
            self.records.clear();
            self.cut = None;
            let read = match extent {
                Extent::Fields => self.first.read(file, FIRST_READ),
                Extent::Whole => self.first.read_whole(file, len),
            };
            read.map_err(failed())?;
            match self.first.bytes().first() {
                Some(&VERSION) => {}
                other => {
                    self.cut = Some(other.map_or(Cut::Empty, |&version| Cut::Version(version)));
                    return Ok(());
                }
            }
            self.take_alike();
            self.list(file, &mut len).map_err(failed())?;
            // The second look need not go beyond the last field, but for what makes no sense there.
            let end = self.records.last().map_or(0, |seen| seen.record.end);
            let to = if self.cut.is_some() { self.first.bytes().len() } else { end };
            self.second.read(file, to).map_err(failed())?;
            // A field that is just being added may have made no sense.
            if self.cut.is_some_and(|cut| !cut.is_seen_in(self.second.bytes())) {
                continue;
            }
            if self.is_at_rest(0..end) && self.stays_at_rest(file).map_err(failed())? {
                self.is_pattern = true;
                return Ok(());
            }
            if self.heads_agree() {
                self.settle(file).map_err(failed())?;
                self.is_pattern = true;
                return Ok(());
            }
        }
        Err(Error::new(path, Reason::Unstable { at: 0, label: "the list of fields".to_owned() }))
    }

    /// Takes over the fields of the file before that this look has, too, in the same places. Their buffers
    /// become those that this look's indices name.
    fn take_alike(&mut self) {
        let (bytes, before) = (self.first.bytes(), self.second.bytes());
        let is_alike = |seen: &mut ListedField| {
            let record = &seen.record;
            let head = record.at..record.index_at;
            let is_alike = record.end <= bytes.len().min(before.len())
                && bytes[head.clone()] == before[head]
                && record.fits(bytes[record.index_at]);
            if is_alike {
                seen.buffer = Some(record.current(bytes));
            }
            is_alike
        };
        let alike = self.pattern.iter_mut().map(is_alike).take_while(|alike| *alike).count();
        self.pattern.truncate(alike);
        std::mem::swap(&mut self.records, &mut self.pattern);
    }

    /// Follows the list of fields from the last one that is known, reading on as it leads on. `len` is the
    /// file's size as last seen. The buffers are those that this look's indices name.
    fn list(&mut self, file: &File, len: &mut usize) -> std::io::Result<()> {
        let mut at = self.records.last().map_or(FIRST_FIELD, |seen| seen.record.end);
        // A list that ends just where the bytes end may go on behind them.
        let mut look_behind = true;
        loop {
            match v1::field(self.first.bytes(), at) {
                Ok(Some(record)) => {
                    at = record.end;
                    let buffer = Some(record.current(self.first.bytes()));
                    self.records.push(ListedField { record, buffer });
                }
                Ok(None) => {
                    let known = self.first.bytes().len();
                    if known > at + 1 || !look_behind || known >= LIMIT {
                        return Ok(());
                    }
                    look_behind = self.read_on(file, known + 1, len)?;
                }
                Err(defect @ Defect::Short { end, .. }) => {
                    if end > LIMIT && reaches(file, end, len)? {
                        self.cut = Some(Cut::TooLarge(at));
                        return Ok(());
                    }
                    if end > LIMIT || !self.read_on(file, end, len)? {
                        self.cut = Some(Cut::Defect(at, defect));
                        return Ok(());
                    }
                }
                Err(defect) => {
                    self.cut = Some(Cut::Defect(at, defect));
                    return Ok(());
                }
            }
        }
    }

    /// Reads up to byte `end` or further. False if the file ends before.
    fn read_on(&mut self, file: &File, end: usize, len: &mut usize) -> std::io::Result<bool> {
        if !reaches(file, end, len)? {
            return Ok(false);
        }
        // Twice as much each time, so that a long list is not read a page at a time.
        let want = (2 * self.first.bytes().len()).min(*len).min(LIMIT);
        self.first.extend(file, want.max(end))?;
        Ok(self.first.bytes().len() >= end)
    }

    /// Whether both looks saw the same bytes there. Either may have ended early: the file can shrink.
    fn is_at_rest(&self, range: Range<usize>) -> bool {
        match (self.first.bytes().get(range.clone()), self.second.bytes().get(range)) {
            (Some(first), Some(second)) => first == second,
            _ => false,
        }
    }

    /// Whether all further looks see the same, as many as some text needs, where there is such.
    fn stays_at_rest(&mut self, file: &File) -> std::io::Result<bool> {
        let (mut looks, mut range) = (2, 0..0);
        for ListedField { record, .. } in &self.records {
            let needed = looks_at(record, self.first.bytes());
            if needed > 2 {
                looks = looks.max(needed);
                let start = if range.is_empty() { record.index_at } else { range.start };
                range = start..record.end;
            }
        }
        for _ in 2..looks {
            if !self.second.read_again(file, range.clone())? || !self.is_at_rest(range.clone()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether both looks saw the same heads. Either may have ended early: the file can shrink.
    fn heads_agree(&self) -> bool {
        let (first, second) = (self.first.bytes(), self.second.bytes());
        self.records.iter().all(|ListedField { record, .. }| {
            let head = record.at..record.index_at;
            record.end <= first.len().min(second.len())
                && first[head.clone()] == second[head]
                && record.fits(second[record.index_at])
        })
    }

    /// Finds the value of each field that counts, and leaves its bytes in `first`.
    fn settle(&mut self, file: &File) -> std::io::Result<()> {
        self.later.forget();
        for ListedField { record, buffer } in &mut self.records {
            *buffer = settle(file, record, &mut self.first, &mut self.second, &mut self.later)?;
        }
        Ok(())
    }
}

impl Cut {
    /// Whether another look at the same part of the file ends its list for the same reason.
    fn is_seen_in(self, bytes: &[u8]) -> bool {
        match self {
            Self::Defect(at, defect) => v1::field(bytes, at) == Err(defect),
            Self::TooLarge(at) => {
                matches!(v1::field(bytes, at), Err(Defect::Short { end, .. }) if end > LIMIT)
            }
            Self::Empty => bytes.is_empty(),
            Self::Version(version) => bytes.first() == Some(&version),
        }
    }
}

/// Whether a file has bytes up to `end`. `len` is its size as last seen; it may have grown since.
fn reaches(file: &File, end: usize, len: &mut usize) -> std::io::Result<bool> {
    if end > *len {
        *len = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    }
    Ok(end <= *len)
}
