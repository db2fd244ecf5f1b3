//! Files that are truncated, replaced and removed under the tools, again and again.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use mmstats::Options;

use crate::actors::{Actor, LIVES, Load};
use crate::{race_time, report};
use harness::{Foreign, beside};

/// The tools, and what each is asked for.
const TOOLS: [&[&str]; 7] = [
    &["cleanstats", "-n", "-v", "."],
    &["slurpstats", "-o", "lines", "."],
    &["slurpstats", "-o", "json", "."],
    &["slurpstats", "-o", "prometheus", "."],
    &["pollstats", "-c", "2", "-d", "0.01", "hits", "."],
    &["mmwatch", "-i", "-d", "0.01", "--timeout", "0.05", "."],
    &["mmcat", "0.mmstats"],
];

/// Truncates, overwrites, replaces and removes files until it is told to stop; says how often.
fn change(dir: &Path, done: &AtomicBool) -> usize {
    let mut changes = 0;
    while !done.load(Ordering::Relaxed) {
        let path = dir.join(format!("{}.mmstats", changes % 3));
        let size = u64::try_from(changes * 37 % 5000).unwrap();
        match changes % 5 {
            0 => fs::write(&path, Foreign::of(std::process::id()).bytes()).unwrap(),
            1 => drop(File::options().write(true).open(&path).map(|file| file.set_len(size))),
            2 => drop(File::options().write(true).open(&path).map(|file| file.write_at(&[0xff; 7], size))),
            3 => {
                let new = dir.join("new");
                fs::write(&new, Foreign::of(1).bytes()).unwrap();
                fs::rename(&new, &path).unwrap();
            }
            _ => drop(fs::remove_file(&path)),
        }
        changes += 1;
    }
    changes
}

#[test]
fn files_that_change_under_every_tool() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let _living = Options::new().dir(dir).filename("living.mmstats").create::<Load>().unwrap();
    let tools = TOOLS.map(|tool| (beside(env!("CARGO_BIN_EXE_cleanstats"), tool[0]), tool));
    let done = AtomicBool::new(false);
    let (changes, runs) = std::thread::scope(|scope| {
        let changer = scope.spawn(|| change(dir, &done));
        let until = Instant::now() + race_time();
        let mut runs = 0;
        while Instant::now() < until {
            for (path, tool) in &tools {
                let mut command = harness::tool(path);
                command.args(&tool[1..]).current_dir(dir);
                let output = command.stdin(Stdio::null()).output().unwrap();
                let stderr = String::from_utf8(output.stderr).unwrap();
                assert_eq!(output.status.signal(), None, "{tool:?}: {stderr}");
                // 3: the time was up, which is how mmwatch is told to end.
                assert!(matches!(output.status.code(), Some(0 | 1 | 3)), "{tool:?}: {stderr}");
                let named = |line: &str| line.starts_with(&format!("{}: ", tool[0]));
                assert!(stderr.lines().all(named), "{tool:?}: {stderr}");
                runs += 1;
            }
        }
        done.store(true, Ordering::Relaxed);
        (changer.join().unwrap(), runs)
    });
    report(&format!("files changed {changes} times under {runs} runs of the tools: no crash, no hang"));
}

/// Runs cleanstats, two at a time, under a writer that dies and rises.
fn clean_under(mut phoenix: Actor, dir: &Path, where_: &str) {
    let (mut runs, mut removed, mut failed) = (0, 0, 0);
    let mut count = |output: &std::process::Output| {
        removed += output.stdout.iter().filter(|&&byte| byte == b'\n').count();
        failed += usize::from(!output.status.success());
        String::from_utf8_lossy(&output.stderr).lines().for_each(report);
        runs += 1;
    };
    while phoenix.child.try_wait().unwrap().is_none() {
        let mut other = crate::cleanstats();
        let other = other.arg(dir).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        count(&crate::cleanstats().arg(dir).output().unwrap());
        count(&other.wait_with_output().unwrap());
    }
    let said = phoenix.line();
    let counts: Vec<u64> = said.split(' ').map(|count| count.parse().unwrap()).collect();
    let [lives, lost, refused] = counts[..] else { panic!("{said}") };
    report(&format!(
        "a name that died and rose {lives} times {where_} under {runs} runs: {removed} dead files removed, \
         {lost} living ones lost, {refused} times not published, {failed} runs failed"
    ));
    assert_eq!((lost, refused), (0, 0));
    assert!(lives >= LIVES);
}

#[test]
fn a_writer_that_dies_and_rises_under_cleanstats_never_loses_its_file() {
    let dir = tempfile::tempdir().unwrap();
    clean_under(Actor::new("phoenix", dir.path(), "x.mmstats"), dir.path(), "here");
}

#[test]
fn a_writer_is_born_where_its_process_id_means_nothing_to_cleanstats() {
    const NAMESPACE: [&str; 4] = ["--pid", "--fork", "--mount-proc", "--kill-child"];
    if !crate::is_root() || !crate::can_unshare(&NAMESPACE) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new("unshare");
    // A process id that nobody has outside, most likely.
    let script = "echo $(($(cat /proc/sys/kernel/pid_max) - 200)) >/proc/sys/kernel/ns_last_pid; \"$@\"; :";
    command.args(NAMESPACE).args(["sh", "-c", script, "sh"]);
    clean_under(Actor::through(command, "phoenix", dir.path(), "x.mmstats"), dir.path(), "in a namespace");
}
