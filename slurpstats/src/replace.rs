//! A file that is replaced as a whole: a reader sees the old one or the new one.
//!
//! The new file is made under a temporary name beside the old one. It is locked as long as its maker lives, so
//! that the next run can tell what a killed one has left.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use files::directory_of;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};

/// Bytes of the old name that the temporary one holds. With the rest they fit wherever the old one fits.
const NAME: usize = 100;
/// What a temporary name ends with: node_exporter reads every `*.prom`.
const END: &str = ".new";
/// How many names are tried.
const TRIES: u32 = 100;

/// The new file.
pub(crate) struct Replacement {
    target: PathBuf,
    /// Until it has its name.
    temporary: Option<PathBuf>,
    file: File,
    /// Keeps the lock. `None` where the file system has none.
    _lock: Option<Flock<File>>,
}

impl Replacement {
    /// Begins to replace `target`, which is `old` if it is there.
    pub(crate) fn of(target: PathBuf, old: Option<&Metadata>) -> io::Result<Self> {
        let Some(name) = target.file_name() else {
            return Err(Errno::EISDIR.into());
        };
        let start = start(name);
        let directory = directory_of(&target).to_owned();
        sweep(&directory, &start);
        let pid = std::process::id();
        // Others may not read what they may not read in the old one.
        let mode = if old.is_some() { 0o600 } else { 0o666 };
        for number in (0..TRIES).map(|tried| pid.wrapping_add(tried)) {
            let mut name = start.clone();
            name.push(format!("{number}{END}"));
            let temporary = directory.join(name);
            let file = match OpenOptions::new().write(true).create_new(true).mode(mode).open(&temporary) {
                Ok(file) => file,
                // Another run's, in another container perhaps.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            };
            // A run that sweeps may take it for a dead one's before it is locked.
            let Some(lock) = lock(file.try_clone()?) else { continue };
            if !leads_to(&temporary, &file.metadata()?) {
                continue;
            }
            let new = Self { target, temporary: Some(temporary), file, _lock: lock };
            if let Some(old) = old {
                new.take_after(old)?;
            }
            return Ok(new);
        }
        Err(Errno::EEXIST.into())
    }

    /// Takes the old file's owner, group and mode.
    fn take_after(&self, old: &Metadata) -> io::Result<()> {
        let new = self.file.metadata()?;
        let uid = (new.uid() != old.uid()).then_some(old.uid());
        let gid = (new.gid() != old.gid()).then_some(old.gid());
        if uid.is_some() || gid.is_some() {
            fchown(&self.file, uid, gid).map_err(|error| {
                io::Error::new(
                    error.kind(),
                    format!("cannot keep its owner and group: {}", cli::plain(&error)),
                )
            })?;
        }
        // After that, since a change of the owner may take away some of it.
        self.file.set_permissions(fs::Permissions::from_mode(old.mode() & 0o7777))
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
    pub(crate) fn put_in_place(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        if let Some(temporary) = &self.temporary {
            fs::rename(temporary, &self.target)?;
            self.temporary = None;
        }
        Ok(())
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // The next run sweeps what stays.
            let _ = fs::remove_file(temporary);
        }
    }
}

/// What the temporary names for `name` begin with: hidden, and never too long.
fn start(name: &OsStr) -> OsString {
    let name = name.as_bytes();
    let mut end = name.len().min(NAME);
    // Within a character some file systems take no name to end.
    while end > 0 && end < name.len() && name[end] & 0xc0 == 0x80 {
        end -= 1;
    }
    OsString::from_vec([b".", &name[..end], b"."].concat())
}

/// Removes what runs that were killed have left. What cannot be removed does no harm.
fn sweep(directory: &Path, start: &OsStr) {
    let Ok(listing) = fs::read_dir(directory) else { return };
    for entry in listing.flatten() {
        let name = entry.file_name();
        let rest = name.as_bytes().strip_prefix(start.as_bytes());
        let number = rest.and_then(|rest| rest.strip_suffix(END.as_bytes()));
        if !number.is_some_and(|number| !number.is_empty() && number.iter().all(u8::is_ascii_digit)) {
            continue;
        }
        let path = entry.path();
        let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
        let Ok(file) = OpenOptions::new().read(true).custom_flags(flags.bits()).open(&path) else { continue };
        let Ok(metadata) = file.metadata() else { continue };
        if metadata.is_file() && matches!(lock(file), Some(Some(_lock)) if leads_to(&path, &metadata)) {
            let _ = fs::remove_file(&path);
        }
    }
}

/// Locks a file. `None` if another holds its lock, `Some(None)` where there are no locks.
fn lock(file: File) -> Option<Option<Flock<File>>> {
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => Some(Some(lock)),
        Err((_, Errno::EWOULDBLOCK)) => None,
        Err(_) => Some(None),
    }
}

/// Whether a name is still this file's.
fn leads_to(path: &Path, file: &Metadata) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| (found.dev(), found.ino()) == (file.dev(), file.ino()))
}
