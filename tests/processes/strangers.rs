//! Who is not root sees what is his own.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use super::actor::{Actor, named};
use super::{directory, ok, record};
use harness::{STRANGER, copy_program, run, skip, strangers_may_enter};

/// The tool as a user that owns nothing; only root can do that.
fn as_stranger(dir: &std::path::Path) -> Option<Command> {
    if !nix::unistd::geteuid().is_root() {
        skip("not root");
        return None;
    }
    if !strangers_may_enter(dir) {
        return None;
    }
    let tool: PathBuf = dir.join("slurpstats");
    copy_program(env!("CARGO_BIN_EXE_slurpstats"), &tool);
    let mut command = harness::tool(tool);
    command.uid(STRANGER).gid(STRANGER);
    Some(command)
}

fn open_directory() -> (tempfile::TempDir, PathBuf) {
    use std::os::unix::fs::PermissionsExt;
    let (kept, dir) = directory();
    std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o777)).unwrap();
    (kept, dir)
}

#[test]
fn what_may_not_be_looked_at_is_said_once() {
    let (_kept, dir) = open_directory();
    let Some(mut command) = as_stranger(&dir) else { return };
    let (one, two) = (Actor::start(named("hidden"), &dir), Actor::start(named("hidden"), &dir));
    let outcome = run(command.args(["-P", named("hidden")]));
    let name = named("hidden");
    let why = format!(
        "slurpstats: 2 processes may not be looked at: Permission denied\n\
         slurpstats: no stats files found: looked for mappings of processes called {name}\n"
    );
    assert_eq!(outcome, (String::new(), why, Some(1)));
    let pid = one.id();
    let Some(mut command) = as_stranger(&dir) else { return };
    let outcome = run(command.args(["-P", &pid.to_string()]));
    let why = format!(
        "slurpstats: process {pid}: Permission denied\n\
         slurpstats: no stats files found: looked for mappings of process {pid}\n"
    );
    assert_eq!(outcome, (String::new(), why, Some(1)));
    drop(two);
}

#[test]
fn everybody_sees_his_own() {
    let (_kept, dir) = open_directory();
    let Some(mut command) = as_stranger(&dir) else { return };
    let words: Vec<_> = ["setpriv", "--reuid", "54321", "--regid", "54321", "--clear-groups"].to_vec();
    if !harness::has("setpriv") {
        return;
    }
    let own = std::env::current_exe().unwrap();
    let program = dir.join("program");
    copy_program(&own, &program);
    // Others may not come to where the tests are; so a copy of the program is started.
    let script = format!("shift; exec {} \"$@\"", program.display());
    let words: Vec<&std::ffi::OsStr> =
        words.iter().copied().chain(["sh", "-c", &script, "sh"]).map(std::ffi::OsStr::new).collect();
    let (actor, other) = (Actor::through(&words, named("own"), &dir), Actor::start(named("not-own"), &dir));
    let path = dir.join(format!("web-{}.mmstats", actor.id()));
    let (stdout, stderr, code) = run(command.args(["-A", "-p", "web.hits"]));
    assert_eq!((stdout.matches(&record(&path, 7)).count(), code), (1, Some(1)), "{stdout}{stderr}");
    assert!(!stdout.contains(&format!("web-{}", other.id())), "{stdout}");
    let lines: Vec<_> = stderr.lines().collect();
    assert_eq!(lines.len(), 1, "{stderr}");
    assert!(lines[0].ends_with(" processes may not be looked at: Permission denied"), "{stderr}");
    let Some(mut command) = as_stranger(&dir) else { return };
    assert_eq!(run(command.args(["-P", named("own"), "-p", "web.hits"])), ok(record(&path, 7)));
}
