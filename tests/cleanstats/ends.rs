//! Its output, and what it does where that or the system takes nothing.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::net::Shutdown;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use harness::{Foreign, gone_pid, run, skip, tool};

use super::{assert_ran, clean, cleanstats, dead, live, names};

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
            let mut command = cleanstats();
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
    assert_eq!(archive.lines().count(), 200 * 11, "each file is archived by the run that removes it");
}

#[test]
fn help_version_and_usage() {
    let help = run(cleanstats().arg("--help"));
    assert!(help.0.starts_with("Remove the stats files of programs that have ended.\n"));
    for option in ["-n", "-q", "-v", "-u", "--older-than", "--unknown", "--archive", "--color", "-h", "-V"] {
        assert!(help.0.contains(option), "{option}");
    }
    assert_ran(&help, &help.0.clone(), "", 0);
    assert_ran(&run(cleanstats().arg("-V")), concat!("cleanstats ", env!("CARGO_PKG_VERSION"), "\n"), "", 0);
    let usage = |arguments: &[&str], message: &str| {
        let stderr = format!("cleanstats: {message}\nTry 'cleanstats --help'.\n");
        assert_ran(&run(cleanstats().args(arguments)), "", &stderr, 2);
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
        let mut command = tool("sh");
        command.args(["-c", script, env!("CARGO_BIN_EXE_cleanstats")]).args(arguments);
        run(command.current_dir(dir.path()))
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
    let child = cleanstats().arg(dir.path()).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr, "cleanstats: standard output: No space left on device\n");
    assert_eq!(output.status.code(), Some(1));
    assert!(names(dir.path()).is_empty(), "the work is done all the same");
    dead(dir.path(), "x.mmstats");
    // Like a pipe whose reader is gone, even if something else still has a descriptor of the other end.
    let (writer, _reader) = UnixStream::pair().unwrap();
    writer.shutdown(Shutdown::Write).unwrap();
    let writer = std::os::fd::OwnedFd::from(writer);
    let child = cleanstats().arg(dir.path()).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
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
        return skip("nothing can be mounted over /proc here");
    }
    let output = hidden(env!("CARGO_BIN_EXE_cleanstats")).arg(dir.path()).output().unwrap();
    let want = format!("cleanstats: {}: cannot be opened without /proc\n", path.display());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((stderr, output.status.code()), (want, Some(1)));
}
