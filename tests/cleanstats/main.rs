//! cleanstats as a user runs it.

#![allow(clippy::unwrap_used)]

mod archive;
mod choice;
mod ends;
#[path = "../foreign.rs"]
mod foreign;
mod places;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mmstats::{Counter, Instance, Options, StaticText, stats};

stats! {
    struct Web {
        hits: Counter,
        page: StaticText { value: "/\u{1b}[31m" },
    }
}

struct Ran {
    stdout: String,
    stderr: String,
    code: Option<i32>,
}

fn tool() -> Command {
    tool_in(env!("CARGO_BIN_EXE_cleanstats"))
}

/// The tool, or a program that runs it.
fn tool_in(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_remove("MMSTATS_GLOB").env_remove("MMSTATS_PATH").env_remove("CLICOLOR_FORCE");
    // A test that forgets to say where must not clean up this machine.
    command.env("TMPDIR", "/proc/no/such/place");
    command
}

fn ran(command: &mut Command) -> Ran {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { stdout: text(output.stdout), stderr: text(output.stderr), code: output.status.code() }
}

/// Runs in `dir`, so that records are short.
fn clean(dir: &Path, arguments: &[&str]) -> Ran {
    ran(tool().current_dir(dir).args(arguments))
}

#[track_caller]
fn assert_ran(ran: &Ran, stdout: &str, stderr: &str, code: i32) {
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str(), ran.code), (stdout, stderr, Some(code)));
}

fn live(dir: &Path, name: &str) -> Instance<Web> {
    Options::new().path(dir).filename(name).create().unwrap()
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
