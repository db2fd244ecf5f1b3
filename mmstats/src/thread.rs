//! One instance a thread, made on first use, from one static definition.

use std::cell::OnceCell;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::AccessError;

use crate::error::Error;
use crate::instance::Instance;
use crate::model::Model;
use crate::name::{FOLDED_TID, Names};
use crate::options::Options;

/// What becomes of a thread's counts when the thread ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThreadEnd {
    /// The file goes with the thread. A sum over the process falls by what the thread had counted.
    #[default]
    Remove,
    /// The file stays, and counts as alive, until [`PerThread::remove`], [`Instance::remove`] of an
    /// instance with the same file name template, or the end of the process (the original's way).
    Leave,
    /// Counters and averages are added to an instance of the whole process, whose `{TID}` and `sys.tid`
    /// are 0; then the file goes. So a sum over the process does not fall when a thread ends. It may
    /// hold the thread's counts twice for the microsecond between the two.
    Fold,
}

/// One instance a thread of a model, made on first use: [`per_thread!`](crate::per_thread) defines one.
pub struct PerThread<K: ThreadKey> {
    /// What ended threads have counted, with [`ThreadEnd::Fold`].
    folded: Mutex<Option<Instance<K::Model>>>,
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
}

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
    end: ThreadEnd,
}

impl<K: ThreadKey> PerThread<K> {
    #[doc(hidden)]
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self { folded: Mutex::new(None) }
    }

    /// Calls `f` with this thread's instance, which is made if it is not there yet. Where no file can be
    /// made, it counts in private memory, and [`Instance::error`] says why.
    ///
    /// A forked child gets an instance of its own here.
    ///
    /// # Panics
    /// As [`Options::create_or_private`]: if the model itself makes no sense.
    #[inline]
    pub fn with<R>(&'static self, f: impl FnOnce(&Instance<K::Model>) -> R) -> R {
        let mut f = Some(f);
        let done = K::try_with(|local| {
            let f = f.take()?;
            Some(local.with(self, f))
        });
        match (done, f) {
            (Ok(Some(result)), _) => result,
            // The thread is ending and its own instance is gone: this goes nowhere, as it must.
            (_, Some(f)) => f(&K::options().private(ended())),
            (_, None) => unreachable!("a closure that was called gave a result"),
        }
    }

    /// Removes the files of this thread and of all ended ones, for a program about to end. Never those
    /// of other threads that live.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Io`], when a file is still there.
    pub fn remove(&'static self) -> Result<(), Error> {
        let folded = self.folded().take();
        let removed = self.with(Instance::remove);
        folded.map_or(Ok(()), |folded| folded.remove()).and(removed)
    }

    fn folded(&self) -> MutexGuard<'_, Option<Instance<K::Model>>> {
        self.folded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an ended thread's counts to the process's, or keeps its file if that cannot be.
    fn fold(&self, ended: Instance<K::Model>) {
        let mut folded = self.folded();
        if folded.as_ref().is_none_or(Instance::is_inherited) {
            let process = Names { tid: FOLDED_TID, ..Names::here() };
            match K::options().create_for(&process, K::Model::build) {
                Ok(instance) => *folded = Some(instance),
                Err(_) => return ended.park(),
            }
        }
        if let Some(process) = &*folded {
            process.fold(&ended);
        }
    }
}

fn ended() -> Error {
    let gone = std::io::Error::from(nix::errno::Errno::ESRCH);
    Error::io(std::path::Path::new("/proc/thread-self"), "finding the thread")(gone)
}

impl<K: ThreadKey> Local<K> {
    #[doc(hidden)]
    #[must_use]
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self { made: OnceCell::new(), next: OnceCell::new() }
    }

    #[inline]
    fn with<R>(&self, owner: &'static PerThread<K>, f: impl FnOnce(&Instance<K::Model>) -> R) -> R {
        match self.made.get().and_then(|made| made.instance.as_ref()) {
            Some(instance) if !instance.is_inherited() => f(instance),
            _ => f(self.find(owner)),
        }
    }

    #[cold]
    fn find(&self, owner: &'static PerThread<K>) -> &Instance<K::Model> {
        let made = self.made.get_or_init(|| Made::new(owner));
        match &made.instance {
            Some(instance) if !instance.is_inherited() => instance,
            _ => self.next.get_or_init(|| Box::new(Self::new())).find(owner),
        }
    }
}

impl<K: ThreadKey> Made<K> {
    fn new(owner: &'static PerThread<K>) -> Self {
        let options = K::options();
        let instance = Some(options.create_or_private());
        Self { instance, owner, end: options.at_thread_end() }
    }
}

impl<K: ThreadKey> Drop for Made<K> {
    fn drop(&mut self) {
        let Some(instance) = self.instance.take().filter(|instance| !instance.is_inherited()) else {
            return;
        };
        let main_thread = nix::unistd::gettid() == nix::unistd::getpid();
        match self.end {
            ThreadEnd::Remove => drop(instance),
            ThreadEnd::Leave => instance.park(),
            // With the main thread the process ends, and nothing is left to be summed.
            ThreadEnd::Fold if main_thread => drop(self.owner.folded().take()),
            ThreadEnd::Fold => self.owner.fold(instance),
        }
    }
}

/// Defines statics that give each thread an instance of its own.
///
/// ```
/// use mmstats::{Counter, Options, ThreadEnd, per_thread, stats};
///
/// stats! {
///     pub struct Web {
///         pub hits: Counter,
///     }
/// }
///
/// per_thread! {
///     /// What the web server publishes.
///     pub static WEB: Web = Options::new().label_prefix("web.").thread_end(ThreadEnd::Fold);
/// }
///
/// # fn main() {
/// # let dir = tempfile::tempdir().unwrap();
/// # unsafe { std::env::set_var("MMSTATS_PATH", dir.path()) };
/// std::thread::spawn(|| WEB.with(|web| web.hits.incr())).join().unwrap();
/// WEB.with(|web| web.hits.incr());
/// WEB.remove().unwrap();
/// # }
/// ```
#[macro_export]
macro_rules! per_thread {
    ($($(#[$meta:meta])* $vis:vis static $name:ident : $model:ty = $options:expr;)*) => {$(
        $(#[$meta])*
        $vis static $name: $crate::PerThread<$name> = $crate::PerThread::new();

        // The static's key, a type of the same name.
        #[doc(hidden)]
        #[allow(non_camel_case_types)]
        $vis struct $name {}

        const _: () = {
            ::std::thread_local! {
                static LOCAL: $crate::Local<$name> = const { $crate::Local::new() };
            }

            impl $crate::ThreadKey for $name {
                type Model = $model;

                fn options() -> $crate::Options {
                    $options
                }

                #[inline(always)]
                fn try_with<R>(
                    f: impl FnOnce(&$crate::Local<Self>) -> R,
                ) -> ::std::result::Result<R, ::std::thread::AccessError> {
                    LOCAL.try_with(f)
                }
            }
        };
    )*};
}
