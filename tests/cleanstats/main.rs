//! cleanstats as a user runs it.

#![allow(clippy::unwrap_used)]

mod archive;
mod choice;
mod ends;
mod fold;
mod places;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::{Outcome, run, tool};
use mmstats::{Counter, Instance, Options, StaticText, stats};

stats! {
    struct Web {
        hits: Counter,
        page: StaticText { value: "/\u{1b}[31m" },
    }
}

fn cleanstats() -> Command {
    tool(env!("CARGO_BIN_EXE_cleanstats"))
}

/// Runs in `dir`, so that records are short.
fn clean(dir: &Path, arguments: &[&str]) -> Outcome {
    run(cleanstats().current_dir(dir).args(arguments))
}

#[track_caller]
fn assert_ran(ran: &Outcome, stdout: &str, stderr: &str, code: i32) {
    assert_eq!((ran.0.as_str(), ran.1.as_str(), ran.2), (stdout, stderr, Some(code)));
}

/// Without the records.
fn summary(ran: Outcome) -> Outcome {
    let (stdout, stderr, code) = ran;
    let start = stdout.trim_end().rfind('\n').map_or(0, |end| end + 1);
    let last = stdout[start..].split(", no stats").next().unwrap_or_default().trim_end();
    (format!("{last}\n"), stderr, code)
}

fn live(dir: &Path, name: &str) -> Instance<Web> {
    Options::new().dir(dir).filename(name).create().unwrap()
}

fn dead(dir: &Path, name: &str) -> PathBuf {
    let web = live(dir, name);
    web.hits.add(3);
    web.keep();
    let path = web.path().to_owned();
    drop(web);
    // A child that another test's thread forked just then has the descriptor until it calls exec.
    let file = File::open(&path).unwrap();
    while mmstats::live::is_locked(&file).unwrap() {
        std::thread::yield_now();
    }
    path
}

fn names(dir: &Path) -> Vec<String> {
    let listing = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = listing.map(|name| name.to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}
