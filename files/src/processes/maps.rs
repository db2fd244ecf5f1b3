//! The lines of `/proc/PID/maps` that are about stats files.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use mmstats::{TEMP_END, TEMP_START};
use nix::sys::stat::makedev;

use crate::name::{DELETED, ENDING};

/// A stats file that a process has mapped, as `/proc/PID/maps` tells of it.
///
/// It is one by its name: whatever else is mapped is never opened. What the file holds is judged when it is read. A
/// writer that cannot rename its file puts it in place by a link, and then the kernel goes on telling the name that it
/// had before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// `7f1c00000000-7f1c00001000`: a name in `/proc/PID/map_files`.
    pub(crate) range: String,
    pub(crate) device: u64,
    pub(crate) inode: u64,
    /// As the process's mount namespace has it.
    pub(crate) path: PathBuf,
    pub(crate) is_deleted: bool,
    /// Whether the path is that of a file that is being made: its name is another one by now.
    pub(crate) is_temporary: bool,
    pub(crate) is_writable: bool,
}

impl Entry {
    fn parse(line: &[u8]) -> Option<Self> {
        let (bare, is_deleted) = match line.strip_suffix(DELETED.as_bytes()) {
            Some(bare) => (bare, true),
            None => (line, false),
        };
        let is_temporary = is_deleted && bare.ends_with(TEMP_END.as_bytes()) && {
            let name = bare.rsplit(|&byte| byte == b'/').next()?;
            name.starts_with(TEMP_START.as_bytes())
        };
        if !bare.ends_with(ENDING) && !is_temporary {
            return None;
        }
        let mut parts = bare.splitn(6, |&byte| byte == b' ');
        let range = std::str::from_utf8(parts.next()?).ok()?.to_owned();
        let permissions = parts.next()?;
        // No writer's mapping is private.
        if permissions.get(3) != Some(&b's') {
            return None;
        }
        let device = std::str::from_utf8(parts.nth(1)?).ok()?;
        let (major, minor) = device.split_once(':')?;
        let device = makedev(u64::from_str_radix(major, 16).ok()?, u64::from_str_radix(minor, 16).ok()?);
        let inode = std::str::from_utf8(parts.next()?).ok()?.parse().ok()?;
        let path = parts.next()?.trim_ascii_start();
        if path.first() != Some(&b'/') {
            return None;
        }
        let path = PathBuf::from(OsString::from_vec(with_newlines(path)));
        let is_writable = permissions[1] == b'w';
        #[allow(clippy::useless_conversion)] // Of 32 bits on some platforms.
        let device = u64::from(device);
        Some(Self { range, device, inode, path, is_deleted, is_temporary, is_writable })
    }
}

impl Entry {
    /// What the link in `/proc/PID/map_files` says.
    pub(crate) fn told(&self) -> PathBuf {
        if self.is_deleted { self.told_without_name() } else { self.path.clone() }
    }

    /// The same of a file that has no name any more.
    pub(crate) fn told_without_name(&self) -> PathBuf {
        let mut told = self.path.clone().into_os_string();
        told.push(DELETED);
        told.into()
    }
}

/// The kernel escapes newlines, and nothing else.
fn with_newlines(path: &[u8]) -> Vec<u8> {
    const ESCAPED: &[u8] = b"\\012";
    let mut plain = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((&byte, after)) = rest.split_first() {
        if rest.starts_with(ESCAPED) {
            plain.push(b'\n');
            rest = &rest[ESCAPED.len()..];
        } else {
            plain.push(byte);
            rest = after;
        }
    }
    plain
}

/// The stats files in what `/proc/PID/maps` says, each once: by a mapping that is written to, if there is one.
pub(crate) fn entries(maps: &[u8]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for entry in maps.split(|&byte| byte == b'\n').filter_map(Entry::parse) {
        let is_same = |other: &&mut Entry| (other.device, other.inode) == (entry.device, entry.inode);
        match entries.iter_mut().find(is_same) {
            Some(other) if entry.is_writable && !other.is_writable => *other = entry,
            Some(_) => {}
            None => entries.push(entry),
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stats_files_are_told_by_their_names() {
        let maps = b"\
55d0-55d1 r-xp 00000000 fe:00 12                         /usr/bin/web
7f00-7f01 rw-s 00000000 fe:00 34                         /tmp/a b.mmstats
7f01-7f02 r--s 00001000 fe:00 34                         /tmp/a b.mmstats
7f02-7f03 rw-p 00000000 fe:00 35                         /tmp/private.mmstats
7f03-7f04 rw-s 00000000 00:1d 36                         /run/web-1.mmstats (deleted)
7f04-7f05 rw-s 00000000 00:1d 37                         /run/.mmstats-12-0.new (deleted)
7f05-7f06 rw-s 00000000 00:1d 38                         /run/.mmstats-12-0.new
7f06-7f07 rw-s 00000000 00:01 39                         /memfd:x.mmstats (deleted)
7f07-7f08 rw-s 00000000 00:01 40                         /tmp/x\\012y.mmstats
7ffd-7ffe rw-p 00000000 00:00 0                          [stack]
";
        let found: Vec<_> = entries(maps)
            .iter()
            .map(|entry| {
                (entry.inode, entry.path.to_str().unwrap().to_owned(), entry.is_deleted, entry.is_temporary)
            })
            .collect();
        let of =
            |inode, path: &str, is_deleted, is_temporary| (inode, path.to_owned(), is_deleted, is_temporary);
        assert_eq!(
            found,
            [
                of(34, "/tmp/a b.mmstats", false, false),
                of(36, "/run/web-1.mmstats", true, false),
                of(37, "/run/.mmstats-12-0.new", true, true),
                of(39, "/memfd:x.mmstats", true, false),
                of(40, "/tmp/x\ny.mmstats", false, false),
            ]
        );
        assert!(entries(b"").is_empty() && entries(b"x.mmstats\n.mmstats (deleted)").is_empty());
    }

    #[test]
    fn a_mapping_that_is_written_to_counts_more() {
        let maps = b"1-2 r--s 0 fe:00 34 /a.mmstats\n3-4 rw-s 0 fe:00 34 /a.mmstats\n";
        assert_eq!(entries(maps).iter().map(|entry| &*entry.range).collect::<Vec<_>>(), ["3-4"]);
    }
}
