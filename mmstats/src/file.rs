//! The file of one instance: made under a temporary name, locked, published by renaming, removed.

mod publish;

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use nix::errno::Errno;
use nix::fcntl::posix_fallocate;
use nix::libc;

use crate::error::Error;
use crate::lock::{LockHolder, is_kept_by_mappings, lock};
use crate::map::Segment;
use crate::name::{TEMP_END, TEMP_START};

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
    /// Where the mapping does not keep the lock.
    holder: Option<LockHolder>,
}

impl StatsFile {
    /// Makes and locks an empty file beside `target`, under a temporary name.
    pub(crate) fn create(target: PathBuf, mode: Option<u32>) -> Result<Self, Error> {
        let (path, file) = create_temporary(&target)?;
        // From here on `Drop` clears the temporary name away if anything fails.
        let identity = Identity { dev: 0, ino: 0 };
        let mut this = Self { target, path, identity, allocated: 0, open: None, holder: None };
        this.identity = Identity::of(&file.metadata().map_err(this.failed("looking at it"))?);
        if let Some(mode) = mode {
            let permissions = fs::Permissions::from_mode(mode);
            file.set_permissions(permissions).map_err(this.failed("setting its mode"))?;
        }
        lock(&file).map_err(this.failed("locking it"))?;
        this.open = Some(file);
        Ok(this)
    }

    /// Makes sure that the file has blocks up to byte `end`: a full disk is an error here and not a
    /// signal at some update.
    pub(crate) fn allocate(&mut self, end: usize) -> Result<(), Error> {
        let allocated = self.allocated;
        if end <= allocated {
            return Ok(());
        }
        // An offset has as many bits as an address or more, but its sign takes one.
        let offset = |bytes: usize| libc::off_t::try_from(bytes).map_err(|_| Errno::EFBIG);
        let at = offset(allocated).map_err(self.failed("allocating its blocks"))?;
        let length = offset(end - allocated).map_err(self.failed("allocating its blocks"))?;
        while let Err(errno) = posix_fallocate(self.opened()?, at, length) {
            if errno != Errno::EINTR {
                return Err(self.failed("allocating its blocks")(errno));
            }
        }
        self.allocated = end;
        Ok(())
    }

    /// Maps bytes from `at`, a multiple of the page size, on: `len` of them or more.
    pub(crate) fn map(&mut self, at: usize, len: usize) -> Result<Segment, Error> {
        let segment = Segment::of_file(self.opened()?, at, len);
        segment.map_err(self.failed("mapping it"))
    }

    fn opened(&mut self) -> Result<&File, Error> {
        let file = match self.open.take() {
            Some(file) => file,
            None => self.reopen()?,
        };
        Ok(self.open.insert(file))
    }

    /// Lets go of the descriptor. Locks and mapping stay.
    pub(crate) fn close(&mut self) {
        let Some(file) = self.open.take() else { return };
        if self.holder.is_none() && !is_kept_by_mappings(&file) {
            self.holder = Some(LockHolder::new(file, self.identity));
        }
    }

    /// Gives away what keeps the lock besides the mapping, to whoever keeps that.
    pub(crate) fn take_holder(&mut self) -> Option<LockHolder> {
        self.holder.take()
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

    fn failed<E: Into<io::Error>>(&self, doing: &'static str) -> impl FnOnce(E) -> Error + use<'_, E> {
        Error::io(&self.target, doing)
    }
}

impl Drop for StatsFile {
    fn drop(&mut self) {
        if self.path != self.target {
            // It was never published. That it cannot be removed leaves a name that cleanstats knows.
            let _ = remove_if(&self.path, self.identity);
        }
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

/// In words, for whoever expected a stats file.
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

/// A new file beside `target`, under a name that says whose it is.
fn create_temporary(target: &Path) -> Result<(PathBuf, File), Error> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let pid = std::process::id();
    for _ in 0..1000 {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = OsString::from(format!("{TEMP_START}{pid}-{number}{TEMP_END}"));
        let path = target.with_file_name(name);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o644).custom_flags(libc::O_NOFOLLOW);
        match options.open(&path) {
            Ok(file) => return Ok((path, file)),
            // Left by a dead process of this id, or by one in another container.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Error::io(target, "creating it")(error)),
        }
    }
    Err(Error::io(target, "creating it")(Errno::EEXIST))
}
