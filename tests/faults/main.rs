//! What may go wrong, with real processes and real kernel objects: killed writers, process ids that are
//! used again, other users, other PID namespaces, a full disk, names that change under the tools.
//!
//! `MMSTATS_FAULT_SECONDS` says how long the races are run (default 1 second each). What needs root,
//! namespaces, or the original under Python 2.7 (`$MMSTATS_PYTHON2`) says `skipped:` where it cannot be
//! had. Figures are on stderr, in lines that begin with `fault:`.

#![allow(clippy::unwrap_used)]

mod actors;
mod changing;
mod disk;
#[path = "../../mmstats/tests/kernel/mod.rs"]
mod kernel;
mod killed;
mod links;
mod strangers;
mod workers;

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// The part that this program plays when a test runs it once more: see [`actors`].
#[test]
fn actor() {
    if let Ok(part) = std::env::var(actors::PART) {
        actors::play(&part);
    }
}

/// How long a race is run.
fn race_time() -> Duration {
    let seconds = std::env::var("MMSTATS_FAULT_SECONDS").ok();
    Duration::from_secs_f64(seconds.map_or(1.0, |seconds| seconds.parse().unwrap()))
}

/// A figure for the person who runs the tests.
#[allow(clippy::explicit_write)] // eprintln! would be kept from sight.
fn report(figure: &str) {
    writeln!(std::io::stderr(), "fault: {figure}").unwrap();
}

fn cleanstats() -> Command {
    harness::tool(env!("CARGO_BIN_EXE_cleanstats"))
}

/// Standard output of a run that went well.
#[track_caller]
fn cleaned(command: &mut Command) -> String {
    let (stdout, stderr, code) = harness::run(command);
    assert_eq!((stderr.as_str(), code), ("", Some(0)), "{stdout}");
    stdout
}

/// What cleanstats said about a file: the record without the path.
#[track_caller]
fn verdict<'a>(records: &'a str, path: &Path) -> (&'a str, &'a str) {
    let path = path.to_str().unwrap();
    let of_it = |line: &&str| line.split('\t').nth(1) == Some(path);
    let Some(record) = records.lines().find(of_it) else { panic!("nothing about {path} in:\n{records}") };
    let mut fields = record.split('\t');
    (fields.next().unwrap(), fields.nth(1).unwrap())
}

const ALIVE_LOCKED: (&str, &str) = ("kept", "alive: its writer holds the lock");
const ALIVE_RUNNING: (&str, &str) = ("kept", "alive: its process is running");
const ALIVE_MAPPED: (&str, &str) = ("kept", "alive: a process maps it");
const UNKNOWN: (&str, &str) = ("kept", "unknown: its writer may be out of sight");
const DEAD_UNLOCKED: (&str, &str) = ("removed", "its writer's lock is gone");
const DEAD_GONE: (&str, &str) = ("removed", "its process is gone");

fn is_root() -> bool {
    let is_root = nix::unistd::geteuid().is_root();
    if !is_root {
        harness::skip("not root");
    }
    is_root
}

/// Whether `unshare` with these options works here.
fn can_unshare(options: &[&str]) -> bool {
    let works = Command::new("unshare").args(options).arg("true").output();
    let can = works.is_ok_and(|output| output.status.success());
    if !can {
        harness::skip(&format!("unshare {} does not work here", options.join(" ")));
    }
    can
}
