//! Files that are truncated, replaced and removed under the tools, again and again.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use mmstats::Options;

use crate::actors::{Actor, Load};
use crate::foreign::{Foreign, skip};
use crate::{race_time, report};

/// The tools, and what each is asked for. Those that are not built are left out.
const TOOLS: [&[&str]; 6] = [
    &["cleanstats", "-n", "-v", "."],
    &["slurpstats", "-o", "lines", "."],
    &["slurpstats", "-o", "json", "."],
    &["slurpstats", "-o", "prometheus", "."],
    &["pollstats", "-c", "2", "-d", "0.01", "hits", "."],
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
    let _living = Options::new().path(dir).filename("living.mmstats").create::<Load>().unwrap();
    let bin = Path::new(env!("CARGO_BIN_EXE_cleanstats")).parent().unwrap();
    let tools: Vec<_> = TOOLS.iter().filter(|tool| bin.join(tool[0]).exists()).collect();
    for tool in TOOLS.iter().filter(|tool| !bin.join(tool[0]).exists()) {
        skip(&format!("{} is not built", tool[0]));
    }
    let done = AtomicBool::new(false);
    let (changes, runs) = std::thread::scope(|scope| {
        let changer = scope.spawn(|| change(dir, &done));
        let until = Instant::now() + race_time();
        let mut runs = 0;
        while Instant::now() < until {
            for tool in &tools {
                let mut command = Command::new(bin.join(tool[0]));
                command.args(&tool[1..]).current_dir(dir).env_remove("MMSTATS_GLOB");
                let output = command.stdin(Stdio::null()).output().unwrap();
                let stderr = String::from_utf8(output.stderr).unwrap();
                assert_eq!(output.status.signal(), None, "{tool:?}: {stderr}");
                assert!(matches!(output.status.code(), Some(0 | 1)), "{tool:?}: {stderr}");
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

#[test]
fn a_writer_that_dies_and_rises_under_cleanstats_never_loses_its_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut phoenix = Actor::new("phoenix", dir.path(), "x.mmstats");
    let (mut runs, mut removed) = (0, 0);
    let mut say = |output: &std::process::Output| {
        removed += output.stdout.iter().filter(|&&byte| byte == b'\n').count();
        runs += 1;
    };
    while phoenix.child.try_wait().unwrap().is_none() {
        let mut other = crate::cleanstats();
        let other = other.arg(dir.path()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        say(&crate::cleanstats().arg(dir.path()).output().unwrap());
        say(&other.wait_with_output().unwrap());
    }
    let said = phoenix.line();
    let counts: Vec<u64> = said.split(' ').map(|count| count.parse().unwrap()).collect();
    let [lives, lost, refused] = counts[..] else { panic!("{said}") };
    report(&format!(
        "a name that died and rose {lives} times under {runs} runs: {removed} dead files removed, \
         {lost} living ones lost, {refused} times not published"
    ));
    assert!(lives > 10);
    assert_eq!(lost, 0);
}
