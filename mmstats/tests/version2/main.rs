//! What the writer's files of version 2 hold, byte by byte, and what each type is in version 1.

#![allow(clippy::unwrap_used)]

#[path = "../common/child.rs"]
mod child;
mod choice;
mod describe;
mod fields;
mod folds;
mod layout;
#[path = "../format/show.rs"]
mod show;

use std::fs;
use std::path::Path;
use std::time::Duration;

use mmstats::format::v2::Field;
use mmstats::{Options, Version};

/// A directory for one test, and options for files of a version in it.
fn place(version: Version) -> (tempfile::TempDir, Options) {
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new().dir(dir.path()).version(version);
    (dir, options)
}

/// As a reader's clock has it.
fn monotonic() -> Duration {
    nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC).unwrap().into()
}

/// The fields of a file, one line for each, without those that every file begins with.
fn lines(path: &Path) -> Vec<String> {
    let lines = show::lines(&fs::read(path).unwrap(), monotonic()).unwrap();
    lines.into_iter().filter(|line| !line.starts_with("sys.") && !line.starts_with("org.")).collect()
}

/// The line of one field, without its label.
fn line(path: &Path, label: &str) -> Option<String> {
    let lines = show::lines(&fs::read(path).unwrap(), monotonic()).unwrap();
    lines.iter().find_map(|line| line.strip_prefix(label)?.strip_prefix('\t').map(str::to_owned))
}

/// The file's bytes, and its fields, of which none may be defective.
fn parsed(path: &Path) -> (Vec<u8>, Vec<(String, Field)>) {
    let bytes = fs::read(path).unwrap();
    let (fields, end) = show::fields([&bytes; 4]).unwrap();
    assert_eq!(end, None);
    let label = |field: &Field| String::from_utf8(bytes[field.label.clone()].to_vec()).unwrap();
    let fields = fields.into_iter().map(|field| field.map(|field| (label(&field), field)).unwrap()).collect();
    (bytes, fields)
}
