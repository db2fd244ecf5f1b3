//! Handles for one thread at a time, and for any thread.

use std::sync::{Arc, Mutex, PoisonError};

/// An instance without fields of a model: all of its fields are added to it.
pub(crate) type Instance = mmstats::Instance<()>;

/// A handle as an instance's option wants it: `S` is the handle that any thread updates.
pub(crate) enum Handle<A, S = Locked<A>> {
    /// One thread at a time updates it: plain stores.
    Alone(A),
    /// Any thread does.
    Shared(S),
}

impl<A> Handle<A> {
    /// For what no single instruction updates.
    pub(crate) fn new(field: A, owner: &Arc<Instance>, is_shared: bool) -> Self {
        if !is_shared {
            return Self::Alone(field);
        }
        Self::Shared(Locked { field: Mutex::new(field), owner: Arc::clone(owner) })
    }

    /// Does `f` with it. `None` in a forked child, where nobody sees it.
    #[inline(always)]
    pub(crate) fn with<R>(&self, f: impl FnOnce(&A) -> R) -> Option<R> {
        match self {
            Self::Alone(field) => Some(f(field)),
            Self::Shared(locked) => locked.with(f),
        }
    }
}

/// A handle under a lock.
pub(crate) struct Locked<A> {
    field: Mutex<A>,
    owner: Arc<Instance>,
}

impl<A> Locked<A> {
    #[inline(never)]
    fn with<R>(&self, f: impl FnOnce(&A) -> R) -> Option<R> {
        // A thread that the child has not may have had the lock.
        if self.owner.is_inherited() {
            return None;
        }
        Some(f(&self.field.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Calls `update`, which costs more than a jump. An exported function that updates either by plain stores or by this saves
/// nothing on its way to the stores: this does not unwind, and is the last thing that it does. `cold`, so that the way to
/// the stores has no jump.
#[cold]
#[inline(never)]
pub(crate) extern "C" fn apart<H, T, U: FnOnce(&H, T)>(handle: &H, number: T, update: U) {
    update(handle, number);
}
