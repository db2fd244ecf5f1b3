//! Version 2 of the file: golden bytes, hostile bytes, and looks that come while a writer writes.

#![allow(clippy::unwrap_used)]

mod golden;
mod hostile;
mod identity;
mod looks;
mod merge;
mod reader;
mod show;
