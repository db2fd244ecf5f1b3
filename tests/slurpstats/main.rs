//! slurpstats as a user runs it: standard output, standard error and exit code together.

#![allow(clippy::unwrap_used)]

mod aggregate;
mod alive;
mod derived;
mod ends;
mod folds;
mod hist;
mod interop;
mod json;
mod merging;
mod node_exporter;
mod operands;
mod output_file;
mod print;
mod prometheus;
mod python;
mod removed;
mod units;
mod web;

use std::path::Path;
use std::process::Command;

use harness::{Outcome, tool};

fn slurpstats() -> Command {
    tool(env!("CARGO_BIN_EXE_slurpstats"))
}

/// Runs it with these arguments.
fn run(args: &[&str], operands: &[&Path]) -> Outcome {
    harness::run(slurpstats().args(args).args(operands))
}

fn ok(stdout: &str) -> Outcome {
    (stdout.to_owned(), String::new(), Some(0))
}

/// What it prints where nothing is wrong, line by line, without the path.
fn lines(args: &[&str], path: &Path) -> Vec<String> {
    let (out, err, code) = run(args, &[path]);
    assert_eq!((&*err, code), ("", Some(0)), "{args:?}");
    let start = format!("{}\t", path.display());
    out.lines().map(|line| line.strip_prefix(&start).unwrap_or(line).to_owned()).collect()
}
