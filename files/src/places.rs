//! Looking again for the files that operands mean, without listing directories in which nothing has changed.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::notice::{Hear, Notice};
use crate::operands::Operands;
use crate::processes::{Mapped, Walker};
use crate::search::{Found, Problem, Ways, find_with};

/// How long after a change of a directory its time may still hide another change, in seconds: the coarsest
/// clock of a file system that is in use.
const COARSEST: i64 = 2;

/// Where files may come and go.
pub(crate) struct Places {
    operands: Operands,
    walker: Walker,
    mapped: HashMap<PathBuf, Arc<Mapped>>,
    directories: Vec<(PathBuf, Stamp)>,
    is_volatile: bool,
    has_looked: bool,
    is_quiet: bool,
    /// Directories that may not be listed any more.
    hidden: Vec<PathBuf>,
    looked: Vec<PathBuf>,
}

/// A file that a search found.
pub(crate) struct Candidate {
    pub(crate) found: Found,
    /// Whether it is an operand itself.
    pub(crate) is_named: bool,
}

impl Places {
    pub(crate) fn new(operands: Operands) -> Self {
        Self {
            operands,
            walker: Walker::default(),
            mapped: HashMap::new(),
            directories: Vec::new(),
            is_volatile: false,
            has_looked: false,
            is_quiet: false,
            hidden: Vec::new(),
            looked: Vec::new(),
        }
    }

    /// Hands over nothing from now on but directories that may not be listed any more.
    pub(crate) fn hush(&mut self) {
        self.is_quiet = true;
    }

    /// What the last look was for.
    pub(crate) fn looked(&self) -> &[PathBuf] {
        &self.looked
    }

    /// The mapping by which a file was found.
    pub(crate) fn mapped(&self, path: &Path) -> Option<Arc<Mapped>> {
        self.mapped.get(path).map(Arc::clone)
    }

    /// Whether it cannot be seen if a file is still there: its directory may not be listed any more.
    pub(crate) fn hide(&self, path: &Path) -> bool {
        self.hidden.iter().any(|hidden| path.starts_with(hidden))
    }

    /// The files that are there, sorted by path, or `None` if no name has come or gone since the last look. What
    /// cannot be looked at is handed over at the first look, and a directory when it may not be listed any more.
    pub(crate) fn look(&mut self, hear: &mut Hear<'_>) -> Option<Vec<Candidate>> {
        let has_changed = |(path, stamp): &(PathBuf, Stamp)| Stamp::of(path).may_differ(stamp);
        if self.has_looked && self.operands.has_processes() {
            // There is nothing to be told by whether processes have mapped another file.
            if self.walker.rests() {
                return None;
            }
        } else if self.has_looked && !self.is_volatile && !self.directories.iter().any(has_changed) {
            return None;
        }
        // The stamps must be older than the listing: what is known of the directories so far is stamped before.
        // Directories that are new are looked at once more the next time.
        let known = std::mem::take(&mut self.directories).into_iter();
        let mut before: HashMap<_, _> = known
            .map(|(path, _)| {
                let stamp = Stamp::of(&path);
                (path, stamp)
            })
            .collect();
        let mut search = find_with(&self.operands, Ways::One, &mut self.walker);
        let mapped =
            search.found.iter().filter_map(|found| Some((found.path.clone(), found.mapped.clone()?)));
        self.mapped = mapped.collect();
        self.hear_of(std::mem::take(&mut search.problems), &before, hear);
        (self.has_looked, self.is_quiet) = (true, true);
        self.is_volatile = search.is_volatile;
        self.looked = std::mem::take(&mut search.looked);
        let directories = std::mem::take(&mut search.directories).into_iter();
        self.directories = directories
            .map(|directory| {
                let stamp = before.remove(&directory).unwrap_or(Stamp::NEVER);
                (directory, stamp)
            })
            .collect();
        let found = std::mem::take(&mut search.found).into_iter();
        Some(found.map(|found| Candidate { is_named: search.is_named(&found.path), found }).collect())
    }

    /// Takes note of what could not be looked at, and hands over what was not handed over before. `before` has the
    /// directories of the look before.
    fn hear_of(&mut self, problems: Vec<Problem>, before: &HashMap<PathBuf, Stamp>, hear: &mut Hear<'_>) {
        let hidden_before = std::mem::take(&mut self.hidden);
        for problem in problems {
            let is_hidden = |directory: &PathBuf, error: &io::Error| {
                // At the first look it is handed over anyway; and what others put there later is not our concern.
                let is_new = !hidden_before.contains(directory) && before.contains_key(directory);
                error.kind() != io::ErrorKind::NotFound && self.has_looked && is_new
            };
            let is_worth_a_word =
                matches!(&problem, Problem::Unlisted(directory, error) if is_hidden(directory, error));
            if !self.is_quiet || is_worth_a_word {
                hear(&Notice::from(&problem));
            }
            match problem {
                Problem::Unlisted(directory, error) if error.kind() != io::ErrorKind::NotFound => {
                    self.hidden.push(directory);
                }
                _ => {}
            }
        }
    }
}

/// When the names in a directory changed last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stamp {
    /// There is no such directory.
    Missing,
    At {
        directory: (u64, u64),
        changed: (i64, i64),
        /// Whether nothing can change any more without changing the time, too.
        is_settled: bool,
    },
}

impl Stamp {
    /// Differs from every other, and from itself.
    const NEVER: Self = Self::At { directory: (0, 0), changed: (0, 0), is_settled: false };

    fn of(path: &Path) -> Self {
        let Ok(metadata) = fs::metadata(path) else { return Self::Missing };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let changed = metadata.mtime().max(metadata.ctime());
        let is_settled = i64::try_from(now).is_ok_and(|now| now > changed + COARSEST);
        // A file system sets both times when a name comes or goes; the mtime alone may be set back.
        let changed = (metadata.ctime(), metadata.ctime_nsec());
        Self::At { directory: (metadata.dev(), metadata.ino()), changed, is_settled }
    }

    fn may_differ(&self, before: &Self) -> bool {
        match (self, before) {
            (Self::Missing, Self::Missing) => false,
            (
                Self::At { directory, changed, .. },
                Self::At { directory: old_directory, changed: old_changed, is_settled },
            ) => !is_settled || directory != old_directory || changed != old_changed,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_has_rested_is_not_listed_again() {
        let at = |inode, seconds, is_settled| Stamp::At {
            directory: (1, inode),
            changed: (seconds, 0),
            is_settled,
        };
        assert!(!at(2, 100, true).may_differ(&at(2, 100, true)));
        assert!(at(2, 100, true).may_differ(&at(2, 100, false)), "its clock may have stood still");
        assert!(at(2, 101, true).may_differ(&at(2, 100, true)));
        assert!(at(3, 100, true).may_differ(&at(2, 100, true)), "another directory of that name");
        assert!(at(2, 100, true).may_differ(&Stamp::Missing));
        assert!(!Stamp::Missing.may_differ(&Stamp::Missing));
        assert!(Stamp::NEVER.may_differ(&Stamp::NEVER));
    }

    #[test]
    fn a_directory_that_has_just_changed_is_listed_again() {
        let dir = tempfile::tempdir().unwrap();
        let stamp = Stamp::of(dir.path());
        assert!(stamp.may_differ(&stamp));
        assert!(Stamp::of(&dir.path().join("missing")) == Stamp::Missing);
    }
}
