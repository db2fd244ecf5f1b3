//! A followed file, whose it is, and what a tool does with it.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use mmstats::live::{Judge, Life};
use mmstats::{FOLD_LABEL, Followed, Observation, Origin, Snapshot, VERSION_LABEL};

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

    /// A file was looked at. [`Observation::Anew`] the first time, and whenever its fields are others.
    ///
    /// # Errors
    /// Whatever stops the tool.
    fn visit(&mut self, member: &mut Member<Self::State>, looked: Observation) -> Result<(), Stop>;

    /// A file is followed no longer, after a last look if that could be had.
    ///
    /// # Errors
    /// Whatever stops the tool.
    fn leave(&mut self, member: &mut Member<Self::State>, looked: Observation, why: Left)
    -> Result<(), Stop>;
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
    /// Whether there was no trace of its writer, and no certainty of its death, either.
    pub(crate) is_out_of_sight: bool,
}

/// How closely a file is looked at to find out whether its writer has died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thoroughness {
    /// Only if the first glance speaks for it.
    Suspicious,
    /// In any case, as far as there is more to see.
    Close,
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
    pub(crate) fn has_died(&mut self, coroner: &mut Coroner, how: Thoroughness) -> bool {
        if self.was_dead {
            return false;
        }
        let Some(is_suspect) = self.is_suspect() else { return false };
        // A lock that is held says all.
        if !is_suspect && (self.writer.locks || how == Thoroughness::Suspicious) {
            self.is_out_of_sight = false;
            return false;
        }
        let mut snapshot = Snapshot::new();
        if snapshot.read(self.file.path(), self.file.origin()).is_err() {
            return false;
        }
        // The first time, what was seen before this look does not count: its process lived then.
        let is_dead = if is_suspect && !self.is_out_of_sight {
            coroner.is_dead_now(&snapshot)
        } else {
            coroner.is_dead(&snapshot)
        };
        self.is_out_of_sight = is_suspect && !is_dead;
        is_dead
    }

    /// What the first glance says: whether its lock, or its process where it takes none, is gone. `None` if
    /// there is nothing to glance at.
    fn is_suspect(&self) -> Option<bool> {
        if self.writer.locks {
            return self.file.is_locked().ok().map(|is_locked| !is_locked);
        }
        let pid = self.writer.pid?;
        Some(!Path::new(&format!("/proc/{pid}")).exists())
    }
}

/// A file that is there and not followed.
#[derive(Clone, PartialEq)]
pub(crate) enum Outsider {
    Unreadable {
        reason: String,
        is_named: bool,
    },
    /// `state` is what it was before it was judged: a writer that begins again may write to the same file.
    Dead {
        state: Option<State>,
        is_named: bool,
    },
}

/// What tells whether anybody has written to a file, or truncated it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) identity: (u64, u64),
    len: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl State {
    pub(crate) fn of(path: &Path, origin: Origin) -> Option<Self> {
        let metadata = match origin {
            Origin::Named => path.metadata(),
            Origin::Found => path.symlink_metadata(),
        };
        let metadata = metadata.ok()?;
        Some(Self {
            identity: (metadata.dev(), metadata.ino()),
            len: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }
}

impl Outsider {
    /// Why a file cannot be read, and whether it is an operand.
    pub(crate) fn unreadable(error: &mmstats::Error, is_named: bool) -> Self {
        Self::Unreadable { reason: error.reason().to_string(), is_named }
    }

    /// A file without a beginning. Its writer may have come no further yet: if it is so at the next look,
    /// too, that is reported.
    pub(crate) fn perhaps_begun(is_named: bool) -> Self {
        Self::Unreadable { reason: String::new(), is_named }
    }
}

/// Judges files for hours, and does not walk through `/proc` for each.
pub(crate) struct Coroner {
    judge: Judge,
    walked: Instant,
    /// When this look at all files began.
    began: Instant,
}

impl Coroner {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self { judge: Judge::new(), walked: now, began: now }
    }

    /// A look at all files begins.
    pub(crate) fn begin(&mut self) {
        self.began = Instant::now();
    }

    pub(crate) fn is_dead(&mut self, snapshot: &Snapshot) -> bool {
        if self.walked.elapsed() > WALK_SERVES {
            self.renew();
        }
        self.judge.judge(snapshot).life == Life::Dead
    }

    /// The same by nothing that was seen before this look.
    pub(crate) fn is_dead_now(&mut self, snapshot: &Snapshot) -> bool {
        if self.walked < self.began {
            self.renew();
        }
        self.judge.judge(snapshot).life == Life::Dead
    }

    fn renew(&mut self) {
        (self.judge, self.walked) = (Judge::new(), Instant::now());
    }
}
