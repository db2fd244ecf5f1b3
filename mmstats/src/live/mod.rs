//! Whether a file's writer is alive, dead, or unknown, and the evidence for it.
//!
//! A file of this library is locked as long as its writer is alive, so the lock alone decides. Other
//! writers take no lock. For their files, a process that maps the file is evidence of life. If there is
//! none, the process id in the file says which process wrote it; that process may have ended, and its id
//! may have been reused. If this process cannot see enough to decide, the answer is [`Life::Unknown`]:
//! denied permission does not prove death, and neither does a process id from another PID namespace.
//!
//! ```
//! use mmstats::Snapshot;
//! use mmstats::live::{Judge, Life};
//!
//! # let dir = tempfile::tempdir()?;
//! # let dir = dir.path();
//! let web = mmstats::Options::new().dir(dir).create::<()>()?;
//! let verdict = Judge::new().judge(&Snapshot::of(web.path())?);
//! assert_eq!(verdict.life, Life::Alive);
//! assert_eq!(verdict.evidence.to_string(), "its writer holds the lock");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod clues;
mod layers;
mod mappings;
mod process;

use std::cell::{OnceCell, RefCell};
use std::fmt;
use std::fs::File;
use std::path::Path;

pub use clues::Clues;

use crate::read::Snapshot;
use layers::Layers;
use mappings::Mappings;
use process::Process;

/// How many seconds a process may seem to have begun too late or too early. `sys.created` and the clock
/// ticks since boot do not share a clock.
const DOUBT: f64 = 2.0;

/// Whether a file's writer is alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Life {
    /// It may still write.
    Alive,
    /// No process will write to this file again.
    Dead,
    /// This process cannot see enough to decide.
    Unknown,
}

/// What a [`Verdict`] is based on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Evidence {
    /// The lifetime lock is held.
    Locked,
    /// A file of this library whose lifetime lock no process holds.
    Unlocked,
    /// A file of this library in a directory that is a layer of an overlayfs. Its writer's lock may be on the
    /// overlayfs, where it cannot be seen.
    HiddenLock,
    /// A process maps the file.
    Mapped,
    /// The file does not say which process wrote it.
    NoPid,
    /// There is no process with the file's process id.
    Gone,
    /// The process has ended and its parent has not noticed yet.
    Zombie,
    /// The process began after the file was made.
    Younger,
    /// The process runs under another user id than the writer's.
    OtherUser,
    /// The process with the file's process id exists.
    Running,
    /// The writer may be in a PID namespace, or hidden by permissions, where it cannot be seen.
    OutOfSight,
    /// Another machine may write to the file, since its file system is shared.
    OtherMachine,
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Locked => "its writer holds the lock",
            Self::Unlocked => "its writer's lock is gone",
            Self::HiddenLock => "its writer's lock may be on an overlayfs",
            Self::Mapped => "a process maps it",
            Self::NoPid => "it does not say who wrote it",
            Self::Gone => "its process is gone",
            Self::Zombie => "its process is a zombie",
            Self::Younger => "its process id went to a younger process",
            Self::OtherUser => "its process id went to another user",
            Self::Running => "its process is running",
            Self::OutOfSight => "its writer may be out of sight",
            Self::OtherMachine => "its writer may be on another machine",
        })
    }
}

/// An answer and the evidence for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict {
    /// The answer.
    pub life: Life,
    /// What it is based on.
    pub evidence: Evidence,
}

/// Judges files. Reads `/proc` when the first file needs it, and again only for a file that changed after
/// that. A program that first gathers the [`Clues`] of all files reads `/proc` only once.
#[derive(Default)]
pub struct Judge {
    mappings: RefCell<Option<Mappings>>,
    layers: OnceCell<Layers>,
    thorough: bool,
}

impl fmt::Debug for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judge").field("thorough", &self.thorough).finish_non_exhaustive()
    }
}

impl Judge {
    /// Makes a judge that has read nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a judge that never judges a file to be dead if a visible process maps it to write, even a file of
    /// this library without its lock. A lock cannot be seen from everywhere: for example not in the directories
    /// that are the layers of an overlayfs, for which another judge answers that it does not know. If there are
    /// dead files, it costs a walk through `/proc`.
    #[must_use]
    pub fn thorough() -> Self {
        Self { thorough: true, ..Self::default() }
    }

    /// Judges the file of a snapshot that was just taken.
    #[must_use]
    pub fn judge(&self, snapshot: &Snapshot) -> Verdict {
        let unknown = verdict(Life::Unknown, Evidence::OutOfSight);
        let Some(file) = snapshot.file() else { return unknown };
        let locked = is_locked(file).ok();
        // It says all, and most files that anybody reads are locked.
        if locked == Some(true) {
            return verdict(Life::Alive, Evidence::Locked);
        }
        Clues::beside(file, locked, snapshot).map_or(unknown, |clues| self.decide(&clues))
    }

    /// Judges by the clues that a file has given.
    #[must_use]
    pub fn decide(&self, clues: &Clues) -> Verdict {
        if clues.locked == Some(true) {
            return verdict(Life::Alive, Evidence::Locked);
        }
        // A writer has no lock yet in the moment after it made its file.
        if let Some(maker) = clues.maker {
            if trace(maker, clues.changed_at(), Some(clues.owner.into())) == Evidence::Running {
                return verdict(Life::Alive, Evidence::Running);
            }
        }
        if clues.ours && clues.locked == Some(false) && !clues.may_lose_lock && !self.thorough {
            if self.may_be_locked_above(clues) {
                return verdict(Life::Unknown, Evidence::HiddenLock);
            }
            return verdict(Life::Dead, Evidence::Unlocked);
        }
        let evidence = clues.pid.map_or(Evidence::NoPid, |pid| trace(pid, clues.created, clues.uid));
        let may_be_alive = !clues.ours || clues.locked.is_none() || clues.may_lose_lock;
        if evidence == Evidence::Running && may_be_alive {
            return verdict(Life::Alive, evidence);
        }
        let mut mappings = self.mappings.borrow_mut();
        let seen = match mappings.take() {
            Some(seen) if seen.map(clues) || !seen.are_older_than(clues) => seen,
            _ => Mappings::look(),
        };
        let seen = mappings.insert(seen);
        if seen.map(clues) {
            return verdict(Life::Alive, Evidence::Mapped);
        }
        match evidence {
            _ if clues.ours
                && clues.locked == Some(false)
                && !seen.show_all_for(clues)
                && self.may_be_locked_above(clues) =>
            {
                verdict(Life::Unknown, Evidence::HiddenLock)
            }
            _ if clues.ours && clues.locked == Some(false) => verdict(Life::Dead, Evidence::Unlocked),
            Evidence::NoPid | Evidence::OutOfSight => verdict(Life::Unknown, evidence),
            _ if clues.shared_by_machines => verdict(Life::Unknown, Evidence::OtherMachine),
            // The process that the file names is not its writer any more, or never was: if all who
            // might have it mapped can be seen, nobody has.
            _ if seen.show_all_for(clues) => verdict(Life::Dead, evidence),
            _ => verdict(Life::Unknown, Evidence::OutOfSight),
        }
    }

    /// Whether a lock may be held where it cannot be seen from here.
    fn may_be_locked_above(&self, clues: &Clues) -> bool {
        self.layers.get_or_init(Layers::look).hold(&clues.path)
    }

    /// Judges an open file.
    pub(crate) fn judge_file(&self, path: &Path, file: File) -> Verdict {
        let mut snapshot = Snapshot::new();
        match snapshot.read_file(file, path) {
            Ok(()) => self.judge(&snapshot),
            Err(_) => verdict(Life::Unknown, Evidence::NoPid),
        }
    }
}

fn verdict(life: Life, evidence: Evidence) -> Verdict {
    Verdict { life, evidence }
}

/// Whether a process holds the lifetime lock of a file that is open for reading. It takes no lock itself.
///
/// # Errors
/// If the file system has no locks.
pub fn is_locked(file: &File) -> std::io::Result<bool> {
    crate::disk::lock::is_locked(file)
}

/// What became of the process that had `pid` when it made its file, at `created`, as user `uid`.
fn trace(pid: u32, created: Option<f64>, uid: Option<u64>) -> Evidence {
    let (is_zombie, began, uids) = match Process::of(pid) {
        Process::Gone => return Evidence::Gone,
        Process::Hidden => return Evidence::OutOfSight,
        Process::Seen { is_zombie, began, uids } => (is_zombie, began, uids),
    };
    let is_younger = |(began, created): (f64, f64)| began > created + DOUBT;
    let is_other = |(uids, uid): (Vec<u32>, u64)| !uids.into_iter().any(|seen| u64::from(seen) == uid);
    if is_zombie {
        Evidence::Zombie
    } else if began.zip(created).is_some_and(is_younger) {
        Evidence::Younger
    } else if uids.zip(uid).is_some_and(is_other) {
        Evidence::OtherUser
    } else {
        Evidence::Running
    }
}
