//! What the tests of the tools share: stats files made byte by byte or field by field, a tool's run, a live tool whose
//! lines are waited for, other processes, and words for what a machine lacks.
//!
//! The library's own tests do without: they go with the library to the registry.

#![allow(clippy::unwrap_used)]

mod file;
mod foreign;
mod hang_up;
pub mod image;
mod process;
mod run;
mod skip;
mod watch;

pub use file::{counter, double, field, text, write};
pub use foreign::{Foreign, gone_pid, now, sees_all_processes, some_time_ago};
pub use hang_up::hang_up;
pub use process::{Guarded, InPlace, but_half_written};
pub use run::{Outcome, beside, copy_program, outcome, run, tool, without_stdout, words_of};
pub use skip::{STRANGER, has, has_loopback, skip, strangers_may_enter};
pub use watch::{PATIENCE, Watch, while_stopped};
