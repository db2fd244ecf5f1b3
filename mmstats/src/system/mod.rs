//! What the library asks the system, besides files and memory.

mod linux;

pub(crate) use linux::*;
