//! What the library asks the system, besides locks and mappings.
//!
//! It publishes on Linux alone. Everywhere else it counts in private memory, so that programs that use it compile
//! and run there, too.

#[cfg(not(publishes))]
mod elsewhere;
#[cfg(publishes)]
mod linux;

#[cfg(not(publishes))]
pub(crate) use elsewhere::*;
#[cfg(publishes)]
pub(crate) use linux::*;
