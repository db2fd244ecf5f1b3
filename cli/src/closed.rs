//! Standard output that was closed (`>&-`) when the program began.
//!
//! Rust's runtime opens `/dev/null` in the place of a descriptor that is missing, before `main`: all that is
//! written then goes nowhere and succeeds. Later it cannot be told from a `/dev/null` that somebody meant, so
//! it is asked about before that.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::Errno;

static IS_CLOSED: AtomicBool = AtomicBool::new(false);

// Nothing of the standard library is in use yet: this is one system call and one store.
ctor::declarative::ctor! {
    #[ctor(unsafe)]
    fn look() {
        let flags = rustix::io::fcntl_getfd(rustix::stdio::stdout());
        IS_CLOSED.store(flags == Err(Errno::BADF), Ordering::Relaxed);
    }
}

/// Whether standard output was closed when the program began.
pub(crate) fn is_closed() -> bool {
    IS_CLOSED.load(Ordering::Relaxed)
}

/// What takes nothing, as a descriptor does that is closed.
pub(crate) struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(Errno::BADF.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
