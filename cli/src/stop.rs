//! Why a tool stops.

use std::io;

/// Why a tool stops before its work is done.
#[derive(Debug)]
pub enum Stop {
    /// The command line makes no sense.
    Usage(String),
    /// Standard output takes no more.
    Output(io::Error),
    /// What had to be said is said already: the run has failed.
    Failed,
    /// A signal asked for it.
    Signal(i32),
    /// With an exit code of the tool's own.
    Exit(u8),
}

impl From<lexopt::Error> for Stop {
    fn from(error: lexopt::Error) -> Self {
        Self::Usage(error.to_string())
    }
}
