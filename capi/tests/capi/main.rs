//! libmmstats, as programs in C and C++ see it: compiled here, against both libraries.

#![allow(clippy::unwrap_used)] // A test that cannot go on says where.

mod built;
mod checkers;
mod golden;
mod header;
mod install;
mod parts;

use std::path::{Path, PathBuf};

/// The top of the tree.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}
