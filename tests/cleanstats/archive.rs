//! `--archive`: the last values of what is removed.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;

use harness::{STRANGER, copy_program, run, strangers_may_enter, tool};

use super::{assert_ran, clean, dead, live, names};

#[test]
fn the_archive_holds_the_last_words() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::create_dir(dir.join("d")).unwrap();
    fs::write(dir.join("archive"), "{}\n").unwrap();
    for name in ["a.mmstats", "b.mmstats"] {
        dead(&dir.join("d"), name);
    }
    let _alive = live(&dir.join("d"), "c.mmstats");
    let removed = "removed\td/a.mmstats\tits writer's lock is gone\n\
                   removed\td/b.mmstats\tits writer's lock is gone\n";
    assert_ran(&clean(dir, &["--archive", "archive", "d"]), removed, "", 0);
    let archive = fs::read_to_string(dir.join("archive")).unwrap();
    assert!(archive.starts_with("{}\n"), "what was there stays");
    assert!(!archive.contains('\u{1b}'));
    let lines: Vec<serde_json::Value> =
        archive.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
    let found = |file: &str, label: &str| {
        let mut lines = lines.iter().filter(|line| line["file"] == file && line["label"] == label);
        lines.next().unwrap_or_else(|| panic!("no {label} of {file}"))
    };
    for file in ["d/a.mmstats", "d/b.mmstats"] {
        let hits = found(file, "hits");
        assert_eq!((&hits["value"], &hits["type"]), (&3.into(), &"u64".into()));
        assert_eq!(hits["pid"], std::process::id());
        assert_eq!(hits["alive"], false);
        assert!(hits["time"].as_u64().unwrap() > 1_700_000_000);
        assert_eq!(found(file, "page")["value"], "/\u{1b}[31m");
    }
    assert_eq!(lines.len(), 2 * 11, "nine labels of every file and two more");
}

#[test]
fn what_cannot_be_archived_stays() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for name in ["a.mmstats", "b.mmstats"] {
        dead(dir, name);
    }
    let _alive = live(dir, "c.mmstats");
    symlink("elsewhere", dir.join("link")).unwrap();
    // The words are the C library's.
    let a_loop =
        if cfg!(target_env = "musl") { "Symbolic link loop" } else { "Too many levels of symbolic links" };
    for (archive, reason) in [
        ("/dev/full", "not a regular file"),
        ("none/archive", "No such file or directory"),
        ("link", a_loop),
        (".", "Is a directory"),
    ] {
        assert_ran(
            &clean(dir, &["-v", "--archive", archive, "."]),
            "kept\t./a.mmstats\tfailed: it could not be archived\n\
             kept\t./b.mmstats\tfailed: it could not be archived\n\
             kept\t./c.mmstats\talive: its writer holds the lock\n\
             removed 0, alive 1, unknown 0, failed 2\n",
            &format!("cleanstats: {archive}: {reason}\n"),
            1,
        );
    }
    assert_eq!(names(dir), ["a.mmstats", "b.mmstats", "c.mmstats", "link"]);
}

#[test]
fn what_a_killed_run_wrote_by_half_spoils_no_record() {
    let whole = "{\"file\":\"x\",\"label\":\"a\"}";
    for (before, kept) in [
        (format!("{whole}\n{{\"file\":\"y\",\"lab"), format!("{whole}\n")),
        (format!("{whole}\n{{\"fi"), format!("{whole}\n")),
        (format!("{{\"file\":\"{}", "y".repeat(200_000)), String::new()),
        // Nothing is missing but the newline, or it is somebody else's.
        (whole.to_owned(), format!("{whole}\n")),
        ("\"a remark\"".to_owned(), "\"a remark\"\n".to_owned()),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        dead(dir, "a.mmstats");
        fs::write(dir.join("archive"), &before).unwrap();
        let removed = "removed\t./a.mmstats\tits writer's lock is gone\n";
        assert_ran(&clean(dir, &["--archive", "archive", "."]), removed, "", 0);
        let archive = fs::read_to_string(dir.join("archive")).unwrap();
        let added = archive.strip_prefix(&kept).unwrap_or_else(|| panic!("{before}: {archive}"));
        assert_eq!(added.lines().count(), 11);
        for line in archive.lines() {
            serde_json::from_str::<serde_json::Value>(line).unwrap();
        }
    }
}

#[test]
fn what_cannot_be_removed_is_not_archived_again_and_again() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let (stats, mine) = (dir.join("stats"), dir.join("mine"));
    fs::create_dir(&stats).unwrap();
    fs::create_dir(&mine).unwrap();
    let path = dead(&stats, "a.mmstats");
    for (path, mode) in [(dir, 0o755), (&path, 0o644), (&stats, 0o555), (&mine, 0o777)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    if !strangers_may_enter(&mine) {
        return;
    }
    let program = mine.join("cleanstats");
    copy_program(env!("CARGO_BIN_EXE_cleanstats"), &program);
    for _ in 0..3 {
        let mut command = tool(&program);
        if nix::unistd::geteuid().is_root() {
            // Root may remove it.
            command.uid(STRANGER).gid(STRANGER);
        }
        let ran = run(command.current_dir(dir).args(["--archive", "mine/archive", "stats"]));
        assert_ran(&ran, "", "cleanstats: stats/a.mmstats: Permission denied\n", 1);
    }
    assert_eq!((names(&stats), names(&mine)), (vec!["a.mmstats".to_owned()], vec!["cleanstats".to_owned()]));
    // It is archived by a run that may remove it.
    fs::set_permissions(&stats, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(clean(dir, &["--archive", "archive", "stats"]).2, Some(0));
    assert_eq!(fs::read_to_string(dir.join("archive")).unwrap().lines().count(), 11);
}
