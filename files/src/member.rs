//! A followed file, and who wrote it.

use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

use mmstats::{Error, FOLD_LABEL, Followed, Snapshot, VERSION_LABEL};

use crate::processes::{Mapped, Process};
use crate::search::Found;

/// A followed file.
pub struct Member<S> {
    /// Its fields.
    pub file: Followed,
    /// Its writer.
    pub writer: Writer,
    /// What the program remembers of it.
    pub state: S,
    pub(crate) mapped: Option<Arc<Mapped>>,
    pub(crate) is_named: bool,
    /// Whether it was dead when it joined, because somebody named it.
    pub(crate) was_dead: bool,
    pub(crate) is_fresh: bool,
    /// Whether there was no trace of its writer, and no certainty of its death, either.
    pub(crate) is_out_of_sight: bool,
}

impl<S> Member<S> {
    /// Reads the file anew.
    ///
    /// # Errors
    /// As [`Snapshot::read`].
    pub fn read(&self, snapshot: &mut Snapshot) -> Result<(), Error> {
        match (&self.mapped, self.file.file().map(std::fs::File::try_clone)) {
            (Some(_), Some(Ok(file))) => snapshot.read_file(file, self.file.path()),
            (Some(_), Some(Err(error))) => Err(Error::opening(self.file.path(), error)),
            _ => snapshot.read(self.file.path(), self.file.origin()),
        }
    }

    /// Why it leaves, where its writer has ended or has unmapped it.
    pub(crate) fn why_it_leaves(&self, is_dead: bool) -> Left {
        let links = || self.file.file()?.metadata().ok().map(|metadata| metadata.nlink());
        let is_removed = self.mapped.is_some() && links() == Some(0);
        if is_dead && !is_removed { Left::Dead } else { Left::Removed }
    }

    /// How it was found.
    #[must_use]
    pub fn found(&self) -> Found {
        let (path, origin) = (self.file.path().to_owned(), self.file.origin());
        Found { path, origin, mapped: self.mapped.clone() }
    }

    /// The process that writes to the file, if the file was found in it.
    #[must_use]
    pub fn process(&self) -> Option<&Process> {
        self.mapped.as_ref()?.writer()
    }
}

/// Why a file is followed no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Its name is gone, or leads to another file, or another writer has begun to write to it.
    Removed,
    /// Its writer has died and left it.
    Dead,
    /// It could not be read any more. That was reported.
    Broken,
}

/// The writer of a file, as the file says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Writer {
    /// The process. If the file was found in one: its id here, which may be another one than the file says.
    pub pid: Option<i128>,
    /// The process as the file says.
    pub own_pid: Option<i128>,
    /// The thread; 0 for the file that holds what a process's ended threads have counted.
    pub tid: Option<i128>,
    /// When, in seconds since 1970.
    pub created: Option<f64>,
    /// Which files of the process are folded into one: those that have the same number.
    pub fold: Option<i128>,
    /// Whether the library locks its files.
    pub(crate) locks: bool,
}

impl Writer {
    pub(crate) fn of(snapshot: &Snapshot, process: Option<&Process>) -> Self {
        let integer = |label| snapshot.find(label)?.value().as_integer();
        let own_pid = integer("sys.pid");
        Self {
            pid: process.map(|process| process.pid().into()).or(own_pid),
            own_pid,
            tid: integer("sys.tid"),
            created: snapshot.find("sys.created").and_then(|field| field.value().as_f64()),
            fold: integer(FOLD_LABEL),
            locks: snapshot.find(VERSION_LABEL).is_some(),
        }
    }
}
