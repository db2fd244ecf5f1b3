//! One instance per thread, made on first use, from one static definition.

mod definition;
mod local;
mod making;
mod process_end;

use std::collections::VecDeque;
use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::AccessError;

use crate::error::{Error, Reason};
use crate::system::is_main_thread;
use crate::write::fold::Folded;
use crate::write::instance::Instance;
use crate::write::memory::per_process::PerProcess;
use crate::write::model::Model;
use crate::write::options::Options;
use crate::write::report::report;

pub use local::Local;
use making::Making;
pub use making::Stage;
pub use process_end::ProcessEnd;

/// How many files of ended threads one static leaves at most. Each needs a mapping, on some file systems a
/// descriptor, and both run out; a process has 1,024 descriptors, as a rule.
const LEFT_AT_MOST: usize = 256;

/// What becomes of a thread's counts when the thread ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ThreadEnd {
    /// The file is removed. A sum over the process decreases by what the thread had counted.
    Remove,
    /// The file stays, and counts as alive, until [`PerThread::remove`], [`Instance::remove`] of an
    /// instance with the same file name template, or the end of the process, as with the original. This holds
    /// for the files of the 256 threads that ended last: the counts of threads that ended earlier are folded.
    Leave,
    /// The values of counters, up-and-down counts and averages are added by label to a file of the whole
    /// process, whose `{TID}` and `sys.tid` are 0. Then the thread's file is removed. So a sum over the
    /// process does not decrease when a thread ends. Values that describe the thread itself (gauges, bools,
    /// text, moving averages) end with it, and the process's file has no such fields.
    ///
    /// `sys.folded` in the two files tells which of them has the counts, for readers that read one after the
    /// other; see mmstats(5).
    #[default]
    Fold,
}

/// One instance per thread of a model, made on first use: [`per_thread!`](crate::per_thread) defines one.
pub struct PerThread<K: ThreadKey> {
    process: PerProcess<Process<K>>,
}

/// What the static has in one process.
struct Process<K: ThreadKey> {
    /// By which the files that are folded into one know each other.
    group: u32,
    options: OnceLock<Options>,
    ended: Mutex<Ended<K::Model>>,
}

impl<K: ThreadKey> Default for Process<K> {
    fn default() -> Self {
        // Another copy of this library in the same process has another number.
        #[allow(clippy::cast_possible_truncation)]
        let group = RandomState::new().build_hasher().finish() as u32;
        Self { group, options: OnceLock::new(), ended: Mutex::default() }
    }
}

/// What ended threads have left.
struct Ended<M> {
    folded: Option<Folded>,
    /// The oldest first.
    left: VecDeque<Instance<M>>,
    /// Whether nothing is to be left any more.
    is_over: bool,
}

impl<M> Default for Ended<M> {
    fn default() -> Self {
        Self { folded: None, left: VecDeque::new(), is_over: false }
    }
}

/// What [`per_thread!`](crate::per_thread) makes of a definition: a type, since what a type says is known
/// when the program is compiled, and a pointer to the thread's variable would be followed at each use.
#[doc(hidden)]
pub trait ThreadKey: Sized + 'static {
    type Model: Model + Send + 'static;

    fn options() -> Options;

    /// Calls `f` with this thread's variable.
    ///
    /// # Errors
    /// When the thread is ending and its variable is gone.
    fn try_with<R>(f: impl FnOnce(&Local<Self>) -> R) -> Result<R, AccessError>;

    /// What this thread is about, and what it is about next.
    fn stage(next: Option<Stage>) -> Stage;
}

impl<K: ThreadKey> fmt::Debug for PerThread<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerThread").field("model", &K::Model::NAME).finish_non_exhaustive()
    }
}

impl<K: ThreadKey> PerThread<K> {
    #[doc(hidden)]
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self { process: PerProcess::new() }
    }

    /// Calls `f` with this thread's instance, which is made if it does not exist yet. If no file can be
    /// created, the instance counts in private memory, [`Instance::error`] gives the reason, and the hook of
    /// [`crate::on_error`] is called.
    ///
    /// A forked child gets its own instance here.
    ///
    /// While the thread's instance is being made (for example by a hook that counts), and after the ending
    /// thread has destroyed it, `f` gets a private instance for this call only. What it counts is lost.
    ///
    /// # Panics
    /// As [`Options::create_or_private`]: if the model itself is wrong. Also if it is called while such a
    /// private instance is being made, from [`Model::build`] or from an allocator: then there is no instance
    /// with which `f` could be called. Such code calls [`PerThread::try_with`].
    #[inline]
    pub fn with<R>(&'static self, f: impl FnOnce(&Instance<K::Model>) -> R) -> R {
        let mut f = Some(f);
        let done = K::try_with(|local| {
            let instance = local.instance(self)?;
            f.take().map(|f| f(instance))
        });
        match (done, f) {
            (Ok(Some(result)), _) => result,
            (_, Some(f)) => f(&spare::<K>()),
            (_, None) => unreachable!("a closure that was called gave a result"),
        }
    }

    /// As [`PerThread::with`], but does not call `f` if what it counts would be lost: gives `None` while the
    /// thread's instance is being made, and after the ending thread has destroyed it. For code that may run at
    /// any moment, such as an allocator.
    ///
    /// # Panics
    /// As [`Options::create_or_private`]: if the model itself is wrong.
    #[inline]
    pub fn try_with<R>(&'static self, f: impl FnOnce(&Instance<K::Model>) -> R) -> Option<R> {
        K::try_with(|local| local.instance(self).map(f)).ok().flatten()
    }

    /// Removes the files of this thread and of all ended threads, for a program that is about to end: those
    /// that this static has made in this process, and no others. It never removes the files of other threads
    /// that are running. From now on each of them removes its own file when it ends, for any
    /// [`Options::thread_end`].
    ///
    /// # Errors
    /// [`crate::ErrorKind::Io`], when a file is still there.
    pub fn remove(&'static self) -> Result<(), Error> {
        let Ended { folded, left, .. } =
            std::mem::replace(&mut *self.ended(), Ended { is_over: true, ..Ended::default() });
        let mut result = folded.map_or(Ok(()), Folded::remove);
        for instance in left {
            instance.forget();
            result = result.and(instance.remove());
        }
        // Not `with`, which would make an instance only to remove it.
        let own = K::try_with(|local| local.made_here().map_or(Ok(()), Instance::remove));
        result.and(own.unwrap_or(Ok(())))
    }

    /// The options. They are asked for once per process.
    fn options(&'static self) -> &'static Options {
        self.process.get().options.get_or_init(K::options)
    }

    fn ended(&'static self) -> MutexGuard<'static, Ended<K::Model>> {
        self.process.get().ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does with an ended thread's instance what the options say.
    fn end(&'static self, instance: Instance<K::Model>) {
        let end = self.options().at_thread_end();
        let mut ended = self.ended();
        // A file that is kept has its counts already.
        if ended.is_over || end == ThreadEnd::Remove || instance.is_kept() {
            drop(ended);
            return drop(instance);
        }
        if end == ThreadEnd::Fold {
            // With the main thread the process ends, and nothing is left to be summed.
            if is_main_thread() {
                ended.is_over = true;
                self.keep_at_process_end(&ended, &instance);
                return drop(ended.folded.take());
            }
            return self.fold(&mut ended, instance);
        }
        instance.remember();
        ended.left.push_back(instance);
        if ended.left.len() > LEFT_AT_MOST {
            if let Some(oldest) = ended.left.pop_front() {
                self.fold(&mut ended, oldest);
            }
        }
    }

    /// Adds an ended thread's counts to the process's, or leaves its file if that cannot be.
    fn fold(&'static self, ended: &mut Ended<K::Model>, instance: Instance<K::Model>) {
        if instance.is_removed() {
            return;
        }
        if let Err(error) = self.try_fold(&mut ended.folded, &instance) {
            report(&error, "the file of an ended thread stays");
            instance.remember();
            ended.left.push_back(instance);
            return;
        }
        instance.forget();
    }

    fn try_fold(
        &'static self,
        folded: &mut Option<Folded>,
        instance: &Instance<K::Model>,
    ) -> Result<(), Error> {
        let folded = match folded {
            Some(folded) => folded,
            None => folded.insert(Folded::create(self.options(), self.process.get().group, K::Model::NAME)?),
        };
        folded.take(instance)
    }
}

/// An instance for one use, in private memory.
#[cold]
fn spare<K: ThreadKey>() -> Instance<K::Model> {
    let path = PathBuf::from("/proc/thread-self");
    let error = match K::stage(None) {
        Stage::Idle => Error::new(path, Reason::Ended),
        Stage::Making => Error::new(path, Reason::Reentered),
        Stage::MakingSpare => panic!("a per-thread instance is used while it is made: call try_with there"),
    };
    let _making = Making::<K>::of(Stage::MakingSpare);
    Options::new().private(error, None)
}
