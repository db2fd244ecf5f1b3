//! pollstats as a user runs it.

#![allow(clippy::unwrap_used)]

mod common;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant, SystemTime};

use common::{InPlace, counter, double, field, outcome, text, tool, without_stdout, write};
use mmstats::{Bool, Counter, Gauge, Instance, Options, Text, ThreadEnd, Timer, per_thread, stats};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Long enough for any machine; nothing waits so long unless it has failed.
const PATIENCE: Duration = Duration::from_secs(20);

stats! {
    struct Web {
        ok: Counter = "status.2XX",
        bad: Counter = "status.5XX",
        depth: Gauge<i64>,
        ratio: Gauge<f64>,
        narrow: Gauge<u16>,
        ready: Bool,
        page: Text,
        answer: Timer,
    }
}

fn publish(dir: &Path, name: &str) -> Instance<Web> {
    let options = Options::new().dir(dir).filename(format!("{name}.mmstats"));
    options.label_prefix("web.stats.").create::<Web>().unwrap()
}

fn pollstats(args: &[&str]) -> Command {
    let mut command = tool(env!("CARGO_BIN_EXE_pollstats"));
    command.args(args).stdin(Stdio::null());
    command
}

fn run(command: &mut Command) -> (String, String, i32) {
    let (out, err, code) = outcome(&command.output().unwrap());
    (out, err, code.unwrap_or(-1))
}

/// A pollstats that runs, and its rows as they come.
struct Watch {
    child: Child,
    lines: Receiver<String>,
}

impl Watch {
    fn over(path: &Path, args: &[&str]) -> Self {
        Self::start(pollstats(args).arg(path))
    }

    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
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
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => panic!("no row for {PATIENCE:?}"),
            Err(RecvTimeoutError::Disconnected) => panic!("it has ended"),
        }
    }

    /// The next row's numbers; what is no number is `None`.
    fn row(&self) -> Vec<Option<i64>> {
        self.line().split('\t').map(|cell| cell.parse().ok()).collect()
    }

    /// Sums the first column until it has reached `total`, and one row more. No row may be negative or
    /// above `most`.
    fn sum(&self, total: i64, most: i64) -> i64 {
        let began = Instant::now();
        let mut sum = 0;
        let add = |sum: &mut i64| {
            let change = self.row()[0].unwrap_or(0);
            assert!((0..=most).contains(&change), "{change} in one row");
            *sum += change;
        };
        while sum < total {
            assert!(began.elapsed() < PATIENCE, "{sum} of {total}");
            add(&mut sum);
        }
        add(&mut sum);
        sum
    }

    fn end(mut self) -> (String, std::process::ExitStatus) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
        let status = self.child.wait().unwrap();
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        (stderr, status)
    }
}

#[test]
fn help_and_version_are_on_stdout_and_nonsense_is_a_usage_error() {
    let (out, err, code) = run(&mut pollstats(&["--help"]));
    assert!(out.contains("Usage: pollstats [OPTION]... FIELD[,FIELD]... [PATH]...") && err.is_empty());
    assert_eq!(code, 0);
    let version = format!("pollstats {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run(&mut pollstats(&["-V"])), (version, String::new(), 0));
    for (args, reason) in [
        (&[][..], "no FIELD is given"),
        (&["a,,b"], "FIELD[,FIELD]... takes labels, not \"a,,b\""),
        (&["-d", "0", "a"], "--delay takes seconds, 0.001 or more, not \"0\""),
        (&["-c", "none", "a"], "--count takes a number, 1 or more, not \"none\""),
        (&["-n", "-1", "a"], "--headers takes a number, 0 or more, not \"-1\""),
        (&["-o", "xml", "a"], "--output takes text, tsv, csv or json, not \"xml\""),
        (&["--color", "maybe", "a"], "--color takes auto, always or never, not \"maybe\""),
        (&["--frob", "a"], "invalid option '--frob'"),
    ] {
        let want = format!("pollstats: {reason}\nTry 'pollstats --help'.\n");
        assert_eq!(run(&mut pollstats(args)), (String::new(), want, 2), "{args:?}");
    }
}

#[test]
fn the_lines_that_users_of_the_original_know_work() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (publish(dir.path(), "a"), publish(dir.path(), "b"));
    a.ok.add(40);
    b.ok.add(2);
    b.bad.incr();
    let want = "       2XX        5XX\n        42          1\n";
    for prefix in ["web.stats.status.", "web.stats.status"] {
        let args = ["-c", "1", "-p", prefix, "2XX,5XX"];
        let result = run(pollstats(&args).arg(a.path()).arg(b.path()));
        assert_eq!(result, (want.to_owned(), String::new(), 0), "{prefix}");
        assert_eq!(run(pollstats(&args).arg(dir.path())).0, want, "a directory");
        assert_eq!(run(pollstats(&args).env("MMSTATS_PATH", dir.path())).0, want, "the default place");
        let glob = dir.path().join("*.mmstats");
        assert_eq!(run(pollstats(&args).env("MMSTATS_GLOB", glob)).0, want, "MMSTATS_GLOB");
    }
}

#[test]
fn a_field_that_nobody_has_is_an_error_that_names_the_nearest() {
    let dir = tempfile::tempdir().unwrap();
    let _web = publish(dir.path(), "a");
    let run = |args: &[&str]| run(pollstats(args).arg(dir.path()));
    let (out, err, code) = run(&["-p", "web.stats.status.", "2XX,3XX"]);
    assert_eq!((out.as_str(), code), ("", 1));
    let near = "web.stats.status.2XX, web.stats.status.5XX, web.stats.sys.gid";
    let want = format!("pollstats: web.stats.status.3XX: no such label in 1 file; nearest: {near}\n");
    assert_eq!(err, want);
    let (_, err, code) = run(&["5XX"]);
    assert!(err.contains("5XX: no such label in 1 file; nearest: web.stats.status.5XX, "), "{err}");
    assert_eq!(code, 1);
    let (out, err, code) = run(&["-f", "mail.", "5XX"]);
    assert_eq!((out.as_str(), err.as_str(), code), ("", "pollstats: --filter: no match in 1 file\n", 1));
}

#[test]
fn where_no_file_is_the_reason_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().display();
    let want = format!("pollstats: no stats files found: looked for {path}\n");
    assert_eq!(run(pollstats(&["a"]).arg(dir.path())), (String::new(), want, 1));
    let missing = dir.path().join("missing.mmstats");
    let want = format!("pollstats: {}: opening it: No such file or directory\n", missing.display());
    assert_eq!(run(pollstats(&["a"]).arg(&missing)), (String::new(), want, 1));
}

#[test]
fn each_type_is_shown_in_its_way() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (publish(dir.path(), "a"), publish(dir.path(), "b"));
    for (web, depth, ratio) in [(&a, 7, 0.1), (&b, -10, 0.4)] {
        web.depth.set(depth);
        web.ratio.set(ratio);
        web.answer.record(Duration::from_millis(500));
    }
    a.ready.set(true);
    a.page.set("one,\"two\"\t\x1b[31m");
    b.page.set("three");
    let args = ["-c", "1", "-p", "web.stats.", "-o", "tsv", "=depth,depth,ratio,answer,ready,page"];
    let both = run(pollstats(&args).arg(dir.path()));
    let want = "=depth\tdepth\tratio\tanswer\tready\tpage\n-3\t-3\t0.25\t0.5\t1\t2\n";
    assert_eq!(both, (want.to_owned(), String::new(), 0));
    let one = |format: &str| {
        let args = ["-c", "1", "-p", "web.stats", "-o", format, "page,=depth"];
        run(pollstats(&args).arg(a.path())).0
    };
    assert_eq!(one("tsv"), "page\t=depth\none,\"two\"\\t\\x1b[31m\t7\n");
    assert_eq!(one("csv"), "page,=depth\n\"one,\"\"two\"\"\\t\\x1b[31m\",7\n");
    let object: serde_json::Value = serde_json::from_str(&one("json")).unwrap();
    assert_eq!(object, serde_json::json!({"page": "one,\"two\"\t\u{1b}[31m", "=depth": 7}));
}

#[test]
fn rows_hold_changes_and_come_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    web.ok.add(1_000_000);
    let watch = Watch::over(dir.path(), &["-d", "0.1", "-o", "tsv", "-p", "web.stats.status.", "2XX,5XX"]);
    assert_eq!(watch.line(), "2XX\t5XX");
    assert_eq!(watch.row(), [Some(1_000_000), Some(0)], "totals since the start");
    web.ok.add(5);
    assert_eq!(watch.sum(5, 5), 5);
    let (stderr, status) = watch.end();
    assert_eq!((stderr.as_str(), status.signal()), ("", Some(2)), "ends as interrupted tools do");
    let args = ["-y", "-c", "2", "-d", "0.02", "-o", "tsv", "-p", "web.stats.status.", "2XX"];
    assert_eq!(run(pollstats(&args).arg(dir.path())), ("2XX\n0\n0\n".to_owned(), String::new(), 0));
}

#[test]
fn processes_that_start_and_end_make_no_spike() {
    let dir = tempfile::tempdir().unwrap();
    let old = publish(dir.path(), "old");
    old.ok.add(1_000_000);
    let watch = Watch::over(dir.path(), &["-d", "0.05", "-o", "tsv", "-p", "web.stats.status.", "2XX"]);
    assert_eq!((watch.line().as_str(), watch.row()), ("2XX", vec![Some(1_000_000)]));
    // One that begins now has counted since the last row what it has counted at all.
    let new = publish(dir.path(), "new");
    new.ok.add(30);
    assert_eq!(watch.sum(30, 30), 30);
    // The last counts of one that ends are not lost, and it takes nothing along.
    old.ok.add(7);
    drop(old);
    new.ok.add(1);
    assert_eq!(watch.sum(8, 8), 8);
    // One that comes under the same name is another one.
    drop(new);
    let again = publish(dir.path(), "new");
    again.ok.add(20);
    assert_eq!(watch.sum(20, 20), 20);
    // A file with a history of its own that is put here now says nothing about what was counted since.
    let elsewhere = tempfile::tempdir_in(dir.path()).unwrap();
    let history = publish(elsewhere.path(), "history");
    history.ok.add(5);
    assert_eq!(watch.sum(5, 5), 5, "found below the directory");
    drop(history);
    drop(again);
    let began = Instant::now();
    while watch.line() != "" {
        assert!(began.elapsed() < PATIENCE, "nobody is left to have the field");
    }
    assert_eq!(watch.end().0, "");
}

#[test]
fn a_file_with_a_history_begins_at_its_history() {
    let dir = tempfile::tempdir().unwrap();
    let aside = tempfile::tempdir().unwrap();
    let (web, history) = (publish(dir.path(), "a"), publish(aside.path(), "b"));
    history.ok.add(1_000_000);
    let watch = Watch::over(dir.path(), &["-d", "0.2", "-o", "tsv", "-p", "web.stats.status.", "2XX"]);
    watch.line();
    // By then it is older than a file that is only now on its way to its name.
    for _ in 0..6 {
        assert_eq!(watch.row(), [Some(0)]);
    }
    fs::hard_link(history.path(), dir.path().join("b.mmstats")).unwrap();
    // Two rows later at the latest it is followed.
    let rows = [watch.row(), watch.row(), watch.row()];
    history.ok.add(3);
    web.ok.add(1);
    assert!(rows.iter().all(|row| row[0] == Some(0)), "{rows:?}");
    assert_eq!(watch.sum(4, 4), 4);
}

#[test]
fn files_come_back_however_they_were_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["-d", "0.02", "-o", "tsv", "-p", "web.stats.status.", "2XX"];
    let web = publish(dir.path(), "a");
    let path = web.path().to_owned();
    let link = dir.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let watches = [
        Watch::over(&path, &args),
        Watch::over(&link, &args),
        Watch::start(pollstats(&args).env("MMSTATS_GLOB", dir.path().join("*.mmstats"))),
        Watch::start(pollstats(&args).env("MMSTATS_PATH", dir.path())),
    ];
    for watch in &watches {
        assert_eq!((watch.line().as_str(), watch.row()), ("2XX", vec![Some(0)]));
    }
    let mut web = Some(web);
    for round in 1..4 {
        drop(web.take());
        for watch in &watches {
            let began = Instant::now();
            while watch.line() != "" {
                assert!(began.elapsed() < PATIENCE, "round {round}: it is gone");
            }
        }
        let again = publish(dir.path(), "a");
        again.ok.add(9);
        for watch in &watches {
            assert_eq!(watch.sum(9, 9), 9, "round {round}");
        }
        web = Some(again);
    }
    for watch in watches {
        assert_eq!(watch.end().0, "", "coming and going is no error");
    }
}

#[test]
fn a_writer_that_begins_again_in_the_same_file_is_followed_again() {
    let dir = tempfile::tempdir().unwrap();
    let (path, link) = (dir.path().join("a.mmstats"), dir.path().join("link"));
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let mut writer = InPlace::begin();
    writer.write(&path, 1_000_000_000);
    let args = ["-d", "0.02", "-o", "tsv", "app.hits"];
    let watches = [dir.path(), &path, &link].map(|operand| Watch::over(operand, &args));
    for watch in &watches {
        assert_eq!((watch.line().as_str(), watch.row()), ("app.hits", vec![Some(1_000_000_000)]));
    }
    let inode = fs::metadata(&path).unwrap().ino();
    // More than it had, a little less, and much less: what it shows, it has counted since it began.
    for hits in [1_000_000_007, 1_000_000_005, 9] {
        writer.write(&path, hits);
        let hits = hits.try_into().unwrap();
        for watch in &watches {
            assert_eq!(watch.sum(hits, hits), hits);
        }
    }
    for round in 1..4 {
        drop(writer);
        for watch in &watches {
            let began = Instant::now();
            while watch.line() != "" {
                assert!(began.elapsed() < PATIENCE, "round {round}: it is gone");
            }
        }
        writer = InPlace::begin();
        writer.write(&path, 9);
        for watch in &watches {
            assert_eq!(watch.sum(9, 9), 9, "round {round}");
        }
    }
    assert_eq!(fs::metadata(&path).unwrap().ino(), inode);
    for watch in watches {
        assert_eq!(watch.end().0, "", "to begin again is no error");
    }
}

#[test]
fn counters_that_wrap_or_begin_again_make_no_spike() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    web.narrow.set(65_530);
    web.depth.set(1_000_000);
    let watch = Watch::over(dir.path(), &["-d", "0.05", "-o", "tsv", "-p", "web.stats.", "narrow,depth"]);
    watch.line();
    assert_eq!(watch.row(), [Some(65_530), Some(1_000_000)]);
    web.narrow.set(4);
    assert_eq!(watch.sum(10, 10), 10, "u16 has wrapped");
    web.depth.set(12);
    let began = Instant::now();
    let mut sum = 0;
    while sum < 12 {
        sum += watch.row()[1].unwrap();
        assert!(began.elapsed() < PATIENCE && (0..=12).contains(&sum), "{sum}");
    }
}

#[test]
fn a_field_that_is_added_joins_and_one_that_a_file_lacks_counts_as_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    let other = Options::new().dir(dir.path()).filename("b.mmstats").create::<()>().unwrap();
    let watch = Watch::over(dir.path(), &["-d", "0.05", "-o", "tsv", "-p", "web.stats.status.", "2XX"]);
    watch.line();
    assert_eq!(watch.row(), [Some(0)]);
    web.ok.add(2);
    let added = other.add_field("web.stats.status.2XX", Counter::spec()).unwrap();
    added.add(3);
    assert_eq!(watch.sum(5, 5), 5);
}

/// Where [`WORKERS`] publish.
static WORKERS_DIR: OnceLock<tempfile::TempDir> = OnceLock::new();

fn workers_dir() -> &'static Path {
    WORKERS_DIR.get_or_init(|| tempfile::tempdir().unwrap()).path()
}

per_thread! {
    static WORKERS: Web =
        Options::new().dir(workers_dir()).label_prefix("web.stats.").thread_end(ThreadEnd::Fold);
}

#[test]
fn a_thread_that_ends_and_is_folded_makes_no_spike() {
    // A worker counts what it is told to, and ends when nobody tells it any more.
    let worker = || {
        let (orders, inbox) = channel::<u64>();
        let (done, outbox) = channel();
        let thread = std::thread::spawn(move || {
            for order in inbox {
                WORKERS.with(|web| web.ok.add(order));
                done.send(()).unwrap();
            }
        });
        (orders, outbox, thread)
    };
    let order = |worker: &(std::sync::mpsc::Sender<u64>, Receiver<()>, _), count| {
        worker.0.send(count).unwrap();
        worker.1.recv_timeout(PATIENCE).unwrap();
    };
    let (long, mut short) = (worker(), worker());
    order(&long, 10_000);
    order(&short, 1_000_000);
    let args = ["-d", "0.02", "-o", "tsv", "-p", "web.stats.status.", "2XX"];
    let watch = Watch::over(workers_dir(), &args);
    watch.line();
    assert_eq!(watch.row(), [Some(1_010_000)]);
    for round in 0..20 {
        order(&short, 7);
        order(&long, 1);
        let (orders, _, thread) = short;
        drop(orders);
        thread.join().unwrap();
        assert_eq!(watch.sum(8, 8), 8, "round {round}");
        short = worker();
        order(&short, 50_000);
        assert_eq!(watch.sum(50_000, 50_000), 50_000, "round {round}");
    }
    // Threads that nobody has seen count, too.
    for _ in 0..10 {
        let (orders, done, thread) = worker();
        orders.send(3).unwrap();
        done.recv_timeout(PATIENCE).unwrap();
        drop(orders);
        thread.join().unwrap();
    }
    assert_eq!(watch.sum(30, 30), 30);
    for (orders, _, thread) in [long, short] {
        drop(orders);
        thread.join().unwrap();
    }
    assert_eq!(watch.end().0, "");
}

per_thread! {
    static SHORT: Web = Options::new().dir(workers_dir()).label_prefix("short.stats.");
}

/// Raises a flag when it goes, by a panic, too: the threads that wait for it shall end.
struct Raise<'a>(&'a AtomicBool);

impl Drop for Raise<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// How often the threads below have begun to count, and how often they have counted.
static BEGUN: AtomicU64 = AtomicU64::new(0);
static DONE: AtomicU64 = AtomicU64::new(0);

#[test]
fn threads_that_come_and_go_all_the_time_make_neither_spike_nor_gap() {
    let over = AtomicBool::new(false);
    let short = |count| {
        for _ in 0..count {
            BEGUN.fetch_add(1, Ordering::SeqCst);
            SHORT.with(|web| web.ok.incr());
            DONE.fetch_add(1, Ordering::SeqCst);
        }
    };
    std::thread::spawn(move || short(50)).join().unwrap();
    let args = ["-d", "0.005", "-t", "-o", "tsv", "-p", "short.stats.status.", "2XX"];
    let watch = Watch::over(workers_dir(), &args);
    assert_eq!(watch.line(), "time\t2XX");
    // What was done at some moments. A row's time is the moment when its look began, by the same clock.
    let mut history: Vec<(String, u64)> = Vec::new();
    let mut sum = 0;
    let mut check = |history: &[(String, u64)]| {
        let line = watch.line();
        let (time, change) = line.split_once('\t').unwrap();
        let change: i64 = change.parse().unwrap();
        assert!(change >= 0, "{change} in one row");
        sum += change.unsigned_abs();
        assert!(sum <= BEGUN.load(Ordering::SeqCst), "{sum}: counted twice");
        let done = history.iter().rev().find(|(moment, _)| moment.as_str() < time);
        assert!(done.is_none_or(|(_, done)| *done <= sum), "{sum} of {done:?} at {time}: not counted");
        sum
    };
    std::thread::scope(|scope| {
        let _end = Raise(&over);
        // Some threads live for many looks, some for none.
        for count in [10, 1000, 10_000, 100_000] {
            let over = &over;
            scope.spawn(move || {
                while !over.load(Ordering::SeqCst) {
                    std::thread::spawn(move || short(count)).join().unwrap();
                }
            });
        }
        for _ in 0..300 {
            let done = DONE.load(Ordering::SeqCst);
            history.push((cli::Timestamp(SystemTime::now()).to_string(), done));
            check(&history);
        }
    });
    let total = DONE.load(Ordering::SeqCst);
    let began = Instant::now();
    while check(&history) < total {
        assert!(began.elapsed() < PATIENCE, "{total} were counted");
    }
    assert_eq!(check(&history), total);
    assert_eq!(watch.end().0, "");
}

/// What the child below does: publishes until it is killed.
#[test]
fn child() {
    let Some(dir) = std::env::var_os("POLLSTATS_TEST_CHILD") else { return };
    let web = publish(Path::new(&dir), "child");
    web.ok.add(500);
    web.depth.set(40);
    println!("ready");
    std::thread::sleep(Duration::from_secs(3600));
}

#[test]
fn a_process_that_is_killed_leaves_with_its_gauges() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    web.depth.set(2);
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env("POLLSTATS_TEST_CHILD", dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("ready")));
    let args = ["-vv", "-d", "0.05", "-o", "tsv", "-p", "web.stats.", "status.2XX,=depth"];
    let watch = Watch::over(dir.path(), &args);
    watch.line();
    assert_eq!(watch.row(), [Some(500), Some(42)]);
    child.kill().unwrap();
    child.wait().unwrap();
    let began = Instant::now();
    loop {
        assert!(began.elapsed() < PATIENCE);
        let row = watch.row();
        assert_eq!(row[0], Some(0), "the dead count nothing");
        if row[1] == Some(2) {
            break;
        }
        assert_eq!(row[1], Some(42));
    }
    let path = dir.path().join("child.mmstats");
    let (stderr, _) = watch.end();
    assert!(stderr.contains(&format!("{}: leaves: its process has ended\n", path.display())), "{stderr}");
    // Whoever looks later does not see it, unless it is named.
    let args = ["-v", "-c", "1", "-o", "tsv", "-p", "web.stats.", "=depth"];
    let left_out = format!("pollstats: {}: left out: its process has ended\n", path.display());
    let found = run(pollstats(&args).arg(dir.path()));
    assert_eq!(found, ("=depth\n2\n".to_owned(), left_out, 0));
    assert_eq!(run(pollstats(&args).arg(&path)), ("=depth\n40\n".to_owned(), String::new(), 0));
}

#[test]
fn filters_choose_files_by_labels_and_values() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (publish(dir.path(), "a"), publish(dir.path(), "b"));
    a.ok.add(1);
    b.ok.add(10);
    b.add_field("only.here", Counter::spec()).unwrap();
    a.page.set("blue=green");
    b.page.set("red");
    let ok = |filters: &[&str]| {
        let mut command = pollstats(&["-c", "1", "-o", "tsv", "-p", "web.stats.", "status.2XX"]);
        for filter in filters {
            command.args(["-f", filter]);
        }
        let (out, err, code) = run(command.arg(dir.path()));
        if code == 0 { out.lines().nth(1).unwrap().parse().unwrap() } else { format!("{code} {err}") }
    };
    assert_eq!(ok(&[]), "11");
    assert_eq!(ok(&["web.stats.only"]), "10", "a label that begins so");
    assert_eq!(ok(&["only.here"]), "10", "behind the prefix");
    assert_eq!(ok(&["web.stats.page=blue=green"]), "1");
    assert_eq!(ok(&["page=red", "page=blue=green"]), "11", "either value");
    assert_eq!(ok(&["page=blue=green", "only"]), "1 pollstats: --filter: no match in 2 files\n", "both keys");
    assert_eq!(ok(&["ready=false", "status.2XX=10"]), "10");
    let pid = format!("sys.pid={}", std::process::id());
    assert_eq!(ok(&[&pid]), "11");
}

#[test]
fn a_filter_holds_as_long_as_its_value() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    web.page.set("ready");
    web.ok.add(100);
    let args = ["-d", "0.05", "-o", "tsv", "-f", "page=ready", "-p", "web.stats.", "status.2XX"];
    let watch = Watch::over(dir.path(), &args);
    watch.line();
    assert_eq!(watch.row(), [Some(100)]);
    web.page.set("busy");
    let until = |wanted: &str| {
        let began = Instant::now();
        loop {
            let row = watch.line();
            assert!(["", "0"].contains(&row.as_str()), "what was counted meanwhile is no part of it: {row}");
            assert!(began.elapsed() < PATIENCE);
            if row == wanted {
                break;
            }
        }
    };
    until("");
    web.ok.add(100_000);
    web.page.set("ready");
    until("0");
    web.ok.add(5);
    assert_eq!(watch.sum(5, 5), 5);
}

#[test]
fn rates_are_a_second_and_times_are_iso() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    let args = ["-r", "-t", "-d", "0.2", "-o", "tsv", "-p", "web.stats.status.", "2XX"];
    let watch = Watch::over(dir.path(), &args);
    assert_eq!(watch.line(), "time\t2XX");
    // Seconds of the hour, and the rate.
    let row = || {
        let line = watch.line();
        let (time, rate) = line.split_once('\t').unwrap();
        assert_eq!((time.len(), &time[10..11], &time[23..]), (24, "T", "Z"), "{time}");
        let number = |text: &str| text.parse::<f64>().unwrap();
        (60.0 * number(&time[14..16]) + number(&time[17..23]), number(rate))
    };
    let mut before = row().0;
    web.ok.add(1000);
    let began = Instant::now();
    loop {
        let (now, rate) = row();
        let passed = (now - before).rem_euclid(3600.0);
        if rate > 0.0 {
            // The times are cut to milliseconds, and taken beside the clock that rates go by.
            let most = 1000.0 * 0.003 / passed + 1.0;
            assert!((rate * passed - 1000.0).abs() < most, "{rate} over {passed}");
            break;
        }
        assert!(began.elapsed() < PATIENCE);
        before = now;
    }
}

#[test]
fn the_header_comes_again_and_numbers_fit() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    web.ok.add(12_345_678_901_234);
    let rows = |args: &[&str]| {
        let args = [&["-d", "0.001", "-p", "web.stats.status."][..], args, &["2XX"]].concat();
        run(pollstats(&args).arg(dir.path())).0
    };
    assert_eq!(rows(&["-c", "1"]), "       2XX\n   12.346T\n");
    assert_eq!(rows(&["-c", "1", "-o", "csv"]), "2XX\n12345678901234\n");
    let headers = |args: &[&str]| rows(args).matches("2XX").count();
    assert_eq!(headers(&["-c", "41"]), 3, "every 20 rows");
    assert_eq!(headers(&["-c", "41", "-n", "10"]), 5);
    assert_eq!(headers(&["-c", "41", "-n", "0"]), 1);
    assert_eq!(headers(&["-c", "41", "-o", "tsv"]), 1);
    assert_eq!(rows(&["-c", "1", "--color", "always"]), "\x1b[1m       2XX\x1b[0m\n   12.346T\n");
}

#[test]
fn columns_meet_whatever_they_are_written_in() {
    let dir = tempfile::tempdir().unwrap();
    let fields = [text("状態", "日本".as_bytes()), text("e\u{301}t", "o\u{308}k".as_bytes())];
    let file = write(dir.path(), "a.mmstats", &fields);
    let (rows, ..) = run(pollstats(&["-c", "1", "状態,e\u{301}t"]).arg(file));
    assert_eq!(rows, "      状態         e\u{301}t\n      日本         o\u{308}k\n");
}

#[test]
fn no_member_of_an_object_comes_twice() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), "a.mmstats", &[counter("time", 1), counter("x.hits", 2)]);
    for (args, name) in
        [(&["-t", "-o", "json", "time"][..], "time"), (&["-o", "json", "x.hits,time,x.hits"], "x.hits")]
    {
        let message = format!("pollstats: --output json: two columns are called \"{name}\"\n");
        let want = (String::new(), message + "Try 'pollstats --help'.\n", 2);
        assert_eq!(run(pollstats(args).args(["-c", "1"]).arg(&file)), want);
    }
    let json = |args: &[&str]| run(pollstats(args).args(["-c", "1", "-o", "json"]).arg(&file));
    assert_eq!(json(&["time"]), ("{\"time\":1}\n".to_owned(), String::new(), 0));
    let (out, _, code) = json(&["-t", "=time"]);
    assert!(out.starts_with("{\"time\":\"") && out.ends_with(",\"=time\":1}\n") && code == 0, "{out}");
}

#[test]
fn a_closed_standard_output_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let _web = publish(dir.path(), "a");
    let mut command = without_stdout(env!("CARGO_BIN_EXE_pollstats"));
    let want = "pollstats: standard output: Bad file descriptor\n".to_owned();
    let args = ["-c", "1", "-p", "web.stats.", "=depth"];
    assert_eq!(run(command.args(args).arg(dir.path())), (String::new(), want, 1));
}

#[test]
fn on_a_terminal_columns_fit_the_window_and_follow_it() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    let size = |columns, rows| rustix::termios::Winsize {
        ws_col: columns,
        ws_row: rows,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let pty = nix::pty::openpty(None, None).unwrap();
    rustix::termios::tcsetwinsize(&pty.master, size(27, 4)).unwrap();
    // qemu's user emulation knows only an older call.
    let Ok(before) = rustix::termios::tcgetattr(&pty.slave) else {
        return eprintln!("skipped: what a terminal is set to cannot be asked (TCGETS2)");
    };
    let args = ["-d", "0.02", "-p", "web.stats.", "status.2XX,status.5XX,=depth"];
    let slave = File::from(pty.slave.try_clone().unwrap());
    let mut child = pollstats(&args).arg(dir.path()).env("TERM", "xterm").stdout(slave).spawn().unwrap();
    let mut lines = BufReader::new(File::from(pty.master.try_clone().unwrap()))
        .split(b'\n')
        .map(|line| String::from_utf8(line.unwrap()).unwrap().trim_end_matches('\r').to_owned());
    web.ok.add(0);
    assert_eq!(lines.next().unwrap(), "\x1b[1m…tus.2XX …tus.5XX    =depth\x1b[0m");
    for _ in 0..3 {
        assert_eq!(lines.next().unwrap(), "       0        0         0");
    }
    assert!(lines.next().unwrap().starts_with("\x1b[1m"), "a window of four lines is full");
    rustix::termios::tcsetwinsize(&pty.master, size(80, 24)).unwrap();
    let header = "\x1b[1m          status.2XX           status.5XX               =depth\x1b[0m";
    assert!(lines.any(|line| line == header));
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(2));
    let after = rustix::termios::tcgetattr(&pty.slave).unwrap();
    assert_eq!(format!("{before:?}"), format!("{after:?}"), "the terminal is as it was");
}

#[test]
fn a_reader_that_goes_ends_it_at_once_and_a_full_disk_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let _web = publish(dir.path(), "a");
    let args = ["-d", "3600", "-p", "web.stats.", "=depth"];
    let mut child =
        pollstats(&args).arg(dir.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    drop(stdout);
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    assert_eq!((status.signal(), stderr.as_slice()), (Some(13), &b""[..]), "not an hour later");
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = pollstats(&args).arg(dir.path()).stdout(full).output().unwrap();
    let want = "pollstats: standard output: No space left on device\n";
    assert_eq!((String::from_utf8_lossy(&output.stderr).as_ref(), output.status.code()), (want, Some(1)));
}

#[test]
fn a_field_that_is_too_large_to_be_followed_is_said_once() {
    let dir = tempfile::tempdir().unwrap();
    let _web = publish(dir.path(), "a");
    let path = write(dir.path(), "b.mmstats", &[field(b"web.stats.depth", "134000000s", 0, b"")]);
    File::options().write(true).open(&path).unwrap().set_len(1 << 28).unwrap();
    let args = ["-c", "2", "-d", "0.01", "-o", "tsv", "-p", "web.stats.", "=depth"];
    let (out, err, code) = run(pollstats(&args).arg(dir.path()));
    let want = format!("pollstats: {}: field at byte 1: ends beyond 16777216 bytes\n", path.display());
    assert_eq!((out.as_str(), err.as_str(), code), ("=depth\n0\n0\n", want.as_str(), 1));
}

#[test]
fn what_cannot_be_read_is_said_once() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    fs::write(dir.path().join("b.mmstats"), "no stats").unwrap();
    let args = ["-c", "5", "-d", "0.01", "-o", "tsv", "-p", "web.stats.", "=depth"];
    let (out, err, code) = run(pollstats(&args).arg(dir.path()));
    assert_eq!((out.as_str(), code), ("=depth\n0\n0\n0\n0\n0\n", 1));
    let path = dir.path().join("b.mmstats");
    let want = format!("pollstats: {}: not a stats file: version 110, 1 and 2 are known\n", path.display());
    assert_eq!(err, want);
    drop(web);
}

#[test]
fn a_socket_whose_reader_hangs_up_ends_it_quietly() {
    let dir = tempfile::tempdir().unwrap();
    let _web = publish(dir.path(), "a");
    let (reader, writer) = UnixStream::pair().unwrap();
    let mut command = pollstats(&["-d", "3600", "=web.stats.depth"]);
    command.arg(dir.path()).stdout(OwnedFd::from(writer)).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // With it goes the writing end that this process has.
    drop(command);
    // All that was written is read: with something unread, the end of the reader is an error and no mere
    // hang-up.
    let mut reader = BufReader::new(reader);
    let mut line = String::new();
    while !line.ends_with(" 0\n") {
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

#[test]
fn files_that_differ_in_a_type_lose_no_number_and_text_is_named() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "a.mmstats", &[counter("hits", 507), counter("ready", 5)]);
    write(dir.path(), "b.mmstats", &[double("hits", 0.5), field(b"ready", "?", 0xff, &[1])]);
    let c = write(dir.path(), "c.mmstats", &[text("ready", b"no"), text("state", b"up")]);
    let args = ["-c", "2", "-d", "0.01", "-o", "tsv"];
    let shown = |fields: &str| run(pollstats(&args).arg(fields).arg(dir.path()));
    assert_eq!(shown("hits,=hits"), ("hits\t=hits\n507.5\t507.5\n0.5\t507.5\n".to_owned(), String::new(), 0));
    let said = "ready is text here and a number elsewhere: left out";
    let said = format!("pollstats: {}: {said}\n", c.display());
    assert_eq!(shown("=ready,state"), ("=ready\tstate\n6\tup\n6\tup\n".to_owned(), said, 1), "said once");
}
