//! The file of one instance: made under a temporary name, locked, published by renaming, removed.

mod publish;
mod space;

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::errno::Errno;
use nix::libc;

use crate::disk::identity::{Identity, remove_if};
use crate::disk::lock::{LockHolder, is_kept_by_mappings, lock};
use crate::disk::name::take_temporary;
use crate::error::{Error, Reason};
use crate::write::memory::segment::{ForkMark, Keeper, Segment};

/// A file that is not yet, or already, to be seen under its name.
pub(crate) struct StatsFile {
    /// Where it is to be published.
    target: PathBuf,
    /// Where it is now.
    path: PathBuf,
    identity: Identity,
    /// Blocks that are there for certain, in bytes.
    allocated: usize,
    /// Open until the file is published, and for a moment whenever it grows: a program that closes all
    /// descriptors, as daemons do, does no harm.
    open: Option<File>,
    /// Open as long as there is memory of the file, where a mapping does not keep the lock.
    holder: Option<Arc<LockHolder>>,
    /// Whether this is the process that made it.
    mark: ForkMark,
}

impl StatsFile {
    /// Makes and locks an empty file beside `target`, under a temporary name.
    pub(crate) fn create(target: PathBuf, mode: Option<u32>, mark: ForkMark) -> Result<Self, Error> {
        let (path, file) = create_temporary(&target)?;
        // From here on `Drop` clears the temporary name away if anything fails.
        let identity = Identity { dev: 0, ino: 0 };
        let mut this = Self { target, path, identity, allocated: 0, open: None, holder: None, mark };
        this.identity = Identity::of(&file.metadata().map_err(this.failed("looking at it"))?);
        if let Some(mode) = mode {
            let permissions = fs::Permissions::from_mode(mode);
            file.set_permissions(permissions).map_err(this.failed("setting its mode"))?;
        }
        if let Some(name) = space::may_refuse_stores(&file) {
            return Err(Error::new(&this.target, Reason::FileSystem(name)));
        }
        lock(&file).map_err(this.failed("locking it"))?;
        if is_kept_by_mappings(&file) {
            this.open = Some(file);
        } else {
            let holder = LockHolder::new(file, this.identity);
            this.holder = Some(Arc::new(holder.map_err(this.failed("keeping it open for its lock"))?));
        }
        Ok(this)
    }

    /// Makes sure that the file has blocks up to byte `end`: a full disk is an error here and not a
    /// signal at some update.
    pub(crate) fn allocate(&mut self, end: usize) -> Result<(), Error> {
        let allocated = self.allocated;
        if end <= allocated {
            return Ok(());
        }
        let done = space::allocate(self.opened()?, allocated, end);
        done.map_err(self.failed("allocating its blocks"))?;
        self.allocated = end;
        Ok(())
    }

    /// Maps bytes from `at`, a multiple of the page size, on: `len` of them or more. `first` is the first
    /// segment, once it is there: its mapping, or what it keeps, holds the lock. A later one is of a file
    /// that was opened again, without.
    pub(crate) fn map(
        &mut self,
        at: usize,
        len: usize,
        first: Option<Arc<Segment>>,
    ) -> Result<Segment, Error> {
        let holder = self.holder.clone().map(|holder| -> Keeper { holder });
        let lock = first.map(|first| -> Keeper { first }).or(holder);
        let mark = self.mark;
        let segment = Segment::of_file(self.opened()?, at, len, mark, lock);
        segment.map_err(self.failed("mapping it"))
    }

    fn opened(&mut self) -> Result<&File, Error> {
        if self.open.is_none() && self.held().is_none() {
            self.open = Some(self.reopen()?);
        }
        let file = self.open.as_ref().or_else(|| self.held());
        file.ok_or_else(|| self.failed("opening it again")(Errno::EBADF))
    }

    fn held(&self) -> Option<&File> {
        self.holder.as_deref().and_then(LockHolder::file)
    }

    /// Lets go of the descriptor, unless it holds the lock. Locks and mapping stay.
    pub(crate) fn close(&mut self) {
        self.open = None;
    }

    /// Opens the published file again, to let it grow.
    fn reopen(&self) -> Result<File, Error> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
        let file = file.open(&self.path).map_err(self.failed("opening it again"))?;
        let metadata = file.metadata().map_err(self.failed("looking at it"))?;
        if Identity::of(&metadata) != self.identity {
            return Err(self.failed("opening it again")(Errno::ESTALE));
        }
        Ok(file)
    }

    /// Removes the name, if it still leads to this file.
    pub(crate) fn remove(&self) -> Result<(), Error> {
        remove_if(&self.path, self.identity).map_err(self.failed("removing it"))
    }

    pub(crate) fn identity(&self) -> Identity {
        self.identity
    }

    /// The name that it has or is to have.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    fn failed<E: Into<io::Error>>(&self, doing: &'static str) -> impl FnOnce(E) -> Error + use<'_, E> {
        Error::io(&self.target, doing)
    }
}

impl Drop for StatsFile {
    fn drop(&mut self) {
        if self.path != self.target && self.mark.is_home() {
            // It was never published. That it cannot be removed leaves a name that cleanstats knows.
            let _ = remove_if(&self.path, self.identity);
        }
    }
}

/// A new file beside `target`, under a name that says whose it is.
fn create_temporary(target: &Path) -> Result<(PathBuf, File), Error> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(0o644).custom_flags(libc::O_NOFOLLOW);
    let created = take_temporary(|name| {
        let file = options.open(target.with_file_name(name));
        file.map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))
    });
    let (file, name) = created.map_err(Error::io(target, "creating it"))?;
    Ok((target.with_file_name(name), file))
}
