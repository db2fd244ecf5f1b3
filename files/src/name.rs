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

/// The command in a file name `CMD-PID-TID.mmstats`, or `CMD-PID-TID.2.mmstats`, or whatever is before the
/// ending.
#[must_use]
pub fn command(name: &[u8], pid: Option<i128>, tid: Option<i128>) -> &[u8] {
    let name = name.strip_suffix(DELETED.as_bytes()).unwrap_or(name);
    let stem = name.strip_suffix(ENDING).unwrap_or(name);
    let numbered = stem.iter().rposition(|&byte| byte == b'.').map(|dot| stem.split_at(dot));
    let mut command = match (numbered, tid) {
        (Some((rest, [b'.', digits @ ..])), Some(tid))
            if !digits.is_empty()
                && digits.iter().all(u8::is_ascii_digit)
                && rest.ends_with(format!("-{tid}").as_bytes()) =>
        {
            rest
        }
        _ => stem,
    };
    for number in [tid, pid].into_iter().flatten() {
        command = command.strip_suffix(format!("-{number}").as_bytes()).unwrap_or(command);
    }
    if command.is_empty() { stem } else { command }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_found_in_the_file_name() {
        assert_eq!(command(b"web-12-34.mmstats", Some(12), Some(34)), b"web");
        assert_eq!(command(b"web-12-34.2.mmstats", Some(12), Some(34)), b"web");
        assert_eq!(command(b"web.2.mmstats", Some(12), Some(34)), b"web.2");
        assert_eq!(command(b"a-b-12.mmstats", Some(12), Some(34)), b"a-b");
        assert_eq!(command(b"other.mmstats", Some(12), None), b"other");
        assert_eq!(command(b"-12.mmstats", Some(12), None), b"-12");
        assert_eq!(command(b"web-12-34.mmstats (deleted)", Some(12), Some(34)), b"web");
    }

    #[test]
    fn a_name_alone_is_in_the_working_directory() {
        let directory = |path| directory_of(Path::new(path)).to_str().unwrap();
        assert_eq!((directory("a"), directory("b/a"), directory("/a"), directory("/")), (".", "b", "/", "/"));
    }
}
