//! How it ends: usage errors, `--until`, readers that go.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::Instant;

use harness::{PATIENCE, hang_up, outcome, without_stdout};

use super::{Records, mmwatch, publish, run, start};

#[test]
fn help_and_version_are_on_stdout_and_nonsense_is_a_usage_error() {
    let (out, err, code) = run(&mut mmwatch(&["--help"]));
    assert!(out.contains("Usage: mmwatch [OPTION]... [PATH]...") && err.is_empty());
    assert_eq!(code, Some(0));
    let version = format!("mmwatch {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run(&mut mmwatch(&["-V"])), (version, String::new(), Some(0)));
    for (args, reason) in [
        (&["-d", "0.001"][..], "--delay takes seconds, 0.01 or more, not \"0.001\""),
        (&["-c", "0"], "--count takes a number, 1 or more, not \"0\""),
        (&["-o", "text"], "--output takes lines or json, not \"text\""),
        (&["--until", "x"], "--until takes LABEL OP VALUE, OP = != < <= > or >=, not \"x\""),
        (&["-a", "sum"], "--aggregate says what --until is about, and there is none"),
        (&["--frob"], "invalid option '--frob'"),
    ] {
        let want = format!("mmwatch: {reason}\nTry 'mmwatch --help'.\n");
        assert_eq!(run(&mut mmwatch(args)), (String::new(), want, Some(2)), "{args:?}");
    }
}

#[test]
fn until_ends_it_at_once_or_after_a_change() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (publish(dir.path(), "a"), publish(dir.path(), "b"));
    a.depth.set(5);
    b.depth.set(7);
    a.state.set("ready");
    let now = |args: &[&str]| {
        let args = [&["-d", "3600"][..], args].concat();
        run(mmwatch(&args).arg(dir.path()))
    };
    let nothing = |code| (String::new(), String::new(), Some(code));
    for holds in
        ["queue.depth = 5", "queue.depth>6", "queue.depth != 5", "queue.state = ready", "queue.ready=false"]
    {
        assert_eq!(now(&["--until", holds]), nothing(0), "{holds}");
    }
    for fails in ["queue.depth < 5", "queue.state > ready", "queue.none = 0", "queue.ready = true"] {
        assert_eq!(now(&["--until", fails, "--timeout", "0"]), nothing(3), "{fails}");
    }
    assert_eq!(now(&["--until", "queue.depth = 12", "-a", "sum"]), nothing(0));
    assert_eq!(now(&["--until", "queue.depth = 5", "-a", "max", "--timeout", "0.01"]), nothing(3));
    let (_, err, code) = now(&["--until", "queue.depth = none"]);
    assert_eq!(err, "mmwatch: --until: the label's value and VALUE cannot be compared\n");
    assert_eq!(code, Some(1));
    // Now a change ends it.
    let args = ["-p", "queue.depth", "--until", "queue.depth = 0", "-a", "sum", "--timeout", "60"];
    let watch = start(dir.path(), &args);
    watch.skip(2);
    a.depth.set(1);
    assert_eq!(watch.record(), ["a.mmstats", "queue.depth", "5", "1"]);
    b.depth.set(-1);
    assert_eq!(watch.record(), ["b.mmstats", "queue.depth", "7", "-1"]);
    let (stderr, status) = watch.end();
    assert_eq!((stderr.as_str(), status.code()), ("", Some(0)));
}

#[test]
fn until_waits_for_a_program_that_is_not_there_yet() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("late.mmstats");
    let mut child = mmwatch(&["-d", "0.02", "-c", "1", "-p", "queue.depth"]);
    let complaint = format!("mmwatch: no stats files found: looked for {}\n", dir.path().display());
    assert_eq!(run(child.arg(dir.path())), (String::new(), complaint, Some(1)));
    let args = ["-d", "0.02", "--until", "queue.ready = true", "--timeout", "60"];
    let child = mmwatch(&args).arg(&path).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let queue = publish(dir.path(), "late");
    queue.ready.set(true);
    let (_, err, code) = outcome(&child.wait_with_output().unwrap());
    assert_eq!((err.as_str(), code), ("", Some(0)));
    // What a process left behind satisfies nobody.
    queue.keep();
    drop(queue);
    let args = ["--until", "queue.ready = true", "--timeout", "0"];
    assert_eq!(run(mmwatch(&args).arg(dir.path())).2, Some(3));
}

#[test]
fn a_closed_standard_output_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let _queue = publish(dir.path(), "a");
    let mut command = without_stdout(env!("CARGO_BIN_EXE_mmwatch"));
    let want = "mmwatch: standard output: Bad file descriptor\n".to_owned();
    let args = ["-i", "-c", "1"];
    assert_eq!(run(command.args(args).arg(dir.path())), (String::new(), want, Some(1)));
}

#[test]
fn a_reader_that_goes_ends_it_though_nothing_changes() {
    let dir = tempfile::tempdir().unwrap();
    let _a = publish(dir.path(), "a");
    let mut child = mmwatch(&["-i", "-d", "3600"]).arg(dir.path()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let began = Instant::now();
    assert_eq!(child.wait().unwrap().signal(), Some(13));
    assert!(began.elapsed() < PATIENCE);
}

#[test]
fn a_socket_whose_reader_hangs_up_ends_it_quietly() {
    let dir = tempfile::tempdir().unwrap();
    let _a = publish(dir.path(), "a");
    let mut command = mmwatch(&["-i", "-d", "3600"]);
    command.arg(dir.path());
    let end = hang_up(command, |line| line.contains("\tqueue.state\t"));
    assert_eq!(end, (Some(13), String::new()), "as a closed pipe ends it");
}
