//! A model's fields in one file, from creation to removal.

use std::fmt;
use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::disk::identity::Identity;
use crate::error::{Error, Reason};
use crate::write::builder::Builder;
use crate::write::field::Spec;
use crate::write::file::StatsFile;
use crate::write::fold::{FoldNumber, Folding};
use crate::write::kept::{self, Family, ThreadMark};
use crate::write::memory::segment::ForkMark;
use crate::write::shared::SharedStore;
use crate::write::store::Store;

/// A model whose fields are published in one file. It dereferences to the model.
///
/// Dropping it removes the file, unless [`Instance::keep`] was called.
///
/// It is `Send`, and it is `Sync` if the model is: if all handles in it are such as threads share
/// ([`crate::SharedCounter`] and the like). Then an `Arc<Instance<M>>` or a `static OnceLock<Instance<M>>` is for all
/// threads, and fields can be added from any of them. With other handles, one thread uses it at a time. See
/// [`crate::guide::sharing`].
///
/// ```
/// use mmstats::{Counter, Options};
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let stats = Options::new().dir(dir).label_prefix("web.").create::<()>()?;
/// let hits = stats.add_field("hits", Counter::spec())?;
/// hits.incr();
/// let path = stats.path().to_owned();
/// assert!(path.exists());
/// drop(stats);
/// assert!(!path.exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # After a fork
/// An instance belongs to the process that made it. In a child it counts in private memory, which no
/// reader sees. The child does not change the parent's values, and dropping or removing the child's copy
/// leaves the file as it is. A child that publishes makes its own instance; [`crate::PerThread`] does so by
/// itself. See [`crate::guide::forks`].
pub struct Instance<M> {
    model: M,
    path: PathBuf,
    store: Arc<SharedStore>,
    label_prefix: String,
    /// With `{TID}` in the file name.
    family: Option<Family>,
    thread: ThreadMark,
    /// For [`crate::ThreadEnd::Fold`]. The lock is taken only when a thread's counts are folded.
    folded: Option<Mutex<FoldNumber>>,
    keep: AtomicBool,
    removed: AtomicBool,
    error: Option<Error>,
    mark: ForkMark,
}

impl<M> Instance<M> {
    pub(crate) fn new(
        model: M,
        store: Store,
        label_prefix: String,
        family: Option<Family>,
        folded: Option<FoldNumber>,
        error: Option<Error>,
    ) -> Self {
        let (mark, path) = (store.mark(), store.path().to_owned());
        let store = SharedStore::new(store);
        let (keep, removed) = (AtomicBool::new(false), AtomicBool::new(false));
        let (thread, folded) = (ThreadMark::here(), folded.map(Mutex::new));
        Self { model, path, store, label_prefix, family, thread, folded, keep, removed, error, mark }
    }

    /// The path of the file, or the path that it would have.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The size of the file in bytes, a multiple of the page size.
    #[must_use]
    pub fn size(&self) -> usize {
        self.store.size()
    }

    /// The prefix of every label.
    #[must_use]
    pub fn label_prefix(&self) -> &str {
        &self.label_prefix
    }

    /// The reason why the instance counts in private memory, if it does: see
    /// [`crate::Options::create_or_private`].
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// Whether this is a forked child's copy of its parent's instance.
    #[inline]
    #[must_use]
    pub fn is_inherited(&self) -> bool {
        !self.mark.is_home()
    }

    /// Adds a field while the program runs, and while readers read. A reader sees either the whole field or
    /// nothing of it.
    ///
    /// It costs a few hundred nanoseconds, and some microseconds for the system calls if the file has to grow
    /// by a page. Updates of other fields cost the same before and after. A field cannot be removed.
    ///
    /// The handle may outlive the instance. If the file was removed, the handle then counts where no reader
    /// sees it. If the file was kept ([`Instance::keep`]), readers see the value, and the file counts as alive
    /// until the last handle is dropped.
    ///
    /// # Errors
    /// As [`Builder::add`], and [`crate::ErrorKind::Forked`] in a child process.
    pub fn add_field<S: Spec>(&self, label: &str, spec: S) -> Result<S::Field, Error> {
        self.add_fields(|builder| builder.add(label, spec))
    }

    /// Adds several fields, or a model, while the program runs. Each is published by itself.
    ///
    /// # Errors
    /// As [`Instance::add_field`], and the errors of `build`. Within `build`, methods that need the file
    /// ([`Instance::add_field`], [`Instance::flush`], [`Instance::remove`]) fail with
    /// [`crate::ErrorKind::Busy`].
    pub fn add_fields<T>(
        &self,
        build: impl FnOnce(&mut Builder<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self.is_inherited() {
            return Err(Error::new(&self.path, Reason::Forked));
        }
        let added = self.store.add(|store| build(&mut Builder::new(store, self.label_prefix.clone())));
        added.unwrap_or_else(|| Err(self.busy()))
    }

    /// Asks the kernel to sync the values to disk, and waits until that is done if `wait` is true. Readers on
    /// this machine do not need it: it protects against a crash of the machine, not of the program.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Io`]; [`crate::ErrorKind::Forked`] in a child process.
    pub fn flush(&self, wait: bool) -> Result<(), Error> {
        if self.is_inherited() {
            return Err(Error::new(&self.path, Reason::Forked));
        }
        self.store.with(|store| store.sync(wait)).unwrap_or_else(|| Err(self.busy()))
    }

    /// Keeps the file when the instance is dropped. Its lock is released then, so the file counts as dead. If a
    /// handle that [`Instance::add_field`] gave still exists, the lock is released with the last such handle: a
    /// file that may be written to is never dead.
    pub fn keep(&self) {
        self.keep.store(true, Ordering::Relaxed);
    }

    /// Removes the file. A second call does nothing. Updates remain possible, but no reader sees them.
    ///
    /// If the file name has `{TID}`, this also removes the files that ended threads of this process have left
    /// under names from the same template, by [`Instance::keep`] or [`crate::ThreadEnd::Leave`]. It never
    /// removes the file of a thread that is running, or a file that this process has not made.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Io`], if a file still exists afterwards.
    pub fn remove(&self) -> Result<(), Error> {
        if self.is_inherited() {
            return Ok(());
        }
        let removed = self.store.with(|store| match store.file().filter(|_| !self.has_removed()) {
            Some(file) => file.remove().map(|()| self.removed.store(true, Ordering::Relaxed)),
            None => Ok(()),
        });
        removed.unwrap_or_else(|| Err(self.busy()))?;
        self.family.as_ref().map_or(Ok(()), kept::remove_ended)
    }

    /// Whether [`Instance::remove`] has removed the file.
    fn has_removed(&self) -> bool {
        self.removed.load(Ordering::Relaxed)
    }

    /// Whether somebody has removed the file.
    pub(crate) fn is_removed(&self) -> bool {
        let Some(identity) = self.identity() else { return false };
        self.has_removed()
            || !fs::symlink_metadata(&self.path).is_ok_and(|now| Identity::of(&now) == identity)
    }

    /// Which file it is, if it is one.
    fn identity(&self) -> Option<Identity> {
        self.store.with(|store| store.file().map(StatsFile::identity)).flatten()
    }

    /// The file is there for [`Instance::remove`] of another instance to remove, once this thread has ended.
    pub(crate) fn remember(&self) {
        if let (Some(identity), Some(family)) = (self.identity(), &self.family) {
            kept::remember(&self.path, identity, family.clone(), self.thread.clone());
        }
    }

    fn busy(&self) -> Error {
        Error::new(&self.path, Reason::Busy)
    }

    /// Whether the file is to stay.
    pub(crate) fn is_kept(&self) -> bool {
        self.keep.load(Ordering::Relaxed)
    }

    /// Undoes [`Instance::remember`].
    pub(crate) fn forget(&self) {
        if let Some(identity) = self.identity() {
            kept::forget(identity);
        }
    }

    /// The number of the fold, where there may be one.
    pub(crate) fn folded(&self) -> Option<&Mutex<FoldNumber>> {
        self.folded.as_ref()
    }

    /// The fields that fold. `None` while fields are being added.
    pub(crate) fn with_foldings<R>(&self, f: impl FnOnce(&[Folding]) -> R) -> Option<R> {
        self.store.with(|store| f(store.foldings()))
    }

    /// Adds a field whose label already begins with the prefix.
    pub(crate) fn add_unprefixed<S: Spec>(&self, label: &str, spec: S) -> Result<S::Field, Error> {
        let added = self.store.add(|store| Builder::new(store, String::new()).add(label, spec));
        added.unwrap_or_else(|| Err(self.busy()))
    }
}

impl<M> Deref for Instance<M> {
    type Target = M;

    #[inline]
    fn deref(&self) -> &M {
        &self.model
    }
}

impl<M> Drop for Instance<M> {
    fn drop(&mut self) {
        if self.has_removed() || self.is_inherited() {
            return;
        }
        if self.is_kept() {
            return self.remember();
        }
        // Nobody is left to hear of it; cleanstats finds what stays.
        let _ = self.store.with(|store| store.file().map(StatsFile::remove));
    }
}

impl<M> fmt::Debug for Instance<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance").field("path", &self.path).finish_non_exhaustive()
    }
}
