//! Where `--output-file` leads.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::OFlag;

use crate::replace::Replacement;

/// How many links are followed, as the kernel does.
const LINKS: usize = 40;

/// What the records are written to.
pub(crate) enum Destination {
    /// Standard output, perhaps under the name of what it is.
    Standard,
    /// A FIFO or a device: it is written to, since to put a file in its place would take it from others.
    Through(File),
    /// A regular file, or nothing yet.
    Replaced(Replacement),
}

impl Destination {
    /// What has the name `path`, links followed.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let old = match fs::metadata(path) {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if path.as_os_str().as_bytes().ends_with(b"/") || old.as_ref().is_some_and(Metadata::is_dir) {
            return Err(Errno::EISDIR.into());
        }
        if let Some(old) = &old {
            let kind = old.file_type();
            // Of `/dev/stdout`, say. Every opener of a device writes to the same; of a file, each at its own
            // place; and a socket cannot be opened.
            if !kind.is_char_device() {
                if is_same(old, io::stdout()) {
                    return Ok(Self::Standard);
                }
                if is_same(old, io::stderr()) {
                    return Ok(Self::Through(File::from(io::stderr().as_fd().try_clone_to_owned()?)));
                }
            }
            if kind.is_char_device() || kind.is_fifo() {
                let flags = OFlag::O_NOCTTY.bits();
                let file = OpenOptions::new().write(true).custom_flags(flags).open(path)?;
                return Ok(Self::Through(file));
            }
            if !kind.is_file() {
                return Err(io::Error::other("neither a regular file nor a FIFO nor a character device"));
            }
        }
        let target = followed(path)?;
        if let Some(old) = &old {
            // Or else the link was one of those in /proc, and the file has no name any more.
            let is_there = fs::symlink_metadata(&target).is_ok_and(|now| identity(&now) == identity(old));
            if !is_there {
                return Err(Errno::ENOENT.into());
            }
        }
        Replacement::of(target, old.as_ref()).map(Self::Replaced)
    }
}

/// Where links lead, whether there is a file or not: renaming would replace the link itself.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_owned();
    for _ in 0..LINKS {
        match fs::read_link(&target) {
            Ok(next) => target = target.parent().unwrap_or(Path::new("")).join(next),
            Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::NotFound) => {
                return Ok(target);
            }
            Err(error) => return Err(error),
        }
    }
    Err(Errno::ELOOP.into())
}

fn is_same(file: &Metadata, stream: impl AsFd) -> bool {
    let stream = stream.as_fd().try_clone_to_owned().and_then(|stream| File::from(stream).metadata());
    stream.is_ok_and(|stream| identity(&stream) == identity(file))
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}
