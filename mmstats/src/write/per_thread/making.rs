//! What a thread is about while its instance is made, so that whatever uses the instance meanwhile does
//! not make it once more.

use std::marker::PhantomData;

use super::ThreadKey;

/// What a thread is about.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nothing.
    Idle,
    /// Its instance is being made.
    Making,
    /// A private one for one use is being made.
    MakingSpare,
}

/// Says that something is being made until it is dropped, by a panic, too.
pub(super) struct Making<K: ThreadKey> {
    before: Stage,
    key: PhantomData<K>,
}

impl<K: ThreadKey> Making<K> {
    pub(super) fn of(stage: Stage) -> Self {
        Self { before: K::stage(Some(stage)), key: PhantomData }
    }
}

impl<K: ThreadKey> Drop for Making<K> {
    fn drop(&mut self) {
        K::stage(Some(self.before));
    }
}
