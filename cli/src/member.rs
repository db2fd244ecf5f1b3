//! A followed file, whose it is, and what a tool does with it.

use std::path::Path;
use std::time::{Duration, Instant};

use mmstats::live::{Judge, Life};
use mmstats::{FOLD_LABEL, Followed, Looked, Snapshot, VERSION_LABEL};

use crate::tool::Stop;

/// How long one walk through `/proc` serves.
const WALK_SERVES: Duration = Duration::from_secs(10);

/// What a tool does with the files it follows.
pub trait Visitor {
    /// What it remembers of each.
    type State: Default;

    /// The labels of a file come next: all of them, in order.
    fn begin(&mut self) {}

    /// Whether it wants this field.
    fn wants(&mut self, label: &[u8]) -> bool;

    /// A file was looked at. [`Looked::Anew`] the first time, and whenever its fields are others.
    ///
    /// # Errors
    /// Whatever stops the tool.
    fn visit(&mut self, member: &mut Member<Self::State>, looked: Looked) -> Result<(), Stop>;

    /// A file is followed no longer, after a last look if that could be had.
    ///
    /// # Errors
    /// Whatever stops the tool.
    fn leave(&mut self, member: &mut Member<Self::State>, looked: Looked, why: Left) -> Result<(), Stop>;
}

/// A followed file.
pub struct Member<S> {
    /// Its fields.
    pub file: Followed,
    /// Who wrote it.
    pub writer: Writer,
    /// What the tool remembers of it.
    pub state: S,
    pub(crate) is_named: bool,
    /// Whether it was dead when it joined, because somebody named it.
    pub(crate) was_dead: bool,
    pub(crate) is_fresh: bool,
}

/// Why a file is followed no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Its name is gone, or leads to another file.
    Removed,
    /// Its writer has died and left it.
    Dead,
    /// It could not be read any more. That was reported.
    Broken,
}

/// Who wrote a file, by its own word.
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

impl<S> Member<S> {
    /// Whether its writer has died since it joined.
    pub(crate) fn has_died(&self, coroner: &mut Coroner) -> bool {
        if self.was_dead {
            return false;
        }
        if self.writer.locks {
            return self.file.is_locked().is_ok_and(|is_locked| !is_locked);
        }
        let Some(pid) = self.writer.pid else { return false };
        if Path::new(&format!("/proc/{pid}")).exists() {
            return false;
        }
        let mut snapshot = Snapshot::new();
        let read = snapshot.read(self.file.path(), self.file.origin());
        read.is_ok() && coroner.is_dead(&snapshot)
    }
}

/// A file that is there and not followed.
#[derive(Clone, PartialEq)]
pub(crate) enum Outsider {
    Unreadable { reason: String, is_named: bool },
    Dead { identity: (u64, u64) },
}

impl Outsider {
    /// Why a file cannot be read, and whether it is an operand.
    pub(crate) fn unreadable(error: &mmstats::Error, is_named: bool) -> Self {
        Self::Unreadable { reason: error.reason().to_string(), is_named }
    }
}

/// Judges files for hours, and does not walk through `/proc` for each.
pub(crate) struct Coroner {
    judge: Judge,
    walked: Instant,
}

impl Coroner {
    pub(crate) fn new() -> Self {
        Self { judge: Judge::new(), walked: Instant::now() }
    }

    pub(crate) fn is_dead(&mut self, snapshot: &Snapshot) -> bool {
        if self.walked.elapsed() > WALK_SERVES {
            *self = Self::new();
        }
        self.judge.judge(snapshot).life == Life::Dead
    }
}
