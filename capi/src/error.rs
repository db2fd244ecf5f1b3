//! What went wrong, for the thread that asks.

use std::any::Any;
use std::cell::RefCell;
use std::ffi::{CString, c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{PoisonError, RwLock};

use mmstats::{Error, ErrorKind};
use nix::errno::Errno;

/// Why a call failed.
#[derive(Debug)]
pub(crate) struct Failure {
    errno: Errno,
    message: String,
}

impl Failure {
    pub(crate) fn new(errno: Errno, message: impl Into<String>) -> Self {
        Self { errno, message: message.into() }
    }

    /// An argument that makes no sense.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Errno::EINVAL, message)
    }

    /// A null pointer where an instance should be.
    pub(crate) fn no_instance() -> Self {
        Self::invalid("no instance: it could not be made")
    }

    /// A field that is refused before the library is asked.
    pub(crate) fn of_field(path: &Path, label: &str, what: &str) -> Self {
        Self::invalid(format!("{}: label {label:?}: {what}", path.display()))
    }

    /// What only the process may do that made the instance.
    pub(crate) fn of_parent(path: &Path) -> Self {
        Self::new(Errno::EPERM, format!("{}: the instance belongs to the parent process", path.display()))
    }

    fn tell(self) {
        let message = c_text(self.message);
        // A thread that is ending has no message any more.
        let _ = LAST.try_with(|last| last.replace(message));
        self.errno.set();
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(errno(&error), error.to_string())
    }
}

/// The number that fits an error.
fn errno(error: &Error) -> Errno {
    if let Some(io) = error.as_io() {
        return io.raw_os_error().map_or(Errno::EIO, Errno::from_raw);
    }
    match error.kind() {
        ErrorKind::Label | ErrorKind::Description | ErrorKind::Template | ErrorKind::Environment => {
            Errno::EINVAL
        }
        ErrorKind::TooLarge => Errno::EFBIG,
        ErrorKind::Held => Errno::EBUSY,
        ErrorKind::Foreign | ErrorKind::NotAFile => Errno::EEXIST,
        ErrorKind::Forked => Errno::EPERM,
        ErrorKind::Busy => Errno::EDEADLK,
        ErrorKind::FileSystem | ErrorKind::Platform => Errno::EOPNOTSUPP,
        _ => Errno::EIO,
    }
}

/// Text for C, which ends with the first NUL.
pub(crate) fn c_text(text: impl Into<Vec<u8>>) -> CString {
    let mut bytes: Vec<u8> = text.into();
    bytes.truncate(bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len()));
    CString::new(bytes).unwrap_or_default()
}

thread_local! {
    static LAST: RefCell<CString> = RefCell::default();
}

/// What `work` gives; `otherwise`, and why, where it fails or panics.
pub(crate) fn guard<T>(otherwise: T, work: impl FnOnce() -> Result<T, Failure>) -> T {
    // What was half done is not looked at again: the instance is behind a lock that holds it together.
    let failure = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(given)) => return given,
        Ok(Err(failure)) => failure,
        Err(panic) => Failure::new(Errno::ENOTRECOVERABLE, said(&*panic)),
    };
    failure.tell();
    otherwise
}

/// The words of a panic.
fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a fault in libmmstats")
}

/// What [`mmstats_on_error`] takes.
type Hook = extern "C" fn(error: c_int, message: *const c_char);

static HOOK: RwLock<Option<Hook>> = RwLock::new(None);

fn report(error: &Error) {
    let hook = *HOOK.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(hook) = hook {
        hook(errno(error) as c_int, c_text(error.to_string()).as_ptr());
    }
}

export! {
    /// Why this thread's last call that failed did so.
    fn mmstats_error() -> *const c_char {
        LAST.try_with(|last| last.borrow().as_ptr()).unwrap_or(c"".as_ptr())
    }

    /// Sets what is called where an instance has to count in private memory.
    fn mmstats_on_error(hook: Option<Hook>) {
        guard((), || {
            *HOOK.write().unwrap_or_else(PoisonError::into_inner) = hook;
            // With no hook of C's the library's own words would be lost, too, but nobody takes a hook back.
            mmstats::on_error(report);
            Ok(())
        });
    }
}
