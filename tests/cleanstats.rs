//! cleanstats as a user runs it.

#![allow(clippy::unwrap_used)]

mod foreign;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::net::Shutdown;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use foreign::{Foreign, gone_pid, sees_all_processes};
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
    assert_ran(&clean(dir.path(), &["--verbose", "."]).summary(), "removed 0, alive 0, unknown 0\n", "", 0);
}

impl Ran {
    /// Without the records.
    fn summary(mut self) -> Self {
        let start = self.stdout.trim_end().rfind('\n').map_or(0, |end| end + 1);
        self.stdout.drain(..start);
        self.stdout = self.stdout.split(", no stats").next().unwrap_or_default().trim_end().to_owned() + "\n";
        self
    }
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
    symlink(elsewhere.path(), dir.join("b-folder-link.mmstats")).unwrap();
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
         kept\t./b-folder-link.mmstats\tnot a regular file but a symbolic link\n\
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
        assert_eq!((&hits["value"], &hits["type"]), (&3.into(), &"Q".into()));
        assert_eq!(hits["pid"], std::process::id());
        assert_eq!(hits["alive"], false);
        assert!(hits["time"].as_u64().unwrap() > 1_700_000_000);
        assert_eq!(found(file, "page")["value"], "/\u{1b}[31m");
    }
    assert_eq!(lines.len(), 2 * 9, "seven labels of every file and two more");
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
        assert_eq!(added.lines().count(), 9);
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
    let program = mine.join("cleanstats");
    // Copied by another process: a child that a test's thread forks here would hold it open for writing.
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_cleanstats")).arg(&program).status();
    assert!(copied.unwrap().success());
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    for _ in 0..3 {
        let mut command = tool_in(program.to_str().unwrap());
        if nix::unistd::geteuid().is_root() {
            // Root may remove it.
            command.uid(54321).gid(54321);
        }
        let ran = ran(command.current_dir(dir).args(["--archive", "mine/archive", "stats"]));
        assert_ran(&ran, "", "cleanstats: stats/a.mmstats: Permission denied\n", 1);
    }
    assert_eq!((names(&stats), names(&mine)), (vec!["a.mmstats".to_owned()], vec!["cleanstats".to_owned()]));
    // It is archived by a run that may remove it.
    fs::set_permissions(&stats, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(clean(dir, &["--archive", "archive", "stats"]).code, Some(0));
    assert_eq!(fs::read_to_string(dir.join("archive")).unwrap().lines().count(), 9);
}

#[test]
fn temporary_names_go_with_their_owner() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let (me, gone) = (std::process::id(), gone_pid());
    let content = fs::read(dead(dir, "x.mmstats")).unwrap();
    fs::remove_file(dir.join("x.mmstats")).unwrap();
    let write = |pid: u32, number: u32, bytes: &[u8]| {
        fs::write(dir.join(format!(".mmstats-{pid}-{number}.new")), bytes).unwrap();
    };
    for pid in [me, gone] {
        write(pid, 0, &content);
        write(pid, 1, &[0; 4096]);
    }
    let old = names(dir);
    let removed: String = old
        .iter()
        .filter(|name| name.starts_with(&format!(".mmstats-{gone}-")))
        .map(|name| format!("removed\t./{name}\tits writer's lock is gone\n"))
        .collect();
    assert_ran(&clean(dir, &["."]), &removed, "", 0);
    assert_eq!(names(dir), [format!(".mmstats-{me}-0.new"), format!(".mmstats-{me}-1.new")]);
    if !sees_all_processes() {
        return;
    }
    // As a writer leaves it that dies between making its file and locking it.
    write(gone, 2, &[]);
    assert_ran(
        &clean(dir, &["."]),
        &format!("removed\t./.mmstats-{gone}-2.new\tits process is gone\n"),
        "",
        0,
    );
}

#[test]
fn directories_are_searched_and_links_are_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let elsewhere = tempfile::tempdir().unwrap();
    dead(elsewhere.path(), "spared.mmstats");
    for path in ["a", "a/b", "a.mmstats"] {
        fs::create_dir(dir.join(path)).unwrap();
    }
    symlink(elsewhere.path(), dir.join("a/link")).unwrap();
    for name in ["a/b/2.mmstats", "a/1.mmstats", "a-3.mmstats", "a.mmstats/4.mmstats"] {
        let path = dir.join(name);
        dead(path.parent().unwrap(), path.file_name().unwrap().to_str().unwrap());
    }
    let removed = |path: &str| format!("removed\t{path}\tits writer's lock is gone\n");
    assert_ran(
        &clean(dir, &["-v", "a.mmstats", "a/b", "a", "a", "a-3.mmstats", "a/1.mmstats"]),
        &(removed("a-3.mmstats")
            + &removed("a.mmstats/4.mmstats")
            + &removed("a/1.mmstats")
            + &removed("a/b/2.mmstats")
            + "removed 4, alive 0, unknown 0\n"),
        "",
        0,
    );
    assert_eq!(names(elsewhere.path()), ["spared.mmstats"]);
    // A link that somebody names is another matter.
    assert_ran(&clean(dir, &["a/link"]), &removed("a/link/spared.mmstats"), "", 0);
}

#[test]
fn neither_deep_nor_many_directories_stop_it() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    // Each has to be open as long as its files are dealt with, and there are 1024 descriptors at most.
    for number in 0..1100 {
        let folder = dir.join(format!("wide/{number:04}"));
        fs::create_dir_all(&folder).unwrap();
        Foreign::default().write(&folder, "x.mmstats");
    }
    let mut deep = dir.join("deep");
    for _ in 0..70 {
        deep.push("d");
    }
    fs::create_dir_all(&deep).unwrap();
    let wide = clean(dir, &["--unknown", "wide"]);
    assert_eq!((wide.stdout.lines().count(), wide.stderr.as_str(), wide.code), (1100, "", Some(0)));
    let too_deep = format!("cleanstats: deep{}: too many directories deep\n", "/d".repeat(65));
    assert_ran(&clean(dir, &["deep"]), "", &too_deep, 1);
}

#[test]
fn a_file_counts_once_however_many_ways_lead_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let _alive = live(dir, "alive.mmstats");
    symlink(dir, dir.join("self")).unwrap();
    let run = clean(dir, &["-v", "alive.mmstats", "./alive.mmstats", dir.to_str().unwrap(), ".", "self"]);
    assert_eq!(
        (run.stdout.lines().count(), run.stderr.as_str(), run.code),
        (2, "", Some(0)),
        "{}",
        run.stdout
    );
    assert_ran(&run.summary(), "removed 0, alive 1, unknown 0\n", "", 0);
}

#[test]
fn few_descriptors_are_enough() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for number in 0..100 {
        let folder = dir.join(format!("wide/{number:03}"));
        fs::create_dir_all(&folder).unwrap();
        Foreign::default().write(&folder, "x.mmstats");
    }
    let mut command = tool_in("sh");
    command.args(["-c", "ulimit -n 20; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_cleanstats")]);
    let run = ran(command.current_dir(dir).args(["--unknown", "wide"]));
    assert_eq!((run.stdout.lines().count(), run.stderr.as_str(), run.code), (100, "", Some(0)));
}

/// The `ExecStart=` lines of the service, with the tool and the directory of this test.
fn service_lines(stats: &Path) -> Vec<(bool, Vec<String>)> {
    let service = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/cleanstats.service");
    let service = fs::read_to_string(service).unwrap();
    let lines = service.lines().filter_map(|line| line.strip_prefix("ExecStart="));
    let lines = lines.map(|line| {
        let may_fail = line.starts_with('-');
        let words = line.trim_start_matches('-').split(' ').map(|word| match word {
            "/usr/bin/cleanstats" => env!("CARGO_BIN_EXE_cleanstats").to_owned(),
            "/run/mmstats" => stats.to_str().unwrap().to_owned(),
            word => panic!("{word}"),
        });
        (may_fail, words.collect())
    });
    lines.collect()
}

#[test]
fn what_somebody_puts_into_one_place_keeps_the_service_from_no_other() {
    let (run, tmp) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut deep = run.path().to_owned();
    for _ in 0..70 {
        deep.push("d");
    }
    fs::create_dir_all(&deep).unwrap();
    dead(run.path(), "run.mmstats");
    dead(tmp.path(), "tmp.mmstats");
    // As systemd has it: a command that fails is the last, unless it begins with a minus.
    for (may_fail, words) in service_lines(run.path()) {
        let ran = ran(tool_in(&words[0]).args(&words[1..]).env("TMPDIR", tmp.path()));
        if ran.code != Some(0) && !may_fail {
            break;
        }
    }
    assert_eq!(names(run.path()), ["d"]);
    assert!(names(tmp.path()).is_empty());
}

#[test]
fn without_operands_the_usual_places() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::create_dir(dir.join("deeper")).unwrap();
    let (top, deeper) = (dead(dir, "top.mmstats"), dead(&dir.join("deeper"), "x.mmstats"));
    symlink(dir.join("deeper"), dir.join("deeper-link")).unwrap();
    let removed = |path: &Path| format!("removed\t{}\tits writer's lock is gone\n", path.display());
    assert_ran(&ran(tool().env("MMSTATS_PATH", dir)), &removed(&top), "", 0);
    assert_ran(&ran(tool().env("TMPDIR", dir)), "", "", 0);
    let pattern = dir.join("*-link");
    assert_ran(&ran(tool().env("MMSTATS_GLOB", pattern)), "", "", 0);
    let pattern = dir.join("*/*.mmstats");
    let found = ran(tool().env("MMSTATS_PATH", "/nowhere").env("MMSTATS_GLOB", pattern));
    // The link leads to the same file, which is gone by then.
    assert_ran(&found, &removed(&dir.join("deeper-link/x.mmstats")), "", 0);
    assert!(!deeper.exists());
    assert_ran(
        &ran(tool().env("MMSTATS_PATH", "/nowhere")),
        "",
        "cleanstats: /nowhere: No such file or directory\n",
        1,
    );
}

#[test]
fn a_name_cannot_act_on_a_terminal_or_break_a_record() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let path = dead(dir, "x.mmstats");
    let name = std::ffi::OsStr::from_bytes(b"a\nb\x1b[31m\xff\tc.mmstats");
    fs::rename(path, dir.join(name)).unwrap();
    assert_ran(
        &clean(dir, &["."]),
        "removed\t./a\\nb\\x1b[31m\\xff\\tc.mmstats\tits writer's lock is gone\n",
        "",
        0,
    );
    assert_ran(&clean(dir, &["no\x1bne"]), "", "cleanstats: no\\x1bne: No such file or directory\n", 1);
}

#[test]
fn several_at_once_do_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let alive = live(dir, "alive.mmstats");
    for number in 0..200 {
        dead(dir, &format!("{number:03}.mmstats"));
    }
    let runs: Vec<_> = (0..4)
        .map(|_| {
            let mut command = tool();
            command.current_dir(dir).args(["--archive", "archive", "."]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let mut removed = Vec::new();
    for run in runs {
        let output = run.wait_with_output().unwrap();
        assert_eq!((String::from_utf8(output.stderr).unwrap().as_str(), output.status.code()), ("", Some(0)));
        let stdout = String::from_utf8(output.stdout).unwrap();
        removed.extend(stdout.lines().map(|line| line.split('\t').nth(1).unwrap().to_owned()));
    }
    let distinct: BTreeSet<_> = removed.iter().collect();
    assert_eq!((removed.len(), distinct.len()), (200, 200), "each is removed once");
    assert_eq!(names(dir), ["alive.mmstats", "archive"]);
    assert_eq!(alive.hits.value(), 0);
    let archive = fs::read_to_string(dir.join("archive")).unwrap();
    let mut archived = BTreeSet::new();
    for line in archive.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        archived.insert(line["file"].as_str().unwrap().to_owned());
    }
    assert_eq!(archived.len(), 200, "records of several runs are whole");
    assert_eq!(archive.lines().count(), 200 * 9, "each file is archived by the run that removes it");
}

#[test]
fn help_version_and_usage() {
    let help = ran(tool().arg("--help"));
    assert!(help.stdout.starts_with("Remove the stats files of programs that have ended.\n"));
    for option in ["-n", "-q", "-v", "-u", "--older-than", "--unknown", "--archive", "--color", "-h", "-V"] {
        assert!(help.stdout.contains(option), "{option}");
    }
    assert_ran(&help, &help.stdout.clone(), "", 0);
    assert_ran(&ran(tool().arg("-V")), concat!("cleanstats ", env!("CARGO_PKG_VERSION"), "\n"), "", 0);
    let usage = |arguments: &[&str], message: &str| {
        let stderr = format!("cleanstats: {message}\nTry 'cleanstats --help'.\n");
        assert_ran(&ran(tool().args(arguments)), "", &stderr, 2);
    };
    usage(&["--frob"], "invalid option '--frob'");
    usage(&["--older-than", "10"], "--older-than takes an age such as 90s, 10m, 2h or 3d, not \"10\"");
    usage(&["-u", "no one"], "--uid takes a user's name or number, not \"no one\"");
    usage(&["--archive"], "missing argument for option '--archive'");
    usage(&["--color=blue"], "--color takes auto, always or never, not \"blue\"");
}

#[test]
fn colour_only_where_asked() {
    let dir = tempfile::tempdir().unwrap();
    dead(dir.path(), "x.mmstats");
    assert_ran(
        &clean(dir.path(), &["--color=always", "-n", "."]),
        "\u{1b}[36mwould remove\u{1b}[0m\t\u{1b}[1m./x.mmstats\u{1b}[0m\tits writer's lock is gone\n",
        "",
        0,
    );
}

#[test]
fn a_closed_standard_output_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let script = "exec \"$0\" \"$@\" >&-";
        let mut command = tool_in("sh");
        command.args(["-c", script, env!("CARGO_BIN_EXE_cleanstats")]).args(arguments);
        ran(command.current_dir(dir.path()))
    };
    let error = "cleanstats: standard output: Bad file descriptor\n";
    assert_ran(&run(&["--help"]), "", error, 1);
    dead(dir.path(), "x.mmstats");
    assert_ran(&run(&["."]), "", error, 1);
    assert!(names(dir.path()).is_empty(), "the work is done all the same");
    // Where there is nothing to say, it is not missed.
    dead(dir.path(), "x.mmstats");
    assert_ran(&run(&["-q", "."]), "", "", 0);
}

#[test]
fn an_output_that_takes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    dead(dir.path(), "x.mmstats");
    let full = File::options().write(true).open("/dev/full").unwrap();
    let child = tool().arg(dir.path()).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr, "cleanstats: standard output: No space left on device\n");
    assert_eq!(output.status.code(), Some(1));
    assert!(names(dir.path()).is_empty(), "the work is done all the same");
    dead(dir.path(), "x.mmstats");
    // Like a pipe whose reader is gone, whoever else still has a descriptor of the other end.
    let (writer, _reader) = UnixStream::pair().unwrap();
    writer.shutdown(Shutdown::Write).unwrap();
    let writer = std::os::fd::OwnedFd::from(writer);
    let child = tool().arg(dir.path()).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.signal(), Some(nix::libc::SIGPIPE), "as it ends cat");
}

#[test]
fn without_proc_it_says_what_it_lacks() {
    let dir = tempfile::tempdir().unwrap();
    let path = Foreign::of(gone_pid()).write(dir.path(), "a.mmstats");
    let hidden = |program: &str| {
        let mut command = Command::new("unshare");
        let script = "mount -t tmpfs none /proc && exec \"$0\" \"$@\"";
        command.args(["--mount", "sh", "-c", script, program]);
        command
    };
    if !hidden("true").output().is_ok_and(|output| output.status.success()) {
        return foreign::skip("nothing can be mounted over /proc here");
    }
    let output = hidden(env!("CARGO_BIN_EXE_cleanstats")).arg(dir.path()).output().unwrap();
    let want = format!("cleanstats: {}: cannot be opened without /proc\n", path.display());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((stderr, output.status.code()), (want, Some(1)));
}
