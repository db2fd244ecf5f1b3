//! Version 2 of the file: golden bytes, hostile bytes, and looks that come while a writer writes.

#![allow(clippy::unwrap_used)]

mod follower;
mod golden;
mod hostile;
mod identity;
mod looks;
mod made;
mod merge;
mod mutants;
mod reader;
mod show;
