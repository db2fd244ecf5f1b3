//! The directories in which overlay file systems keep what is written to them. A writer that has its file
//! on an overlayfs locks it there, and in the directory below that lock is not to be seen.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use super::process::all;

/// Those of all overlay file systems that can be seen.
pub(super) struct Layers(HashSet<PathBuf>);

impl Layers {
    /// Asks every mount namespace that can be seen, once.
    pub(super) fn look() -> Self {
        let mut layers = HashSet::new();
        let mut note = |process: &str| {
            let mounts = fs::read(format!("/proc/{process}/mountinfo")).unwrap_or_default();
            layers.extend(mounts.split(|&byte| byte == b'\n').filter_map(directory));
        };
        note("self");
        let namespace = |process: &str| fs::read_link(format!("/proc/{process}/ns/mnt")).ok();
        let mut known = HashSet::from([namespace("self")]);
        for pid in all().unwrap_or_default() {
            let process = pid.to_string();
            let there = namespace(&process);
            if there.is_some() && known.insert(there) {
                note(&process);
            }
        }
        Self(layers)
    }

    /// Whether a file is in one of them.
    pub(super) fn hold(&self, path: &Path) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let Ok(path) = path.canonicalize() else { return false };
        path.ancestors().skip(1).any(|above| {
            // The one who mounts may name a directory from where it is, wherever that was.
            self.0.contains(above) || self.0.iter().any(|layer| layer.is_relative() && above.ends_with(layer))
        })
    }
}

/// The directory where an overlayfs keeps what is written to it, if the line of `mountinfo` is of one.
fn directory(line: &[u8]) -> Option<PathBuf> {
    // ... - TYPE SOURCE OPTIONS, where nothing before the dash may be a dash alone.
    let mut parts = line.split(|&byte| byte == b' ').skip_while(|part| *part != b"-").skip(1);
    let (Some(b"overlay"), Some(options)) = (parts.next(), parts.nth(1)) else { return None };
    let mut found =
        options.split(|&byte| byte == b',').filter_map(|option| option.strip_prefix(b"upperdir="));
    let directory = PathBuf::from(OsString::from_vec(unescaped(found.next()?)));
    // A `.` at the front or a slash at the end is no part of the name.
    let directory: PathBuf = directory.components().filter(|part| part.as_os_str() != ".").collect();
    (!directory.as_os_str().is_empty()).then_some(directory)
}

/// Without the octal escapes of white space and the backslash.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        rest = after;
        let code = match (byte, after) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..]) => {
                rest = &after[3..];
                (a - b'0') << 6 | (b - b'0') << 3 | (c - b'0')
            }
            _ => *byte,
        };
        plain.push(code);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_of_an_overlay_is_found() {
        let line = b"41 22 0:35 / /merged rw,relatime shared:7 - overlay overlay \
                     rw,lowerdir=/a:/b,upperdir=/l\\040one/up,workdir=/work,index=off";
        assert_eq!(directory(line), Some("/l one/up".into()));
        let relative = b"41 22 0:35 / /merged rw - overlay none rw,lowerdir=/l,upperdir=./up/,workdir=w";
        assert_eq!(directory(relative), Some("up".into()));
        assert_eq!(directory(b"41 22 0:35 / /merged rw - overlay none rw,lowerdir=/a:/b"), None, "read only");
        assert_eq!(directory(b"22 1 8:1 / / rw - ext4 /dev/sda1 rw,upperdir=/x"), None);
        assert_eq!(directory(b""), None);
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().canonicalize().unwrap();
        fs::create_dir_all(dir.join("up/deep")).unwrap();
        fs::create_dir(dir.join("upper")).unwrap();
        for (path, is_in) in [("up/x", true), ("up/deep/x", true), ("upper/x", false), ("x", false)] {
            let path = dir.join(path);
            fs::write(&path, "").unwrap();
            for layer in [dir.join("up"), "up".into()] {
                assert_eq!(Layers(HashSet::from([layer])).hold(&path), is_in, "{}", path.display());
            }
        }
    }
}
