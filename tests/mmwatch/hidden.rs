//! mmwatch over a directory that it may not list for a while.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;

use harness::{STRANGER, Watch, copy_program, strangers_may_enter, tool};
use mmstats::{Counter, Instance, Options, stats};

stats! {
    struct Web {
        hits: Counter,
    }
}

fn publish(dir: &Path, name: &str) -> Instance<Web> {
    Options::new().dir(dir).filename(name).create().unwrap()
}

#[test]
fn a_directory_that_may_not_be_listed_any_more_is_one_error() {
    let dir = tempfile::tempdir().unwrap();
    let stats = dir.path().join("stats");
    fs::create_dir(&stats).unwrap();
    let allow = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    allow(dir.path(), 0o755);
    allow(&stats, 0o755);
    if !strangers_may_enter(&stats) {
        return;
    }
    let files: Vec<_> = ["a.mmstats", "b.mmstats"].iter().map(|name| publish(&stats, name)).collect();
    for file in &files {
        allow(file.path(), 0o644);
    }
    // To root, nothing is denied.
    let program = dir.path().join("mmwatch");
    copy_program(env!("CARGO_BIN_EXE_mmwatch"), &program);
    let mut command = tool(&program);
    command.args(["-d", "0.02", "-i", "-p", "hits"]).arg(&stats);
    if nix::unistd::geteuid().is_root() {
        command.uid(STRANGER).gid(STRANGER);
    }
    let watch = Watch::start(&mut command);
    let record = || {
        let line = watch.line();
        let fields: Vec<_> = line.split('\t').skip(1).map(str::to_owned).collect();
        (fields[0].rsplit('/').next().unwrap().to_owned(), fields[1].clone(), fields[3].clone())
    };
    let hits = |name: &str, value: &str| (name.to_owned(), "hits".to_owned(), value.to_owned());
    assert_eq!(record(), hits("a.mmstats", "0"));
    assert_eq!(record(), hits("b.mmstats", "0"));
    // Neither listed nor entered; then listed, but not entered.
    let mut value = 0;
    for mode in [0o000, 0o644, 0o000] {
        allow(&stats, mode);
        for _ in 0..3 {
            value += 1;
            files[0].hits.incr();
            assert_eq!(record(), hits("a.mmstats", &value.to_string()), "{mode:o}");
        }
    }
    allow(&stats, 0o755);
    let last = publish(&stats, "c.mmstats");
    allow(last.path(), 0o644);
    assert_eq!(record(), ("c.mmstats".to_owned(), String::new(), "appeared".to_owned()));
    let (errors, _) = watch.interrupt();
    let error = format!("mmwatch: {}: Permission denied\n", stats.display());
    // Once more after it could be listed for a while.
    assert!(errors == error || errors == error.repeat(2), "{errors}");
}
