//! mmwatch as a user runs it.

#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use common::{InPlace, outcome, tool, without_stdout};
use mmstats::{Bool, Counter, Gauge, Instance, Options, Text, stats};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Long enough for any machine; nothing waits so long unless it has failed.
const PATIENCE: Duration = Duration::from_secs(20);

stats! {
    struct Queue {
        done: Counter,
        depth: Gauge<i64>,
        load: Gauge<f64>,
        ready: Bool,
        state: Text,
    }
}

fn publish(dir: &Path, name: &str) -> Instance<Queue> {
    let options = Options::new().dir(dir).filename(format!("{name}.mmstats"));
    options.label_prefix("queue.").create::<Queue>().unwrap()
}

fn mmwatch(args: &[&str]) -> Command {
    let mut command = tool(env!("CARGO_BIN_EXE_mmwatch"));
    command.args(args).stdin(Stdio::null());
    command
}

fn run(command: &mut Command) -> (String, String, Option<i32>) {
    outcome(&command.output().unwrap())
}

/// A mmwatch that runs, and its records as they come, without their times.
struct Watch {
    child: Child,
    lines: Receiver<String>,
}

impl Watch {
    /// Starts one over `dir` that has taken its first look: with `-i`, it has printed the last of its
    /// first values.
    fn over(dir: &Path, args: &[&str]) -> Self {
        let mut command = mmwatch(&["-d", "0.02", "-i"]);
        let mut child =
            command.args(args).arg(dir).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let stdout = child.stdout.take().unwrap();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self { child, lines }
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("a record")
    }

    /// The next record: file name, label, old and new value.
    fn record(&self) -> [String; 4] {
        let line = self.line();
        let fields: Vec<_> = line.split('\t').collect();
        let [time, path, label, old, new] = fields[..] else { panic!("{line:?}") };
        assert_eq!((time.len(), &time[10..11], &time[23..]), (24, "T", "Z"), "{time}");
        let name = Path::new(path).file_name().unwrap().to_str().unwrap();
        [name, label, old, new].map(str::to_owned)
    }

    fn skip(&self, records: usize) {
        (0..records).for_each(|_| drop(self.record()));
    }

    fn interrupt(self) -> (String, ExitStatus) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
        self.end()
    }

    fn end(mut self) -> (String, ExitStatus) {
        let status = self.child.wait().unwrap();
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        (stderr, status)
    }
}

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
fn every_change_is_a_record() {
    let dir = tempfile::tempdir().unwrap();
    let a = publish(dir.path(), "a");
    a.state.set("idle");
    let watch = Watch::over(dir.path(), &["-p", "queue.", "-x", "queue.sys", "-x", "queue.org"]);
    let first = [
        ["a.mmstats", "queue.done", "", "0"],
        ["a.mmstats", "queue.depth", "", "0"],
        ["a.mmstats", "queue.load", "", "0.0"],
        ["a.mmstats", "queue.ready", "", "false"],
        ["a.mmstats", "queue.state", "", "idle"],
    ];
    for want in first {
        assert_eq!(watch.record(), want);
    }
    a.done.add(7);
    assert_eq!(watch.record(), ["a.mmstats", "queue.done", "0", "7"]);
    a.depth.set(-3);
    assert_eq!(watch.record(), ["a.mmstats", "queue.depth", "0", "-3"]);
    a.load.set(0.1);
    assert_eq!(watch.record(), ["a.mmstats", "queue.load", "0.0", "0.1"]);
    a.load.set(f64::NAN);
    assert_eq!(watch.record(), ["a.mmstats", "queue.load", "0.1", "NaN"]);
    a.ready.set(true);
    assert_eq!(watch.record(), ["a.mmstats", "queue.ready", "false", "true"], "NaN has not changed");
    a.state.set("busy\t\x1b[2J\n");
    assert_eq!(watch.record(), ["a.mmstats", "queue.state", "idle", "busy\\t\\x1b[2J\\n"]);
    a.add_field("late", Gauge::<u64>::spec().initial(5)).unwrap();
    assert_eq!(watch.record(), ["a.mmstats", "queue.late", "", "5"], "added");
    let b = publish(dir.path(), "b");
    assert_eq!(watch.record(), ["b.mmstats", "", "", "appeared"]);
    for want in &first[..4] {
        assert_eq!(watch.record()[1..], want[1..]);
    }
    watch.skip(1);
    b.done.add(1);
    assert_eq!(watch.record(), ["b.mmstats", "queue.done", "0", "1"]);
    b.done.add(1);
    drop(b);
    // What it counted at the end may be seen by a look of its own.
    assert_eq!(watch.record(), ["b.mmstats", "queue.done", "1", "2"]);
    assert_eq!(watch.record(), ["b.mmstats", "", "", "vanished"]);
    let (stderr, status) = watch.interrupt();
    assert_eq!((stderr.as_str(), status.signal()), ("", Some(2)));
}

#[test]
fn a_writer_that_begins_again_in_the_same_file_is_watched_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.mmstats");
    let writer = InPlace::begin();
    writer.write(&path, 5);
    let watch = Watch::over(dir.path(), &["-p", "app.hits"]);
    assert_eq!(watch.record(), ["a.mmstats", "app.hits", "", "5"]);
    let expect_one_that_begins = |hits: &str| {
        assert_eq!(watch.record(), ["a.mmstats", "", "", "appeared"]);
        assert_eq!(watch.record(), ["a.mmstats", "app.hits", "", hits]);
    };
    // While it is being written it has no such field for a moment.
    writer.write(&path, 5);
    assert_eq!(watch.record(), ["a.mmstats", "", "", "vanished"]);
    expect_one_that_begins("5");
    for _ in 0..2 {
        let writer = InPlace::begin();
        writer.write(&path, 6);
        assert_eq!(watch.record(), ["a.mmstats", "", "", "vanished"]);
        expect_one_that_begins("6");
        drop(writer);
        assert_eq!(watch.record(), ["a.mmstats", "", "", "died"]);
        let writer = InPlace::begin();
        writer.write(&path, 7);
        expect_one_that_begins("7");
    }
    let (stderr, _) = watch.interrupt();
    assert_eq!(stderr, "");
}

#[test]
fn the_first_look_is_silent_and_records_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let a = publish(dir.path(), "a");
    let mut command = mmwatch(&["-d", "0.01", "-c", "2", "-o", "json", "-p", "queue.st", "-p", "queue.d"]);
    let child = command.arg(dir.path()).stdout(Stdio::piped()).spawn().unwrap();
    let (stop, stopped) = channel::<()>();
    // It is not known when the first look was: changes go on until two were seen.
    let output = std::thread::scope(|scope| {
        let writer = scope.spawn(move || {
            let a = a;
            while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
                a.depth.add(1);
                std::thread::yield_now();
            }
        });
        let output = child.wait_with_output().unwrap();
        drop(stop);
        writer.join().unwrap();
        output
    });
    let (out, _, code) = outcome(&output);
    assert_eq!(code, Some(0));
    let records: Vec<serde_json::Value> =
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(records.len(), 2);
    for record in &records {
        assert_eq!((&record["event"], &record["label"]), (&"changed".into(), &"queue.depth".into()));
    }
    assert_eq!(records[0]["new"], records[1]["old"], "nothing is left out between records");
}

#[test]
fn json_tells_events_apart() {
    let dir = tempfile::tempdir().unwrap();
    let a = publish(dir.path(), "a");
    let watch = Watch::over(dir.path(), &["-o", "json", "-p", "queue.state", "-p", "queue.late"]);
    let next = || {
        let mut record: serde_json::Value = serde_json::from_str(&watch.line()).unwrap();
        let object = record.as_object_mut().unwrap();
        assert!(object.remove("time").unwrap().is_string());
        object.remove("file").unwrap();
        record
    };
    let state = "queue.state";
    assert_eq!(next(), serde_json::json!({"event": "initial", "label": state, "old": null, "new": ""}));
    a.state.set("\u{1b}\"");
    let want = serde_json::json!({"event": "changed", "label": state, "old": "", "new": "\u{1b}\""});
    assert_eq!(next(), want);
    a.add_field("late", Gauge::<u64>::spec().initial(u64::MAX)).unwrap();
    let want = serde_json::json!({"event": "added", "label": "queue.late", "old": null, "new": u64::MAX});
    assert_eq!(next(), want);
    a.keep();
    drop(a);
    assert_eq!(next(), serde_json::json!({"event": "died"}));
    fs::remove_file(dir.path().join("a.mmstats")).unwrap();
    watch.interrupt();
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
    let watch = Watch::over(dir.path(), &args);
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
fn colour_marks_the_part_that_has_changed() {
    let dir = tempfile::tempdir().unwrap();
    let a = publish(dir.path(), "a");
    a.done.add(1234);
    let watch = Watch::over(dir.path(), &["--color", "always", "-p", "queue.done"]);
    assert!(watch.line().ends_with("\t\t\x1b[7m1234\x1b[0m"));
    a.done.add(10);
    let line = watch.line();
    assert!(line.ends_with("\x1b[36mqueue.done\x1b[0m\t1234\t12\x1b[7m4\x1b[0m4"), "{line:?}");
    watch.interrupt();
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
    let (reader, writer) = UnixStream::pair().unwrap();
    let mut command = mmwatch(&["-i", "-d", "3600"]);
    command.arg(dir.path()).stdout(OwnedFd::from(writer)).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // With it goes the writing end that this process has.
    drop(command);
    // All that was written is read: with something unread, the end of the reader is an error and no mere
    // hang-up.
    let mut reader = BufReader::new(reader);
    let mut line = String::new();
    while !line.contains("\tqueue.state\t") {
        line.clear();
        assert!(reader.read_line(&mut line).unwrap() > 0);
    }
    drop(reader);
    let (sender, ended) = channel();
    let pid = Pid::from_raw(child.id().try_into().unwrap());
    std::thread::spawn(move || {
        let status = child.wait().unwrap();
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        let _ = sender.send((status.signal(), stderr));
    });
    let Ok(end) = ended.recv_timeout(PATIENCE) else {
        kill(pid, Signal::SIGKILL).unwrap();
        panic!("it goes on");
    };
    assert_eq!(end, (Some(13), String::new()), "as a closed pipe ends it");
}
