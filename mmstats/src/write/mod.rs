//! The writer: from the options that make an instance down to the memory that its values are in.

mod about;
pub(crate) mod builder;
mod description;
pub(crate) mod document;
pub(crate) mod field;
#[cfg(publishes)]
pub(crate) mod file;
#[cfg(not(publishes))]
#[path = "file/elsewhere.rs"]
pub(crate) mod file;
pub(crate) mod fold;
pub(crate) mod instance;
mod kept;
pub(crate) mod label;
pub(crate) mod listed;
mod memory;
pub(crate) mod model;
pub(crate) mod options;
mod pages;
pub(crate) mod per_thread;
pub(crate) mod report;
mod schema;
mod shared;
mod store;
mod values;
pub(crate) mod version;
