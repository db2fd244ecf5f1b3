//! What a thread has: its instance, and after a fork the child's own.

use std::cell::OnceCell;
use std::fmt;

use super::making::{Making, Stage};
use super::{PerThread, ThreadEnd, ThreadKey};
use crate::write::instance::Instance;

/// What [`per_thread!`](crate::per_thread) keeps in a thread.
#[doc(hidden)]
pub struct Local<K: ThreadKey> {
    made: OnceCell<Made<K>>,
    /// After a fork: the child's own.
    next: OnceCell<Box<Local<K>>>,
}

struct Made<K: ThreadKey> {
    /// Taken by `Drop` only.
    instance: Option<Instance<K::Model>>,
    owner: &'static PerThread<K>,
}

impl<K: ThreadKey> fmt::Debug for Local<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Local")
    }
}

impl<K: ThreadKey> Local<K> {
    #[doc(hidden)]
    #[must_use]
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self { made: OnceCell::new(), next: OnceCell::new() }
    }

    /// This thread's instance, if there can be one.
    #[inline]
    pub(super) fn instance(&self, owner: &'static PerThread<K>) -> Option<&Instance<K::Model>> {
        match self.made.get().and_then(|made| made.instance.as_ref()) {
            Some(instance) if !instance.is_inherited() => Some(instance),
            _ => self.find(owner),
        }
    }

    /// This thread's instance, if it was made.
    pub(super) fn made_here(&self) -> Option<&Instance<K::Model>> {
        match self.made.get().and_then(|made| made.instance.as_ref()) {
            Some(instance) if !instance.is_inherited() => Some(instance),
            _ => self.next.get()?.made_here(),
        }
    }

    /// `None` while it is being made.
    #[cold]
    fn find(&self, owner: &'static PerThread<K>) -> Option<&Instance<K::Model>> {
        if let Some(instance) = self.made_here() {
            return Some(instance);
        }
        if K::stage(None) != Stage::Idle {
            return None;
        }
        let making = Making::<K>::of(Stage::Making);
        let mut local = self;
        while local.made.get().is_some() {
            local = local.next.get_or_init(|| Box::new(Self::new()));
        }
        local.made.get_or_init(|| Made::new(owner));
        drop(making);
        local.made_here()
    }
}

impl<K: ThreadKey> Made<K> {
    fn new(owner: &'static PerThread<K>) -> Self {
        let options = owner.options();
        let group = (options.at_thread_end() != ThreadEnd::Remove).then(|| owner.process.get().group);
        Self { instance: Some(options.create_or_private_in(group)), owner }
    }
}

impl<K: ThreadKey> Drop for Made<K> {
    fn drop(&mut self) {
        if let Some(instance) = self.instance.take().filter(|instance| !instance.is_inherited()) {
            self.owner.end(instance);
        }
    }
}
