//! A followed file, and who wrote it.

use mmstats::{FOLD_LABEL, Followed, Snapshot, VERSION_LABEL};

/// A followed file.
pub struct Member<S> {
    /// Its fields.
    pub file: Followed,
    /// Its writer.
    pub writer: Writer,
    /// What the program remembers of it.
    pub state: S,
    pub(crate) is_named: bool,
    /// Whether it was dead when it joined, because somebody named it.
    pub(crate) was_dead: bool,
    pub(crate) is_fresh: bool,
    /// Whether there was no trace of its writer, and no certainty of its death, either.
    pub(crate) is_out_of_sight: bool,
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
    /// The process.
    pub pid: Option<i128>,
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
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        let integer = |label| snapshot.find(label)?.value().as_integer();
        Self {
            pid: integer("sys.pid"),
            tid: integer("sys.tid"),
            created: snapshot.find("sys.created").and_then(|field| field.value().as_f64()),
            fold: integer(FOLD_LABEL),
            locks: snapshot.find(VERSION_LABEL).is_some(),
        }
    }
}
