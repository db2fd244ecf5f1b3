//! Directories by descriptor. A path may lead elsewhere a moment later, a descriptor does not; so each
//! directory is looked up once, and everything in it is done to a name below its descriptor.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat, renameat};
use nix::sys::stat::{Mode, SFlag, fstat, fstatat};
use nix::unistd::{UnlinkatFlags, unlinkat};

/// An open directory.
#[derive(Debug)]
pub struct Directory(OwnedFd);

/// What has a name in a directory.
#[derive(Debug)]
pub struct Entry {
    /// The name.
    pub name: OsString,
    /// Whether it is a directory.
    pub is_directory: bool,
}

impl Directory {
    /// The directory at a path that somebody named: links are followed.
    ///
    /// # Errors
    /// Those of `open`.
    pub fn named(path: &Path) -> io::Result<Self> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        Ok(Self(open(path, flags, Mode::empty())?))
    }

    /// The same, where it need not be listed and so need not be readable.
    ///
    /// # Errors
    /// Those of `open`.
    pub fn unlisted(path: &Path) -> io::Result<Self> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        Ok(Self(open(path, flags, Mode::empty())?))
    }

    /// The directory called `name` in this one. A link is an error.
    ///
    /// # Errors
    /// Those of `openat`.
    pub fn below(&self, name: &OsStr) -> io::Result<Self> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        Ok(Self(openat(self.0.as_fd(), name, flags, Mode::empty())?))
    }

    /// Which directory, whatever it is called.
    ///
    /// # Errors
    /// Those of `fstat`.
    pub fn identity(&self) -> io::Result<(u64, u64)> {
        let stat = fstat(self.0.as_fd())?;
        // They have fewer bits on some machines.
        #[allow(clippy::useless_conversion)]
        Ok((u64::from(stat.st_dev), u64::from(stat.st_ino)))
    }

    /// What is in it, in no order.
    ///
    /// # Errors
    /// Those of `getdents`.
    pub fn list(&self) -> io::Result<Vec<Entry>> {
        let mut listing = Dir::from_fd(self.0.try_clone()?)?;
        let mut entries = Vec::new();
        for entry in listing.iter() {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            let is_directory = match entry.file_type() {
                Some(kind) => kind == Type::Directory,
                // The file system does not say; what cannot be asked about is gone.
                None => fstatat(self.0.as_fd(), name, AtFlags::AT_SYMLINK_NOFOLLOW).is_ok_and(|stat| {
                    SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT == SFlag::S_IFDIR
                }),
            };
            entries.push(Entry { name: name.to_owned(), is_directory });
        }
        Ok(entries)
    }

    /// What has the name, as a descriptor that can only be asked about it: nothing is opened, so no FIFO
    /// waits for its other end, no device acts, no link is followed.
    ///
    /// # Errors
    /// Those of `openat`.
    pub fn handle(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        Ok(File::from(openat(self.0.as_fd(), name, flags, Mode::empty())?))
    }

    /// Opens what has the name for reading. It need not be a regular file: no FIFO waits for its other end, no link is
    /// followed.
    pub(super) fn open(&self, name: &OsStr) -> Result<File, Errno> {
        let flags =
            OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        Ok(File::from(openat(self.0.as_fd(), name, flags, Mode::empty())?))
    }

    /// Renames within the directory, and replaces what had that name.
    pub(super) fn replace(&self, from: &OsStr, to: &OsStr) -> Result<(), Errno> {
        renameat(self.0.as_fd(), from, self.0.as_fd(), to)
    }

    /// Makes a file that was not there.
    pub(super) fn create(&self, name: &OsStr) -> Result<File, Errno> {
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        Ok(File::from(openat(self.0.as_fd(), name, flags, Mode::S_IRUSR | Mode::S_IWUSR)?))
    }

    /// The directory itself, open for reading, so that it can be locked.
    pub(super) fn to_lock(&self) -> Result<File, Errno> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        Ok(File::from(openat(self.0.as_fd(), ".", flags, Mode::empty())?))
    }

    /// Removes a name that is no directory's.
    ///
    /// # Errors
    /// Those of `unlinkat`.
    pub fn remove(&self, name: &OsStr) -> Result<(), Errno> {
        unlinkat(self.0.as_fd(), name, UnlinkatFlags::NoRemoveDir)
    }
}

impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Opens the very file of a [`Directory::handle`] for reading, which must be a regular one. A process that
/// holds a lease on it cannot keep us waiting.
///
/// # Errors
/// Those of `open`.
pub fn reader(handle: &File) -> io::Result<File> {
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let path = format!("/proc/self/fd/{}", handle.as_raw_fd());
    let opened = File::options().read(true).custom_flags(flags.bits()).open(path);
    opened.map_err(|error| match error.kind() {
        // The file is there, whatever has become of its name: it is open.
        io::ErrorKind::NotFound => io::Error::other("cannot be opened without /proc"),
        _ => error,
    })
}
