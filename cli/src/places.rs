//! Looking again for the files that operands mean, without listing folders in which nothing has changed.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::operands::{Found, Search, Ways};
use crate::tool::Tool;

/// How long after a change of a folder its time may still hide another change, in seconds: the coarsest
/// clock of a file system that is in use.
const COARSEST: i64 = 2;

/// Where files may come and go.
pub(crate) struct Places {
    operands: Vec<OsString>,
    folders: Vec<(PathBuf, Stamp)>,
    is_volatile: bool,
    has_looked: bool,
    is_quiet: bool,
    /// Directories that may not be listed any more.
    hidden: Vec<PathBuf>,
    looked: String,
}

/// A file that a search found.
pub(crate) struct Candidate {
    pub(crate) found: Found,
    /// Whether it is an operand itself.
    pub(crate) is_named: bool,
}

impl Places {
    pub(crate) fn new(operands: Vec<OsString>) -> Self {
        Self {
            operands,
            folders: Vec::new(),
            is_volatile: false,
            has_looked: false,
            is_quiet: false,
            hidden: Vec::new(),
            looked: String::new(),
        }
    }

    /// Reports nothing from now on.
    pub(crate) fn hush(&mut self) {
        self.is_quiet = true;
    }

    /// What the last look was for, in words.
    pub(crate) fn looked(&self) -> &str {
        &self.looked
    }

    /// Whether it cannot be seen if a file is still there: its directory may not be listed any more.
    pub(crate) fn hide(&self, path: &Path) -> bool {
        self.hidden.iter().any(|hidden| path.starts_with(hidden))
    }

    /// The files that are there, sorted by path, or `None` if no name has come or gone since the last
    /// look. What cannot be looked at is reported at the first look, and a directory when it may not be listed
    /// any more.
    pub(crate) fn look(&mut self, tool: &Tool) -> Option<Vec<Candidate>> {
        let has_changed = |(path, stamp): &(PathBuf, Stamp)| Stamp::of(path).may_differ(stamp);
        if self.has_looked && !self.is_volatile && !self.folders.iter().any(has_changed) {
            return None;
        }
        // The stamps must be older than the listing: what is known of the folders so far is stamped
        // before. Folders that are new are looked at once more the next time.
        let known = std::mem::take(&mut self.folders).into_iter();
        let mut before: HashMap<_, _> = known
            .map(|(path, _)| {
                let stamp = Stamp::of(&path);
                (path, stamp)
            })
            .collect();
        let search = Search::of(tool, &self.operands, !self.is_quiet, Ways::One);
        let is_first = !self.has_looked;
        (self.has_looked, self.is_quiet) = (true, true);
        self.is_volatile = search.is_volatile;
        let hidden_before = std::mem::take(&mut self.hidden);
        for (dir, reason) in search.unlisted {
            let is_new = !hidden_before.contains(&dir);
            // At the first look it is said already; and what others put there later is no matter of ours.
            if is_new && !is_first && before.contains_key(&dir) {
                tool.error(&dir, &reason);
            }
            self.hidden.push(dir);
        }
        self.looked = search.looked;
        self.folders = search
            .folders
            .into_iter()
            .map(|folder| {
                let stamp = before.remove(&folder).unwrap_or(Stamp::NEVER);
                (folder, stamp)
            })
            .collect();
        let is_named = |path: &PathBuf| {
            search.named.binary_search_by(|named| named.as_os_str().cmp(path.as_os_str())).is_ok()
        };
        let found = search.found.into_iter();
        Some(found.map(|found| Candidate { is_named: is_named(&found.path), found }).collect())
    }
}

/// When the names in a folder changed last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stamp {
    /// There is no such folder.
    Missing,
    At {
        folder: (u64, u64),
        changed: (i64, i64),
        /// Whether nothing can change any more without changing the time, too.
        is_settled: bool,
    },
}

impl Stamp {
    /// Differs from every other, and from itself.
    const NEVER: Self = Self::At { folder: (0, 0), changed: (0, 0), is_settled: false };

    fn of(path: &Path) -> Self {
        let Ok(metadata) = fs::metadata(path) else { return Self::Missing };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let changed = metadata.mtime().max(metadata.ctime());
        let is_settled = i64::try_from(now).is_ok_and(|now| now > changed + COARSEST);
        // A file system sets both times when a name comes or goes; the mtime alone may be set back.
        let changed = (metadata.ctime(), metadata.ctime_nsec());
        Self::At { folder: (metadata.dev(), metadata.ino()), changed, is_settled }
    }

    fn may_differ(&self, before: &Self) -> bool {
        match (self, before) {
            (Self::Missing, Self::Missing) => false,
            (
                Self::At { folder, changed, .. },
                Self::At { folder: old_folder, changed: old_changed, is_settled },
            ) => !is_settled || folder != old_folder || changed != old_changed,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_has_rested_is_not_listed_again() {
        let at =
            |inode, seconds, is_settled| Stamp::At { folder: (1, inode), changed: (seconds, 0), is_settled };
        assert!(!at(2, 100, true).may_differ(&at(2, 100, true)));
        assert!(at(2, 100, true).may_differ(&at(2, 100, false)), "its clock may have stood still");
        assert!(at(2, 101, true).may_differ(&at(2, 100, true)));
        assert!(at(3, 100, true).may_differ(&at(2, 100, true)), "another folder of that name");
        assert!(at(2, 100, true).may_differ(&Stamp::Missing));
        assert!(!Stamp::Missing.may_differ(&Stamp::Missing));
        assert!(Stamp::NEVER.may_differ(&Stamp::NEVER));
    }

    #[test]
    fn a_folder_that_has_just_changed_is_listed_again() {
        let dir = tempfile::tempdir().unwrap();
        let stamp = Stamp::of(dir.path());
        assert!(stamp.may_differ(&stamp));
        assert!(Stamp::of(&dir.path().join("missing")) == Stamp::Missing);
    }
}
