//! Files of this process that outlive their instances.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::disk::identity::{Identity, remove_if};
use crate::error::Error;
use crate::write::memory::per_process::PerProcess;

/// What the files of one process's threads have in common: their directory and [`crate::disk::name::family`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Family {
    pub(crate) dir: PathBuf,
    pub(crate) name: OsString,
}

/// Something that goes with the thread that it was made on. Thread ids come round; this does not.
#[derive(Clone)]
pub(crate) struct ThreadMark(Weak<()>);

impl ThreadMark {
    pub(crate) fn here() -> Self {
        thread_local! {
            static MARK: Arc<()> = Arc::new(());
        }
        // Without one the thread is as good as ended.
        Self(MARK.try_with(Arc::downgrade).unwrap_or_default())
    }

    fn has_ended(&self) -> bool {
        self.0.strong_count() == 0
    }
}

struct Kept {
    path: PathBuf,
    identity: Identity,
    family: Family,
    thread: ThreadMark,
}

fn kept() -> MutexGuard<'static, Vec<Kept>> {
    static KEPT: PerProcess<Mutex<Vec<Kept>>> = PerProcess::new();
    KEPT.get().lock().unwrap_or_else(PoisonError::into_inner)
}

/// Remembers a file, for [`remove_ended`].
pub(crate) fn remember(path: &Path, identity: Identity, family: Family, thread: ThreadMark) {
    let mut kept = kept();
    // A file that took the name of another has replaced it.
    kept.retain(|kept| kept.path != path);
    kept.push(Kept { path: path.to_owned(), identity, family, thread });
}

/// Forgets a file that is gone.
pub(crate) fn forget(identity: Identity) {
    kept().retain(|kept| kept.identity != identity);
}

/// Removes the files of a family whose threads have ended: those that are remembered, and no others,
/// whatever they are called.
pub(crate) fn remove_ended(family: &Family) -> Result<(), Error> {
    let mut failed = None;
    kept().retain(|kept| {
        if kept.family != *family || !kept.thread.has_ended() {
            return true;
        }
        match remove_if(&kept.path, kept.identity) {
            Ok(()) => false,
            Err(error) => {
                failed = Some(Error::io(&kept.path, "removing it")(error));
                true
            }
        }
    });
    failed.map_or(Ok(()), Err)
}
