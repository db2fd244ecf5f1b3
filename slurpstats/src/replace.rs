//! A file that is replaced as a whole: whoever reads it sees the old one or the new one.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// The new file, under a temporary name beside the old one.
pub(crate) struct Replacement {
    target: PathBuf,
    temporary: PathBuf,
    file: File,
}

impl Replacement {
    /// Begins to replace `target`, which need not be there.
    pub(crate) fn of(target: &Path) -> io::Result<Self> {
        let Some(name) = target.file_name() else {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        };
        // Hidden, and with an ending of its own: node_exporter reads every *.prom.
        let mut temporary = OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".{}.new", std::process::id()));
        let temporary = target.with_file_name(temporary);
        let create = || OpenOptions::new().write(true).create_new(true).open(&temporary);
        let file = match create() {
            // Left by a process of this id that died.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::remove_file(&temporary)?;
                create()?
            }
            other => other?,
        };
        Ok(Self { target: target.to_owned(), temporary, file })
    }

    /// Where the content goes.
    pub(crate) fn writer(&self) -> io::Result<Box<dyn io::Write>> {
        Ok(Box::new(self.file.try_clone()?))
    }

    /// What is to be replaced.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Makes sure that the content is on disk, and puts it in the old file's place.
    pub(crate) fn put_in_place(&self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.temporary, &self.target)
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        // After success the name is gone, and that is well.
        let _ = fs::remove_file(&self.temporary);
    }
}
