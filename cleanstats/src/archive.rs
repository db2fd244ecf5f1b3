//! The last values of what is about to be removed, as JSON lines in a file that only grows.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use cli::Objects;
use files::directory_of;
use mmstats::live::Life;
use mmstats::{Snapshot, whole_file};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;

/// How many bytes are read at once where the last line has no end.
const CHUNK: u64 = 64 * 1024;

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
        // The lock, which only those who may write can take, keeps other runs' records apart from what is taken
        // back here.
        wait_for_lock(file)?;
        let written = add(file, &block);
        unlock(file)?;
        written
    }

    /// Waits until all that was appended is on disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), File::sync_all)
    }
}

/// Adds a block, or nothing where the disk is full.
fn add(file: &mut File, block: &[u8]) -> io::Result<()> {
    end_last_line(file)?;
    let before = file.metadata()?.len();
    let written = file.write_all(block);
    if written.is_err() {
        file.set_len(before)?;
    }
    written
}

/// Makes sure that the next record begins a line. A run that was killed while it wrote has left half a record;
/// its file is still there, so it comes again. What others have left without an end gets one.
fn end_last_line(file: &mut File) -> io::Result<()> {
    let len = file.metadata()?.len();
    let start = last_line(file, len)?;
    if start == len {
        return Ok(());
    }
    let (mut head, mut end) = (Vec::new(), [0]);
    let head_len = (len - start).min(Objects::START.len() as u64);
    head.resize(usize::try_from(head_len).unwrap_or_default(), 0);
    file.read_exact_at(&mut head, start)?;
    file.read_exact_at(&mut end, len - 1)?;
    let is_half = Objects::START.starts_with(&head) && end != *b"}";
    // A file that can only grow keeps it.
    if is_half && file.set_len(start).is_ok() {
        return Ok(());
    }
    file.write_all(b"\n")
}

/// Where what follows the last newline begins.
fn last_line(file: &File, len: u64) -> io::Result<u64> {
    let mut chunk = Vec::new();
    let mut at = len;
    // Mostly one byte tells.
    let mut step = 1;
    while at > 0 {
        let start = at.saturating_sub(step);
        chunk.resize(usize::try_from(at - start).unwrap_or_default(), 0);
        file.read_exact_at(&mut chunk, start)?;
        if let Some(end) = chunk.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + end as u64 + 1);
        }
        (at, step) = (start, CHUNK);
    }
    Ok(0)
}

/// Only a regular file will do, since nothing else can be synced, and no link: the archive may be in
/// the very directory that others write to. Others may not read it: what it keeps may have been private.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let mut options = OpenOptions::new();
    let file =
        options.read(true).append(true).create(true).mode(0o600).custom_flags(flags.bits()).open(path)?;
    let metadata = file.metadata()?;
    if metadata.len() == 0 && metadata.is_file() {
        // It may be new: its name must be on disk, too.
        File::open(directory_of(path))?.sync_all()?;
    }
    if metadata.is_file() { Ok(file) } else { Err(io::Error::other("not a regular file")) }
}

/// One line per field, as `slurpstats -o json` has it, and when it was archived.
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
