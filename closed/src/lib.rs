//! Whether standard output was closed (`>&-`) when the program began.
//!
//! Rust's runtime opens `/dev/null` in the place of a descriptor that is missing, before `main`: all that is
//! written then goes nowhere and succeeds. Later this cannot be told from a `/dev/null` that somebody meant, so
//! the question is asked before that.

// Not `forbid`: the macro that names a function to be run before `main` allows it for itself. This crate has
// nothing else, so that all other crates of the tools can forbid it.
#![deny(unsafe_code)]

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
#[must_use]
pub fn stdout() -> bool {
    IS_CLOSED.load(Ordering::Relaxed)
}
