//! What becomes of the files when a process ends in order.

use super::{Ended, PerThread, ThreadKey};
use crate::write::instance::Instance;

/// What becomes of the files of a [`PerThread`] when the process ends in order, that is, when the instance of the
/// main thread is destroyed. Of a process that is killed, all files stay in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProcessEnd {
    /// The main thread's file and that of the process are removed, and what was counted goes with them.
    #[default]
    Remove,
    /// They stay, with their final values, until they are removed by [`Options::fold_dead`](crate::Options::fold_dead)
    /// or `cleanstats --fold`, which keep the counts in one file per command. So a sum over all processes of a command never decreases, however often its workers are recycled.
    Leave,
}

impl<K: ThreadKey> PerThread<K> {
    /// Keeps what the end of the main thread would remove, if the options want that.
    pub(super) fn keep_at_process_end(&'static self, ended: &Ended<K::Model>, instance: &Instance<K::Model>) {
        if self.options().at_process_end() == ProcessEnd::Leave {
            instance.keep();
            ended.folded.iter().for_each(crate::write::fold::Folded::keep);
        }
    }
}
