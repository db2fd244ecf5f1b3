//! Directories by descriptor. A path may lead elsewhere a moment later, a descriptor does not; so each
//! directory is looked up once, and everything in it is done to a name below its descriptor.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use files::directory_of;
use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat, renameat};
use nix::sys::stat::{Mode, SFlag, fstat, fstatat};
use nix::unistd::{UnlinkatFlags, unlinkat};
use rustix::fs::{RenameFlags, renameat_with};

/// An open directory.
pub(crate) struct Directory(OwnedFd);

/// What has a name in a directory.
pub(crate) struct Entry {
    pub(crate) name: OsString,
    pub(crate) is_directory: bool,
}

impl Directory {
    /// The directory at a path that somebody named: links are followed.
    pub(crate) fn named(path: &Path) -> io::Result<Self> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        Ok(Self(open(path, flags, Mode::empty())?))
    }

    /// The same, where it need not be listed and so need not be readable.
    pub(crate) fn of_file(path: &Path) -> io::Result<Self> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        Ok(Self(open(directory_of(path), flags, Mode::empty())?))
    }

    /// The directory called `name` in this one. A link is an error.
    pub(crate) fn below(&self, name: &OsStr) -> io::Result<Self> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        Ok(Self(openat(self.0.as_fd(), name, flags, Mode::empty())?))
    }

    /// Which directory, whatever it is called.
    pub(crate) fn identity(&self) -> io::Result<(u64, u64)> {
        let stat = fstat(self.0.as_fd())?;
        // They have fewer bits on some machines.
        #[allow(clippy::useless_conversion)]
        Ok((u64::from(stat.st_dev), u64::from(stat.st_ino)))
    }

    /// What is in it, in no order.
    pub(crate) fn list(&self) -> io::Result<Vec<Entry>> {
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
    pub(crate) fn handle(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        Ok(File::from(openat(self.0.as_fd(), name, flags, Mode::empty())?))
    }

    /// Renames within the directory. Nothing is replaced.
    pub(crate) fn rename(&self, from: &OsStr, to: &OsStr) -> Result<(), Errno> {
        renameat_with(&self.0, from, &self.0, to, RenameFlags::NOREPLACE)
            .map_err(|errno| Errno::from_raw(errno.raw_os_error()))
    }

    /// Renames within the directory, and replaces what had that name.
    pub(crate) fn replace(&self, from: &OsStr, to: &OsStr) -> Result<(), Errno> {
        renameat(self.0.as_fd(), from, self.0.as_fd(), to)
    }

    /// Makes a file that was not there.
    pub(crate) fn create(&self, name: &OsStr) -> Result<File, Errno> {
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        Ok(File::from(openat(self.0.as_fd(), name, flags, Mode::S_IRUSR | Mode::S_IWUSR)?))
    }

    /// The directory itself, open for reading, so that it can be locked.
    pub(crate) fn to_lock(&self) -> Result<File, Errno> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        Ok(File::from(openat(self.0.as_fd(), ".", flags, Mode::empty())?))
    }

    /// Removes a name that is no directory's.
    pub(crate) fn remove(&self, name: &OsStr) -> Result<(), Errno> {
        unlinkat(self.0.as_fd(), name, UnlinkatFlags::NoRemoveDir)
    }
}

/// Opens the very file of a [`Directory::handle`] for reading, which must be a regular one. A process that
/// holds a lease on it cannot keep us waiting.
pub(crate) fn reader(handle: &File) -> io::Result<File> {
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let path = format!("/proc/self/fd/{}", handle.as_raw_fd());
    let opened = File::options().read(true).custom_flags(flags.bits()).open(path);
    opened.map_err(|error| match error.kind() {
        // The file is there, whatever has become of its name: it is open.
        io::ErrorKind::NotFound => io::Error::other("cannot be opened without /proc"),
        _ => error,
    })
}
