//! Which files it removes, and which it keeps.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::time::{Duration, SystemTime};

use harness::{Foreign, gone_pid, sees_all_processes};

use super::{assert_ran, clean, dead, live, names, summary};

#[test]
fn the_dead_go_and_the_living_stay() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    dead(dir, "dead.mmstats");
    let alive = live(dir, "alive.mmstats");
    assert_ran(&clean(dir, &["."]), "removed\t./dead.mmstats\tits writer's lock is gone\n", "", 0);
    assert_eq!(names(dir), ["alive.mmstats"]);
    alive.hits.incr();
    assert_ran(&clean(dir, &["."]), "", "", 0);
    assert_ran(
        &clean(dir, &["-v", "."]),
        "kept\t./alive.mmstats\talive: its writer holds the lock\nremoved 0, alive 1, unknown 0\n",
        "",
        0,
    );
}

#[test]
fn nothing_to_do_is_no_error() {
    let dir = tempfile::tempdir().unwrap();
    assert_ran(&clean(dir.path(), &["."]), "", "", 0);
    assert_ran(&summary(clean(dir.path(), &["--verbose", "."])), "removed 0, alive 0, unknown 0\n", "", 0);
}

#[test]
fn what_is_not_there_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    dead(dir.path(), "dead.mmstats");
    assert_ran(
        &clean(dir.path(), &["none.mmstats", "dead.mmstats", "none/none"]),
        "removed\tdead.mmstats\tits writer's lock is gone\n",
        "cleanstats: none.mmstats: No such file or directory\n\
         cleanstats: none/none: No such file or directory\n",
        1,
    );
}

#[test]
fn a_dry_run_does_nothing() {
    let dir = tempfile::tempdir().unwrap();
    dead(dir.path(), "dead.mmstats");
    let archive = dir.path().join("archive");
    let archive = archive.to_str().unwrap();
    assert_ran(
        &clean(dir.path(), &["-nv", "--archive", archive, "."]),
        "would remove\t./dead.mmstats\tits writer's lock is gone\nwould remove 1, alive 0, unknown 0\n",
        "",
        0,
    );
    assert_eq!(names(dir.path()), ["dead.mmstats"]);
}

#[test]
fn quiet_is_for_cron() {
    let dir = tempfile::tempdir().unwrap();
    dead(dir.path(), "dead.mmstats");
    assert_ran(&clean(dir.path(), &["-q", "."]), "", "", 0);
    assert!(names(dir.path()).is_empty());
}

#[test]
fn only_files_of_the_users_that_were_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let me = nix::unistd::getuid().as_raw();
    dead(dir, "mine.mmstats");
    let other = me + 4242;
    let kept = "kept\t./mine.mmstats\tpassed over: it belongs to somebody else\n";
    assert_ran(
        &clean(dir, &["-v", "-u", &other.to_string(), "."]),
        &format!("{kept}removed 0, alive 0, unknown 0, passed over 1\n"),
        "",
        0,
    );
    let name = nix::unistd::User::from_uid(nix::unistd::getuid()).unwrap().map(|user| user.name);
    let me = name.unwrap_or_else(|| me.to_string());
    assert_ran(
        &clean(dir, &["-u", &other.to_string(), "--uid", &me, "."]),
        "removed\t./mine.mmstats\tits writer's lock is gone\n",
        "",
        0,
    );
}

#[test]
fn only_files_that_are_old_enough() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for (name, age) in [("hour.mmstats", 3601), ("now.mmstats", 0)] {
        let file = File::options().write(true).open(dead(dir, name)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
    }
    let passed = "kept\t./now.mmstats\tpassed over: it changed too recently\n";
    assert_ran(
        &clean(dir, &["-v", "--older-than", "1h", "."]),
        &format!(
            "removed\t./hour.mmstats\tits writer's lock is gone\n{passed}\
             removed 1, alive 0, unknown 0, passed over 1\n"
        ),
        "",
        0,
    );
}

#[test]
fn what_is_unknown_goes_only_on_request() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    Foreign::default().write(dir, "x.mmstats");
    assert_ran(&clean(dir, &["."]), "", "", 0);
    assert_ran(
        &clean(dir, &["-v", "."]),
        "kept\t./x.mmstats\tunknown: it does not say who wrote it\nremoved 0, alive 0, unknown 1\n",
        "",
        0,
    );
    assert_ran(
        &clean(dir, &["--unknown", "."]),
        "removed\t./x.mmstats\tunknown: it does not say who wrote it\n",
        "",
        0,
    );
}

#[test]
fn files_of_other_writers_are_judged_by_their_process() {
    if !sees_all_processes() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    Foreign::of(gone_pid()).write(dir, "gone.mmstats");
    Foreign::of(std::process::id()).write(dir, "own.mmstats");
    assert_ran(
        &clean(dir, &["-v", "."]),
        "removed\t./gone.mmstats\tits process is gone\n\
         kept\t./own.mmstats\talive: its process is running\n\
         removed 1, alive 1, unknown 0\n",
        "",
        0,
    );
}

#[test]
fn what_is_no_stats_file_is_never_removed() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let elsewhere = tempfile::tempdir().unwrap();
    let target = dead(elsewhere.path(), "target.mmstats");
    symlink(&target, dir.join("a-link.mmstats")).unwrap();
    symlink(elsewhere.path(), dir.join("b-directory-link.mmstats")).unwrap();
    nix::unistd::mkfifo(&dir.join("c-fifo.mmstats"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(dir.join("d-socket.mmstats")).unwrap();
    fs::write(dir.join("e-empty.mmstats"), "").unwrap();
    fs::write(dir.join("f-text.mmstats"), "hello").unwrap();
    fs::write(dir.join("g-version.mmstats"), [1]).unwrap();
    fs::write(dir.join("h-noise.mmstats"), [1, 255, 255, 7, 7]).unwrap();
    fs::write(dir.join(".mmstats-4242-0.new"), "a shopping list").unwrap();
    fs::write(dir.join("other.txt"), Foreign::of(1).bytes()).unwrap();
    let before = names(dir);
    assert_ran(
        &clean(dir, &["-v", "--unknown", "."]),
        "kept\t./.mmstats-4242-0.new\tnot a stats file: version 97, 1 and 2 are known\n\
         kept\t./a-link.mmstats\tnot a regular file but a symbolic link\n\
         kept\t./b-directory-link.mmstats\tnot a regular file but a symbolic link\n\
         kept\t./c-fifo.mmstats\tnot a regular file but a FIFO\n\
         kept\t./d-socket.mmstats\tnot a regular file but a socket\n\
         kept\t./e-empty.mmstats\tan empty file, not a stats file\n\
         kept\t./f-text.mmstats\tnot a stats file: version 104, 1 and 2 are known\n\
         kept\t./g-version.mmstats\tno field in it makes sense\n\
         kept\t./h-noise.mmstats\tno field in it makes sense\n\
         removed 0, alive 0, unknown 0, no stats file 9\n",
        "",
        0,
    );
    assert_ran(&clean(dir, &["a-link.mmstats", "c-fifo.mmstats", "f-text.mmstats"]), "", "", 0);
    assert_eq!(names(dir), before);
    assert!(target.exists());
}
