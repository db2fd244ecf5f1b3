//! The writer: from the options that make an instance down to the memory that its values are in.

pub(crate) mod field;
pub(crate) mod file;
pub(crate) mod fold;
pub(crate) mod instance;
mod kept;
mod memory;
pub(crate) mod model;
pub(crate) mod options;
pub(crate) mod per_thread;
pub(crate) mod report;
mod store;
mod values;
