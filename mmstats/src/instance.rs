//! A model's fields in one file, from creation to removal.

use std::cell::{Cell, RefCell};
use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Reason};
use crate::field::Spec;
use crate::file::{Identity, remove_if};
use crate::live::{Judge, Life};
use crate::map::{ForkMark, Segment};
use crate::model::Builder;
use crate::name::tid_in;
use crate::read::Snapshot;
use crate::store::Store;

/// A model whose fields are published in one file. Dereferences to the model.
///
/// Dropping it removes the file, unless [`Instance::keep`] was called. It is `Send` and not `Sync`: one
/// thread uses it at a time.
///
/// # After a fork
/// An instance belongs to the process that made it. In a child it counts on in private memory, where
/// nobody sees it; the parent's values stay what the parent makes them, and dropping or removing the
/// child's copy leaves the file alone. A child that wants to publish makes an instance of its own;
/// [`crate::PerThread`] does so by itself.
pub struct Instance<M> {
    model: M,
    path: PathBuf,
    store: RefCell<Store>,
    /// The file's size before the fields that are being added, if any are.
    size: Cell<usize>,
    label_prefix: String,
    /// What surrounds the thread id in the names of this process's files; see [`crate::name`].
    siblings: Vec<Vec<u8>>,
    keep: Cell<bool>,
    removed: Cell<bool>,
    error: Option<Error>,
    mark: ForkMark,
}

impl<M> Instance<M> {
    pub(crate) fn new(
        model: M,
        store: Store,
        label_prefix: String,
        siblings: Vec<Vec<u8>>,
        error: Option<Error>,
    ) -> Self {
        let (mark, path) = (store.mark(), store.path().to_owned());
        let size = Cell::new(store.size());
        let store = RefCell::new(store);
        let (keep, removed) = (Cell::new(false), Cell::new(false));
        Self { model, path, store, size, label_prefix, siblings, keep, removed, error, mark }
    }

    /// Where the file is, or would be.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of the file, a multiple of the page size.
    #[must_use]
    pub fn size(&self) -> usize {
        self.store.try_borrow().map_or_else(|_| self.size.get(), |store| store.size())
    }

    /// What stands in front of every label.
    #[must_use]
    pub fn label_prefix(&self) -> &str {
        &self.label_prefix
    }

    /// Why the instance counts in private memory, if it does: see
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

    /// Adds a field while the program runs, and while readers read. A reader sees all of it or nothing.
    ///
    /// It costs a few hundred nanoseconds, and some microseconds for the system calls when the file has
    /// to grow by a page; updates of other fields cost the same before and after. A field cannot be
    /// taken away again.
    ///
    /// The handle may outlive the instance. It then counts on in memory of its own if the file was removed;
    /// if the file was kept ([`Instance::keep`]), readers see it, and the file counts as alive until the
    /// last handle goes.
    ///
    /// # Errors
    /// As [`Builder::add`], and [`crate::ErrorKind::Forked`] in a child process.
    pub fn add_field<S: Spec>(&self, label: &str, spec: S) -> Result<S::Field, Error> {
        self.add_fields(|builder| builder.add(label, spec))
    }

    /// Adds several fields, or a model, while the program runs. Each is published by itself.
    ///
    /// # Errors
    /// As [`Instance::add_field`], and what `build` gives. Within `build`, what needs the file
    /// ([`Instance::add_field`], [`Instance::flush`], [`Instance::remove`]) is [`crate::ErrorKind::Busy`].
    pub fn add_fields<T>(
        &self,
        build: impl FnOnce(&mut Builder<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut store = self.store.try_borrow_mut().map_err(|_| self.busy())?;
        self.size.set(store.size());
        let added = build(&mut Builder::new(&mut store, self.label_prefix.clone()));
        store.close();
        added
    }

    /// Asks for the values to be written to the file's disk, and waits for it if `wait`. Readers on this
    /// machine need none of it: it is for a crash of the machine, not of the program.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Io`]; [`crate::ErrorKind::Forked`] in a child process.
    pub fn flush(&self, wait: bool) -> Result<(), Error> {
        let store = self.store.try_borrow().map_err(|_| self.busy())?;
        if self.is_inherited() {
            return Err(Error::new(store.path(), Reason::Forked));
        }
        store.sync(wait)
    }

    /// Leaves the file when the instance is dropped. Its writer's lock ends then, so that it counts as
    /// dead; or with the last handle that [`Instance::add_field`] gave, if one is still there: what may be
    /// written to is never dead.
    pub fn keep(&self) {
        self.keep.set(true);
    }

    /// Removes the file; again is as good as once. Updates go on and nobody sees them. With `{TID}` in
    /// the file name, also the files of this process's ended threads; never those of a living one.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Io`], when a file is still there.
    pub fn remove(&self) -> Result<(), Error> {
        if self.is_inherited() {
            return Ok(());
        }
        let store = self.store.try_borrow().map_err(|_| self.busy())?;
        if let Some(file) = store.file().filter(|_| !self.removed.get()) {
            file.remove()?;
            self.removed.set(true);
        }
        match self.path.parent() {
            Some(folder) if self.siblings.len() > 1 => remove_ended(folder, &self.siblings),
            _ => Ok(()),
        }
    }

    fn busy(&self) -> Error {
        Error::new(&self.path, Reason::Busy)
    }

    /// For [`crate::ThreadEnd::Leave`]: the file stays, and counts as alive, until [`Instance::remove`]
    /// of another instance or the process's end.
    pub(crate) fn park(self) {
        self.keep.set(true);
        if self.is_inherited() {
            return;
        }
        let store = self.store.borrow();
        if let Some(file) = store.file() {
            let parked = Parked { identity: file.identity(), _segments: store.segments().to_vec() };
            parked_files().push(parked);
        }
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
        if self.keep.get() || self.removed.get() || self.is_inherited() {
            return;
        }
        let store = self.store.borrow();
        if let Some(file) = store.file() {
            // Nobody is left to hear of it; cleanstats finds what stays.
            let _ = file.remove();
        }
    }
}

impl<M> fmt::Debug for Instance<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The file of an ended thread. Its memory keeps the lifetime lock.
struct Parked {
    identity: Identity,
    _segments: Vec<Arc<Segment>>,
}

fn parked_files() -> std::sync::MutexGuard<'static, Vec<Parked>> {
    static PARKED: Mutex<Vec<Parked>> = Mutex::new(Vec::new());
    PARKED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes the files of this process's ended threads: those that were parked, and those that nobody
/// holds any more.
fn remove_ended(folder: &Path, siblings: &[Vec<u8>]) -> Result<(), Error> {
    let listing = fs::read_dir(folder).map_err(Error::io(folder, "listing it"))?;
    let judge = Judge::new();
    let mut failed = None;
    for entry in listing.flatten() {
        if tid_in(&entry.file_name(), siblings).is_none_or(is_thread_of_ours) {
            continue;
        }
        let path = entry.path();
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        let identity = Identity::of(&metadata);
        let mut parked = parked_files();
        let place = parked.iter().position(|parked| parked.identity == identity);
        let dead = || Snapshot::of(&path).is_ok_and(|snapshot| judge.judge(&snapshot).life == Life::Dead);
        if place.is_some() || (metadata.is_file() && dead()) {
            match remove_if(&path, identity) {
                Ok(()) => drop(place.map(|place| parked.swap_remove(place))),
                Err(error) => failed = Some(Error::io(&path, "removing it")(error)),
            }
        }
    }
    failed.map_or(Ok(()), Err)
}

fn is_thread_of_ours(tid: i64) -> bool {
    Path::new("/proc/self/task").join(OsStr::new(&tid.to_string())).exists()
}
