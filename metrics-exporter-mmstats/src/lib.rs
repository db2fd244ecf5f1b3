#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![warn(missing_debug_implementations)]

mod builder;
mod keys;
mod kinds;
mod names;
mod published;
mod recorder;
mod stats;
mod units;

pub use builder::{InstallError, MmstatsBuilder, install};
pub use recorder::MmstatsRecorder;
