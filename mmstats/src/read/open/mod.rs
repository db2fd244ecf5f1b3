//! Opening a file that may be anything by now. Files are read on Linux alone.

#[cfg(not(publishes))]
mod elsewhere;
#[cfg(publishes)]
mod linux;

#[cfg(not(publishes))]
pub(crate) use elsewhere::*;
#[cfg(publishes)]
pub(crate) use linux::*;
