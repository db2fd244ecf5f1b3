//! Which file it is, whatever it is called.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Which file it is, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    pub(crate) dev: u64,
    pub(crate) ino: u64,
}

impl Identity {
    pub(crate) fn of(metadata: &fs::Metadata) -> Self {
        Self { dev: metadata.dev(), ino: metadata.ino() }
    }

    pub(crate) fn numbers(self) -> (u64, u64) {
        (self.dev, self.ino)
    }
}

/// Removes `path` if it is the file `identity`; that it is gone already is as good.
pub(crate) fn remove_if(path: &Path, identity: Identity) -> io::Result<()> {
    let gone = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    };
    match fs::symlink_metadata(path) {
        Ok(metadata) if Identity::of(&metadata) == identity => fs::remove_file(path).or_else(gone),
        Ok(_) => Ok(()),
        Err(error) => gone(error),
    }
}

/// In words, for an error where a stats file was expected.
pub(crate) fn what_it_is(metadata: &fs::Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    if kind.is_dir() {
        "a directory"
    } else if kind.is_symlink() {
        "a symbolic link"
    } else if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}
