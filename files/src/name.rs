//! What names and paths say.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What the name of a stats file ends with.
pub(crate) const ENDING: &[u8] = b".mmstats";

/// What the kernel puts after the path of a file that a process has mapped and that has no name any more.
pub(crate) const DELETED: &str = " (deleted)";

/// Whether a file of this name in a directory is taken for a stats file.
#[must_use]
pub fn is_stats_name(name: &OsStr) -> bool {
    name.as_bytes().ends_with(ENDING)
}

/// The directory in which a path's last name is.
#[must_use]
pub fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_alone_is_in_the_working_directory() {
        let directory = |path| directory_of(Path::new(path)).to_str().unwrap();
        assert_eq!((directory("a"), directory("b/a"), directory("/a"), directory("/")), (".", "b", "/", "/"));
    }
}
