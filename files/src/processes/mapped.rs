//! A stats file that a process has mapped, and the way to it.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat, openat2};
use nix::sys::stat::Mode;
use nix::sys::statfs::{BTRFS_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC, fstatfs};

use super::maps::{Entry, entries};
use super::process::{Directory, Process};
use crate::limit::descriptors;
use crate::name::{DELETED, is_stats_name};

/// A stats file that a process has mapped. It is open when it is found, and what asks first gets that; later it is opened
/// anew each time, if the process still has it mapped.
#[derive(Debug)]
pub struct Mapped {
    process: Arc<Process>,
    entry: Entry,
    /// Below the process's root directory, if the file has a name there.
    inside: Option<PathBuf>,
    shown: PathBuf,
    identity: (u64, u64),
    first: Mutex<Option<Kept<File>>>,
}

/// What is kept open for the first that asks.
#[derive(Debug)]
pub(crate) struct Kept<T>(Option<T>);

/// How many there are of them.
static KEPT: AtomicUsize = AtomicUsize::new(0);

impl<T> Kept<T> {
    /// Keeps it open, if that leaves enough descriptors for everything else.
    pub(crate) fn keep(open: T) -> Option<Self> {
        static ROOM: OnceLock<usize> = OnceLock::new();
        let room = *ROOM.get_or_init(|| descriptors() / 4);
        // Dropped, it counts itself out.
        let this = Self(Some(open));
        (KEPT.fetch_add(1, Ordering::Relaxed) < room).then_some(this)
    }

    /// It, which nobody counts any more.
    pub(crate) fn take(mut self) -> Option<T> {
        self.0.take()
    }
}

impl<T> Drop for Kept<T> {
    fn drop(&mut self) {
        KEPT.fetch_sub(1, Ordering::Relaxed);
    }
}

impl PartialEq for Mapped {
    fn eq(&self, other: &Self) -> bool {
        (&self.process, &self.entry, self.identity) == (&other.process, &other.entry, other.identity)
    }
}

impl Eq for Mapped {}

impl Mapped {
    /// Finds the way to what a process has mapped.
    pub(crate) fn find(process: &Arc<Process>, directory: &Directory, entry: Entry) -> io::Result<Self> {
        let mut inside = inside(process, directory, &entry);
        let (file, metadata, is_by_name) = open_any(process, directory, &entry, inside.as_deref())?;
        if !is_by_name {
            inside = None;
        }
        let path = inside.clone().unwrap_or_else(|| below(&process.root, &entry.path).to_owned());
        let shown = shown(process, &path, is_by_name);
        let identity = (metadata.dev(), metadata.ino());
        let first = Mutex::new(Kept::keep(file));
        Ok(Self { process: Arc::clone(process), entry, inside, shown, identity, first })
    }

    /// Opens it, and nothing else.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`]: the process has ended, or has the file mapped no longer. Others: it may not be
    /// opened.
    pub fn open(&self) -> io::Result<File> {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(file) = first.and_then(Kept::take) {
            return Ok(file);
        }
        let directory = self.process.directory()?;
        Ok(open_any(&self.process, &directory, &self.entry, self.inside.as_deref())?.0)
    }

    /// Keeps it open no longer: nobody is going to ask.
    pub(crate) fn let_go(&self) {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.process.let_go();
    }

    /// What it is called: the path, as far as it leads there from here, else one by way of `/proc/PID/root`. That of
    /// a file that has no name any more ends with ` (deleted)`.
    #[must_use]
    pub fn shown(&self) -> &Path {
        &self.shown
    }

    /// The process.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// The process, if it may be the one that writes to the file.
    #[must_use]
    pub fn writer(&self) -> Option<&Process> {
        self.entry.is_writable.then_some(&*self.process)
    }

    /// Device and inode, as `stat` has them.
    pub(crate) fn identity(&self) -> (u64, u64) {
        self.identity
    }

    /// Whether it is of a mapping of this process that is still there.
    pub(crate) fn is_of(&self, began: u64, entry: &Entry) -> bool {
        self.process.began == began && self.entry == *entry
    }

    /// The same process's same file, whose name may be gone by now.
    pub(crate) fn is_same_but_for_name(&self, began: u64, entry: &Entry) -> bool {
        self.process.began == began && (self.entry.device, self.entry.inode) == (entry.device, entry.inode)
    }

    /// Of several processes that have a file mapped, the one that it is told of: one that writes to it, the oldest of
    /// these, since a child may have the mapping from it.
    pub(crate) fn rank(&self) -> (bool, u64, u32) {
        (!self.entry.is_writable, self.process.began, self.process.pid)
    }
}

/// What a file is called that has this path below the process's root directory.
fn shown(process: &Process, path: &Path, has_name: bool) -> PathBuf {
    let shown = if process.is_at_home {
        process.root.join(path)
    } else {
        Path::new("/proc").join(process.pid.to_string()).join("root").join(path)
    };
    if has_name {
        return shown;
    }
    let mut name = shown.into_os_string();
    name.push(DELETED);
    name.into()
}

/// What a file is called that cannot be opened.
pub(crate) fn told(process: &Process, entry: &Entry) -> PathBuf {
    shown(process, below(&process.root, &entry.path), !entry.is_deleted)
}

/// Where the file is below the process's root directory.
fn inside(process: &Process, directory: &Directory, entry: &Entry) -> Option<PathBuf> {
    let path = below(&process.root, &entry.path).to_owned();
    if !entry.is_temporary {
        return (!entry.is_deleted).then_some(path);
    }
    // It was put in place by a link, of which `/proc` knows nothing: which name is its own?
    let parent = open_below(directory, path.parent()?, OFlag::O_DIRECTORY).ok()?;
    let listing = std::fs::read_dir(format!("/proc/self/fd/{}", parent.as_raw_fd())).ok()?;
    let is_own = |entry: &std::fs::DirEntry, inode| {
        use std::os::unix::fs::DirEntryExt;
        entry.ino() == inode && is_stats_name(&entry.file_name())
    };
    let own = listing.flatten().find(|listed| is_own(listed, entry.inode))?;
    Some(path.with_file_name(own.file_name()))
}

/// A path in a mount namespace as one below a root directory in it.
fn below<'a>(root: &Path, path: &'a Path) -> &'a Path {
    let path = path.strip_prefix(root).unwrap_or(path);
    path.strip_prefix("/").unwrap_or(path)
}

/// Opens the file of a mapping, by its name where that leads to it. Also says whether it does.
fn open_any(
    process: &Process,
    directory: &Directory,
    entry: &Entry,
    inside: Option<&Path>,
) -> io::Result<(File, Metadata, bool)> {
    let by_name = match inside {
        Some(inside) => match open_by_name(process, directory, entry, inside) {
            Ok((file, metadata)) => return Ok((file, metadata, true)),
            Err(error) => Some(error),
        },
        None => None,
    };
    // The mapping itself leads there as well, whatever became of the name; but who may follow it is root.
    let by_mapping = open_mapping(directory, entry);
    let error = match by_mapping {
        Ok((file, metadata)) => return Ok((file, metadata, false)),
        Err(error) => error,
    };
    // Many writers keep the file open.
    if let Some((file, metadata)) = open_descriptor(directory, entry) {
        return Ok((file, metadata, false));
    }
    if error.kind() == io::ErrorKind::NotFound {
        // No such mapping any more, and so no such file.
        return Err(error);
    }
    // What the name said counts, unless it leads elsewhere by now.
    Err(by_name.filter(|error| error.kind() != io::ErrorKind::NotFound).unwrap_or(error))
}

fn open_by_name(
    process: &Process,
    directory: &Directory,
    entry: &Entry,
    inside: &Path,
) -> io::Result<(File, Metadata)> {
    // Not opened for reading before it is known what it is: that alone makes some devices act.
    let found = File::from(match own_root().filter(|_| process.is_at_home) {
        Some(root) => open_in(root, inside, OFlag::empty())?,
        None => open_below(directory, inside, OFlag::empty())?,
    });
    let metadata = found.metadata()?;
    let is_own =
        metadata.is_file() && is_it(directory, entry, &found, &metadata) && is_mapped(directory, entry);
    if !is_own {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok((File::open(format!("/proc/self/fd/{}", found.as_raw_fd()))?, metadata))
}

/// This program's root directory. Most processes have the same.
fn own_root() -> Option<&'static OwnedFd> {
    static ROOT: OnceLock<Option<OwnedFd>> = OnceLock::new();
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    ROOT.get_or_init(|| open("/", flags, Mode::empty()).ok()).as_ref()
}

/// Finds what has a path below the process's root directory. No link is followed, and none leads out of it.
fn open_below(directory: &Directory, path: &Path, flags: OFlag) -> io::Result<OwnedFd> {
    open_in(&directory.root()?, path, flags)
}

fn open_in(root: &OwnedFd, path: &Path, flags: OFlag) -> io::Result<OwnedFd> {
    let flags = flags | OFlag::O_PATH | OFlag::O_CLOEXEC;
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let resolve = ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_SYMLINKS;
    match openat2(root, path, OpenHow::new().flags(flags).resolve(resolve)) {
        Ok(found) => Ok(found),
        // Kernels before 5.6 have no such call, and some containers forbid it.
        Err(Errno::ENOSYS | Errno::EPERM) => step_by_step(root.try_clone()?, path, flags),
        Err(errno) => Err(errno.into()),
    }
}

fn step_by_step(root: OwnedFd, path: &Path, flags: OFlag) -> io::Result<OwnedFd> {
    let mut here = root;
    let mut parts = path.components().peekable();
    while let Some(part) = parts.next() {
        let name: &OsStr = match part {
            Component::Normal(name) => name,
            Component::CurDir => continue,
            // The kernel tells of no path with others.
            _ => return Err(io::ErrorKind::NotFound.into()),
        };
        let is_last = parts.peek().is_none();
        let kind = if is_last { flags } else { OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC };
        // With O_PATH, a link is opened itself, and is no regular file then; as a directory it is an error.
        here = openat(here.as_fd(), name, kind | OFlag::O_NOFOLLOW, Mode::empty())?;
    }
    Ok(here)
}

/// Whether an open file is the one that is mapped.
///
/// Device and inode say so. On file systems that lie upon others (overlayfs) or number their parts (btrfs), `/proc`
/// and `stat` have different devices for one file. Then the mapping itself is asked, which root may; or else, on these
/// file systems only, the inode and the name that the kernel has just told must do.
fn is_it(directory: &Directory, entry: &Entry, file: &File, metadata: &Metadata) -> bool {
    if (metadata.dev(), metadata.ino()) == (entry.device, entry.inode) {
        return true;
    }
    if let Ok(mapped) = std::fs::metadata(directory.path().join("map_files").join(&entry.range)) {
        return (mapped.dev(), mapped.ino()) == (metadata.dev(), metadata.ino());
    }
    let has_devices_of_its_own = || {
        fstatfs(file)
            .is_ok_and(|fs| [OVERLAYFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC].contains(&fs.filesystem_type()))
    };
    metadata.ino() == entry.inode && has_devices_of_its_own()
}

/// Whether the mapping is still there. As long as it is, its file's inode cannot come to be another file's. Asked when
/// what may be that file is open already.
fn is_mapped(directory: &Directory, entry: &Entry) -> bool {
    match directory.link(&format!("map_files/{}", entry.range)) {
        // Its name may have gone since.
        Ok(path) => path == entry.told() || (!entry.is_deleted && path == entry.told_without_name()),
        // Gone; or threads have no such directory.
        Err(_) => directory.read("maps").is_ok_and(|maps| entries(&maps).contains(entry)),
    }
}

/// Opens it by way of a descriptor that the process has of it.
fn open_descriptor(directory: &Directory, entry: &Entry) -> Option<(File, Metadata)> {
    let descriptors = directory.path().join("fd");
    let is_it = |metadata: &Metadata| (metadata.dev(), metadata.ino()) == (entry.device, entry.inode);
    for descriptor in std::fs::read_dir(&descriptors).ok()?.flatten() {
        let path = descriptor.path();
        let Ok(metadata) = std::fs::metadata(&path) else { continue };
        if metadata.is_file() && is_it(&metadata) {
            let file = File::open(&path).ok()?;
            // It may be another file's by now.
            let metadata = file.metadata().ok()?;
            return (is_it(&metadata) && is_mapped(directory, entry)).then_some((file, metadata));
        }
    }
    None
}

/// Opens what is mapped there, unless that is another file by now.
fn open_mapping(directory: &Directory, entry: &Entry) -> io::Result<(File, Metadata)> {
    let found = directory.place(&format!("map_files/{}", entry.range))?;
    let metadata = found.metadata()?;
    if !metadata.is_file() || !is_mapped(directory, entry) {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok((File::open(format!("/proc/self/fd/{}", found.as_raw_fd()))?, metadata))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_link_is_followed_with_and_without_help_of_the_kernel() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().canonicalize().unwrap();
        std::fs::create_dir(path.join("real")).unwrap();
        std::fs::write(path.join("real/file"), "").unwrap();
        std::os::unix::fs::symlink(path.join("real"), path.join("absolute")).unwrap();
        std::os::unix::fs::symlink("real", path.join("relative")).unwrap();
        std::os::unix::fs::symlink("file", path.join("real/last")).unwrap();
        let directory = Directory::open(std::process::id(), None).unwrap();
        let identity = |found: OwnedFd| {
            let metadata = File::from(found).metadata().unwrap();
            metadata.is_file().then_some((metadata.dev(), metadata.ino()))
        };
        let own = path.join("real/file").metadata().unwrap();
        for name in ["real/file", "absolute/file", "relative/file", "real/last", "real/../real/file", "none"]
        {
            let path = path.join(name);
            let path = path.strip_prefix("/").unwrap();
            let ways = [
                open_below(&directory, path, OFlag::empty()),
                step_by_step(directory.root().unwrap(), path, OFlag::O_PATH | OFlag::O_CLOEXEC),
            ];
            let found = ways.map(|found| found.ok().and_then(identity));
            let is_right = name == "real/file";
            assert_eq!(found[1], is_right.then_some((own.dev(), own.ino())), "{name}, step by step");
            // The kernel knows what `..` means there.
            if !name.contains("..") {
                assert_eq!(found[0], found[1], "{name}");
            }
        }
    }

    #[test]
    fn paths_are_taken_below_another_root() {
        for (root, path, inside) in [
            ("/", "/tmp/a", "tmp/a"),
            ("/srv/jail", "/srv/jail/tmp/a", "tmp/a"),
            ("/srv/jail", "/srv/jailer/a", "srv/jailer/a"),
        ] {
            assert_eq!(below(Path::new(root), Path::new(path)), Path::new(inside));
        }
    }
}
