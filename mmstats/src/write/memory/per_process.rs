//! What belongs to one process: a forked child begins with nothing of it.

use std::sync::OnceLock;

use crate::write::memory::segment::{ForkMark, fork_mark};

/// A value that each process has of its own. A forked child makes another one and never looks at its
/// parent's, whose locks may be held by threads that the child does not have.
pub(crate) struct PerProcess<T> {
    here: OnceLock<Box<Here<T>>>,
}

struct Here<T> {
    mark: ForkMark,
    value: T,
    /// After a fork: the child's own.
    child: PerProcess<T>,
}

impl<T: Default> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        Self { here: OnceLock::new() }
    }

    /// This process's value, made if it is not there yet.
    pub(crate) fn get(&self) -> &T {
        let here = self.here.get_or_init(|| Box::new(Here::new()));
        if here.mark.is_home() { &here.value } else { here.child.get() }
    }
}

impl<T: Default> Here<T> {
    fn new() -> Self {
        Self { mark: fork_mark(), value: T::default(), child: PerProcess::new() }
    }
}
