//! An instance: its file, and the handles of its fields.

use std::any::Any;
use std::ffi::{CString, c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::ptr::null;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use mmstats::ErrorKind;
use nix::time::{ClockId, clock_gettime};

use crate::border::Chars;
use crate::error::{Failure, c_text, guard};
use crate::handle::Instance;
use crate::options::Options;
use crate::spec::Spec;

/// C's `mmstats`.
pub(crate) struct Stats {
    /// Pointers to them are what C has. They go before the instance does.
    handles: Mutex<Vec<Rc<dyn Any>>>,
    path: CString,
    private: Option<CString>,
    pub(crate) is_shared: bool,
    pub(crate) instance: Arc<Instance>,
}

impl Stats {
    fn new(instance: Instance, is_shared: bool) -> Box<Self> {
        Box::new(Self {
            handles: Mutex::default(),
            path: c_text(instance.path().as_os_str().as_bytes()),
            private: instance.error().map(|error| c_text(error.to_string())),
            is_shared,
            instance: Arc::new(instance),
        })
    }

    /// Keeps a handle as long as the instance, and says where it is.
    fn hold<H: 'static>(&self, handle: H) -> *const H {
        let handle = Rc::new(handle);
        let place = Rc::as_ptr(&handle);
        self.handles.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
        place
    }
}

/// A kind of field.
pub(crate) struct Kind {
    /// What it is called in errors, with an article.
    pub(crate) name: &'static str,
    /// Which options it has.
    pub(crate) options: &'static [&'static str],
}

/// Adds a field: `make` makes its handle, of a label and what was chosen.
pub(crate) fn add<H: 'static>(
    stats: Option<&Stats>,
    label: Chars<'_>,
    spec: Option<&Spec>,
    kind: &Kind,
    make: impl FnOnce(&Stats, &str, &mut Spec) -> Result<H, Failure>,
) -> Result<*const H, Failure> {
    let stats = stats.ok_or_else(Failure::no_instance)?;
    let path = stats.instance.path();
    let bytes = label.bytes().ok_or_else(|| Failure::of_field(path, "", "there is none"))?;
    let not_text = |_| Failure::of_field(path, &String::from_utf8_lossy(bytes), "it is not UTF-8");
    let label = std::str::from_utf8(bytes).map_err(not_text)?;
    let mut spec = spec.cloned().unwrap_or_default();
    spec.check(kind.name, kind.options).map_err(|what| Failure::of_field(path, label, &what))?;
    let label = spec.label(label);
    Ok(stats.hold(make(stats, &label, &mut spec)?))
}

export! {
    /// Makes an instance.
    fn mmstats_create(options: Option<&Options>) -> Option<Box<Stats>>, else None; {
        let defaults = Options::default();
        let options = options.unwrap_or(&defaults);
        options.check()?;
        Ok(Some(Stats::new(options.chosen.create::<()>()?, options.is_shared)))
    }

    /// Makes an instance, in private memory if need be.
    fn mmstats_create_or_private(options: Option<&Options>) -> Option<Box<Stats>>, else None; {
        let defaults = Options::default();
        let options = options.unwrap_or(&defaults);
        options.check()?;
        let instance = match options.chosen.create::<()>() {
            Ok(instance) => instance,
            // No memory makes it right: the library panics.
            Err(error) if error.kind() == ErrorKind::Label => return Err(error.into()),
            // The library's words to the user come with it.
            Err(_) => options.chosen.create_or_private(),
        };
        Ok(Some(Stats::new(instance, options.is_shared)))
    }

    /// Ends an instance.
    fn mmstats_close(stats: Option<Box<Stats>>) {
        guard((), || {
            drop(stats);
            Ok(())
        });
    }

    /// The path of the file.
    fn mmstats_path(stats: Option<&Stats>) -> *const c_char {
        stats.map_or(null(), |stats| stats.path.as_ptr())
    }

    /// The size of the file.
    fn mmstats_size(stats: Option<&Stats>) -> usize {
        stats.map_or(0, |stats| stats.instance.size())
    }

    /// Why it counts in private memory, if it does.
    fn mmstats_private_reason(stats: Option<&Stats>) -> *const c_char {
        stats.and_then(|stats| stats.private.as_ref()).map_or(null(), |reason| reason.as_ptr())
    }

    /// Whether it is a parent's.
    fn mmstats_is_inherited(stats: Option<&Stats>) -> bool {
        stats.is_some_and(|stats| stats.instance.is_inherited())
    }

    /// Leaves the file when the instance is closed.
    fn mmstats_keep(stats: Option<&Stats>) {
        if let Some(stats) = stats {
            stats.instance.keep();
        }
    }

    /// Removes the file.
    fn mmstats_remove(stats: Option<&Stats>) -> c_int, else -1; {
        let instance = &stats.ok_or_else(Failure::no_instance)?.instance;
        // The library takes it for done, since a child's copy may just go out of scope. Here it is asked for.
        if instance.is_inherited() {
            return Err(Failure::of_parent(instance.path()));
        }
        instance.remove()?;
        Ok(0)
    }

    /// Syncs the file to disk.
    fn mmstats_flush(stats: Option<&Stats>, wait: bool) -> c_int, else -1; {
        stats.ok_or_else(Failure::no_instance)?.instance.flush(wait)?;
        Ok(0)
    }

    /// The library's version.
    fn mmstats_version() -> *const c_char {
        const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
        VERSION.as_ptr().cast()
    }

    /// Nanoseconds of the clock that never goes back.
    fn mmstats_now() -> u64 {
        // No Linux lacks this clock.
        let Ok(now) = clock_gettime(ClockId::CLOCK_MONOTONIC) else { return 0 };
        // Later than the start of the machine.
        #[allow(clippy::cast_sign_loss)]
        let now = now.tv_sec() as u64 * 1_000_000_000 + now.tv_nsec() as u64;
        now
    }
}
