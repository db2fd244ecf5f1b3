//! Memory that values are in, and what tells a forked child that it is its parent's.

pub(crate) mod per_process;
pub(crate) mod segment;
pub(crate) mod slot;
