//! A store that several may add fields to: its instance, and the families in it.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use crate::error::{Error, Reason};
use crate::system::thread_id;
use crate::write::memory::segment::ForkMark;
use crate::write::store::Store;

/// No thread has this id.
const NOBODY: i64 = -1;

/// A store with a lock, which is taken only to add a field, to sync, and to remove the file. Updates of values
/// never come here.
pub(crate) struct SharedStore {
    store: Mutex<Store>,
    /// The thread that has the lock.
    holder: AtomicI64,
    /// The file's size when the lock was taken last.
    size: AtomicUsize,
    mark: ForkMark,
}

/// How a family finds the store that it is in: the link is made when the store has all fields of its model.
pub(crate) type Link = Arc<OnceLock<Weak<SharedStore>>>;

/// Says that nobody has the lock when it is dropped, also by a panic.
struct Held<'a>(&'a AtomicI64);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.store(NOBODY, Ordering::Relaxed);
    }
}

impl SharedStore {
    pub(crate) fn new(store: Store) -> Arc<Self> {
        let (mark, size) = (store.mark(), AtomicUsize::new(store.size()));
        let link = Arc::clone(store.link());
        let this = Arc::new(Self { store: Mutex::new(store), holder: AtomicI64::new(NOBODY), size, mark });
        // Set once, since the store is shared once.
        let _ = link.set(Arc::downgrade(&this));
        this
    }

    /// Calls `f` with the store. `None` if this thread is using it already: then it is adding fields.
    ///
    /// In a forked child, whose parent's other threads may have had the lock, nobody calls this.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut Store) -> R) -> Option<R> {
        let thread = thread_id();
        // Only this thread stores its own id.
        if self.holder.load(Ordering::Relaxed) == thread {
            return None;
        }
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        self.holder.store(thread, Ordering::Relaxed);
        let _held = Held(&self.holder);
        self.size.store(store.size(), Ordering::Relaxed);
        let result = f(&mut store);
        self.size.store(store.size(), Ordering::Relaxed);
        Some(result)
    }

    /// As [`SharedStore::with`], to add fields. Lets go of the descriptor that growing opened.
    pub(crate) fn add<T>(&self, f: impl FnOnce(&mut Store) -> Result<T, Error>) -> Option<Result<T, Error>> {
        self.with(|store| {
            let added = f(store);
            store.close();
            added
        })
    }

    /// The file's size, before the fields that are being added, if any are.
    pub(crate) fn size(&self) -> usize {
        self.size.load(Ordering::Relaxed)
    }

    /// Whether this process made it.
    pub(crate) fn is_home(&self) -> bool {
        self.mark.is_home()
    }
}

/// The store that a link leads to.
///
/// # Errors
/// The reason why there is none.
pub(crate) fn follow(link: &Link) -> Result<Arc<SharedStore>, Reason> {
    let store = link.get().ok_or(Reason::Busy)?.upgrade().ok_or(Reason::Dropped)?;
    if store.is_home() { Ok(store) } else { Err(Reason::Forked) }
}
