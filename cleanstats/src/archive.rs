//! The last values of what is about to be removed, as JSON lines in a file that only grows.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use cli::Objects;
use mmstats::Snapshot;
use mmstats::live::Life;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;

/// An archive, opened when there is something to put in.
pub(crate) struct Archive {
    path: PathBuf,
    file: Option<File>,
}

impl Archive {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), file: None }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends the values of a file. All of it or nothing, also when several processes append.
    pub(crate) fn append(&mut self, snapshot: &Snapshot, life: Life) -> io::Result<()> {
        let block = block(snapshot, life);
        if block.is_empty() {
            return Ok(());
        }
        let file = match self.file.take() {
            Some(file) => file,
            None => open(&self.path)?,
        };
        let file = self.file.insert(file);
        // A write may be cut short by a full disk. The lock, which only those who may write can take,
        // keeps another's records from what is taken back then.
        wait_for_lock(file)?;
        let before = file.metadata()?.len();
        let written = file.write_all(&block);
        if written.is_err() {
            file.set_len(before)?;
        }
        unlock(file)?;
        written
    }

    /// Waits until all that was appended is on disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), File::sync_all)
    }
}

/// Only a regular file will do, since nothing else can be synced, and no link: the archive may be in
/// the very directory that others write to. Others may not read it: what it keeps may have been private.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let mut options = OpenOptions::new();
    let file = options.append(true).create(true).mode(0o600).custom_flags(flags.bits()).open(path)?;
    let metadata = file.metadata()?;
    if metadata.len() == 0 && metadata.is_file() {
        // It may be new: its name must be on disk, too.
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    if metadata.is_file() { Ok(file) } else { Err(io::Error::other("not a regular file")) }
}

/// A line a field, as `slurpstats -o json` has it, and when it was archived.
fn block(snapshot: &Snapshot, life: Life) -> Vec<u8> {
    let is_alive = if life == Life::Dead { Some(false) } else { None };
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let objects = Objects::new(snapshot, is_alive, Some(time));
    let mut block = Vec::new();
    snapshot.fields().flatten().for_each(|field| objects.push(&field, &mut block));
    block
}

fn wait_for_lock(file: &File) -> io::Result<()> {
    loop {
        match fcntl(file, FcntlArg::F_OFD_SETLKW(&whole_file(libc::F_WRLCK))) {
            Err(Errno::EINTR) => {}
            other => return other.map(drop).map_err(io::Error::from),
        }
    }
}

fn unlock(file: &File) -> io::Result<()> {
    fcntl(file, FcntlArg::F_OFD_SETLK(&whole_file(libc::F_UNLCK)))?;
    Ok(())
}

fn whole_file(kind: i32) -> libc::flock {
    #[allow(clippy::cast_possible_truncation)]
    libc::flock { l_type: kind as i16, l_whence: libc::SEEK_SET as i16, l_start: 0, l_len: 0, l_pid: 0 }
}
