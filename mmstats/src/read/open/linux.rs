//! Opening a file that may be anything by now.

use std::fs::{File, Metadata, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::libc;

use crate::disk::identity::what_it_is;
use crate::error::{Error, Reason};
use crate::read::Origin;

/// An error for what is no regular file.
pub(crate) fn regular(path: &Path, metadata: Metadata) -> Result<Metadata, Error> {
    if metadata.is_file() {
        Ok(metadata)
    } else {
        Err(Error::new(path, Reason::NotAFile(what_it_is(&metadata))))
    }
}

/// Opens a regular file for reading, and nothing else.
pub(crate) fn open(path: &Path, origin: Origin) -> Result<(File, Metadata), Error> {
    if origin == Origin::Named {
        // Opening alone makes some devices act.
        regular(path, path.metadata().map_err(Error::io(path, "opening it"))?)?;
    }
    let file = open_only(path, origin)?;
    let metadata = regular(path, file.metadata().map_err(Error::io(path, "looking at it"))?)?;
    Ok((file, metadata))
}

/// Opens, and leaves the rest to the caller.
pub(crate) fn open_only(path: &Path, origin: Origin) -> Result<File, Error> {
    let mut flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    if origin == Origin::Found {
        flags |= libc::O_NOFOLLOW;
    }
    match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Err(error) if error.raw_os_error() == Some(libc::ELOOP) && origin == Origin::Found => {
            Err(Error::new(path, Reason::NotAFile("a symbolic link")))
        }
        other => other.map_err(Error::io(path, "opening it")),
    }
}
