//! slurpstats as a user runs it: standard output, standard error and exit code together.

#![allow(clippy::unwrap_used)]

mod aggregate;
mod ends;
mod interop;
mod node_exporter;
mod operands;
mod output_file;
mod print;
mod prometheus;
mod python;

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
