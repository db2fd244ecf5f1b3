//! What tells whether anybody has written to a file, renamed it or truncated it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use mmstats::Origin;

/// A file's state. Two that are equal mean that nothing happened to the file in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Which file, whatever it is called.
    pub(crate) identity: (u64, u64),
    size: u64,
    modified: (i64, i64),
    /// Renaming changes this one, too.
    changed: (i64, i64),
}

impl State {
    /// The state that metadata tell.
    #[must_use]
    pub fn of(metadata: &Metadata) -> Self {
        Self {
            identity: (metadata.dev(), metadata.ino()),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// The state of what has this path. `None` if that cannot be asked.
    pub(crate) fn at(path: &Path, origin: Origin) -> Option<Self> {
        let metadata = match origin {
            Origin::Named => path.metadata(),
            // The careful way for all others.
            _ => path.symlink_metadata(),
        };
        metadata.ok().as_ref().map(Self::of)
    }

    /// Whether the other is of the same file with the same content, under another name perhaps.
    #[must_use]
    pub fn is_same_but_for_name(&self, other: &Self) -> bool {
        Self { changed: other.changed, ..*self } == *other
    }

    /// Whether the file has no bytes: it may be a writer's in the moment before it takes its lock.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.size == 0
    }
}
