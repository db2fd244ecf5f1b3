//! slurpstats as a user runs it: standard output, standard error and exit code together.

#![allow(clippy::unwrap_used)]

mod aggregate;
#[path = "../common/mod.rs"]
mod common;
mod ends;
mod operands;
mod output_file;
mod print;
mod prometheus;

use std::path::Path;
use std::process::Command;

use common::{outcome, tool};

fn slurpstats() -> Command {
    tool(env!("CARGO_BIN_EXE_slurpstats"))
}

/// Runs it with these arguments.
fn run(args: &[&str], operands: &[&Path]) -> (String, String, Option<i32>) {
    outcome(&slurpstats().args(args).args(operands).output().unwrap())
}

fn ok(stdout: &str) -> (String, String, Option<i32>) {
    (stdout.to_owned(), String::new(), Some(0))
}
