//! Pages on using the library in programs with threads, forks, async tasks and signal handlers.
//!
//! | page | question |
//! |---|---|
//! | [`threads`] | How does each thread of a program publish? |
//! | [`thread_end`] | What happens to a thread's counts when the thread ends? |
//! | [`sharing`] | What can be done where several threads count the same thing? |
//! | [`async_programs`] | How do tasks count that move between threads? |
//! | [`forks`] | What happens to instances and handles in a child process? What becomes of the counts of workers that die? |
//! | [`signal_handlers`] | What may be called in a signal handler? |
//!
//! The manual page mmstats(7) tells operators where the files are and what kills a writer. mmstats(5)
//! describes the file format.

#[doc = include_str!("../docs/threads.md")]
pub mod threads {}

#[doc = include_str!("../docs/thread_end.md")]
pub mod thread_end {}

#[doc = include_str!("../docs/sharing.md")]
pub mod sharing {}

#[doc = include_str!("../docs/async_programs.md")]
pub mod async_programs {}

#[doc = include_str!("../docs/forks.md")]
pub mod forks {}

#[doc = include_str!("../docs/signal_handlers.md")]
pub mod signal_handlers {}
