//! mmcat as a user runs it.

#![allow(clippy::unwrap_used)]

mod blocks;
mod check;
mod dump;
mod ends;
mod hostile;
mod raw;
mod rules;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use harness::{field, tool};
use mmstats::format::image::{Description, Image};
use mmstats::format::item::Items;
use mmstats::format::kind::{DataType, MetricType};

/// A call in `dir`.
fn mmcat(dir: &Path, args: &[&str]) -> Command {
    let mut command = tool(env!("CARGO_BIN_EXE_mmcat"));
    command.current_dir(dir).args(args).stdin(Stdio::null());
    command
}

/// stdout, stderr and exit code.
fn run(dir: &Path, args: &[&str]) -> (String, String, i32) {
    let (out, err, code) = harness::run(&mut mmcat(dir, args));
    (out, err, code.unwrap())
}

/// A directory with the file `f`: a version, `fields`, `tail`.
fn directory(fields: &[Vec<u8>], tail: &[u8]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("f"), [&[1][..], &fields.concat(), tail].concat()).unwrap();
    dir
}

fn two_fields() -> Vec<Vec<u8>> {
    let mut text = [0; 40];
    text[..7].copy_from_slice("grün \x1b".as_bytes());
    let numbers = [41_u16.to_ne_bytes(), 42_u16.to_ne_bytes()].concat();
    vec![field(b"hits", "   H", 0, &numbers), field(b"name", "40s", 0xff, &text)]
}

/// A file `f` with these bytes in a directory of its own.
fn place(bytes: &[u8]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("f"), bytes).unwrap();
    dir
}

/// A field that says nothing but its types; where its value is.
fn add(image: &mut Image, label: &str, data: DataType, metric: MetricType, value: &[u8]) -> usize {
    image.add(&Description { label, data, metric, items: Items::default() }, value).unwrap()
}
