//! pollstats with files of version 2: kinds decide what a column shows.

#![allow(clippy::unwrap_used)]

#[path = "pollstats_v2/intervals.rs"]
mod intervals;
#[path = "pollstats_v2/mixed.rs"]
mod mixed;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use harness::{outcome, tool};
use mmstats::{
    Average, Bool, Counter, Gauge, Histogram, Instance, MergeRule, Options, Recent, Text, Timer, Timestamp,
    Version, Window, stats,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Long enough for any machine; nothing waits so long unless it has failed.
const PATIENCE: Duration = Duration::from_secs(20);

stats! {
    struct Web {
        hits: Counter,
        busy: Counter { unit: "seconds" },
        depth: Gauge<i64>,
        load: Gauge<f64> { merge: MergeRule::Max },
        share: Gauge<f64> { merge: MergeRule::Avg, unit: "ratio" },
        ready: Bool,
        page: Text,
        started: Timestamp,
        ratio: Average,
        answer: Timer,
        size: Histogram,
        lately: Window,
        last: Recent,
    }
}

fn publish(dir: &Path, name: &str) -> Instance<Web> {
    let options = Options::new().dir(dir).filename(format!("{name}.mmstats")).version(Version::V2);
    options.label_prefix("web.").create::<Web>().unwrap()
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

/// One row of these fields, as csv has it.
fn row(dir: &Path, args: &[&str], fields: &str) -> String {
    let args = [args, &["-c", "1", "-o", "csv", "-p", "web.", fields]].concat();
    let (out, err, code) = run(pollstats(&args).arg(dir));
    assert_eq!((&*err, code), ("", 0), "{fields}: {out}");
    out.lines().nth(1).unwrap().to_owned()
}

/// A pollstats that runs, and its rows as they come.
struct Watch {
    child: Child,
    lines: Receiver<String>,
}

impl Watch {
    fn over(path: &Path, args: &[&str]) -> Self {
        let mut command = pollstats(args);
        let mut child = command.arg(path).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
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
    fn row(&self) -> Vec<Option<f64>> {
        self.line().split('\t').map(|cell| cell.parse().ok()).collect()
    }

    fn end(mut self) -> String {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
        self.child.wait().unwrap();
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        stderr
    }
}

#[test]
fn kinds_decide_what_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (publish(dir.path(), "a"), publish(dir.path(), "b"));
    for (web, n) in [(&a, 1_u8), (&b, 2)] {
        web.hits.add(10 * u64::from(n));
        web.depth.set(i64::from(n) * 100);
        web.load.set(f64::from(n) / 4.0);
        web.share.set(f64::from(n) / 4.0);
        web.ready.set(n == 2);
        web.page.set("start");
        web.started.set(1000.5 * f64::from(n));
        (0..n).for_each(|_| web.ratio.add(f64::from(n)));
        (0..n).for_each(|_| web.last.add(f64::from(n)));
        (0..n).for_each(|_| web.lately.add(f64::from(n)));
    }
    let shown = |fields: &str| row(dir.path(), &[], fields);
    assert_eq!(shown("hits,depth"), "30,300", "the first row has the totals");
    assert_eq!(shown("load,share,ready"), "0.5,0.375,1", "by the rule of the field");
    assert_eq!(shown("page,started"), "start,2001.0");
    assert_eq!(shown("ratio,ratio:count,ratio:sum"), "1.6666666666666667,3,5.0");
    assert_eq!(shown("last,last:max,last:p50,last:count"), "1.6666666666666667,2.0,2.0,3");
    assert_eq!(shown("lately,lately:max60,lately:count"), "1.6666666666666667,2.0,3");
    b.page.set("end");
    assert_eq!(shown("page"), "2", "how many texts");
    assert_eq!(shown("=sys.pid"), std::process::id().to_string(), "it is never added up");

    let args = ["-d", "0.02", "-o", "tsv", "-p", "web.", "hits,=hits,depth,=depth,load"];
    let watch = Watch::over(dir.path(), &args);
    assert_eq!(watch.line(), "hits\t=hits\tdepth\t=depth\tload");
    let numbers = |numbers: [f64; 5]| numbers.map(Some).to_vec();
    assert_eq!(watch.row(), numbers([30.0, 30.0, 300.0, 300.0, 0.5]));
    while watch.row() != numbers([0.0, 30.0, 300.0, 300.0, 0.5]) {}
    a.depth.set(-1);
    b.load.set(-5.0);
    while watch.row() != numbers([0.0, 30.0, 199.0, 199.0, 0.25]) {}
    assert_eq!(watch.end(), "");
}

#[test]
fn numbers_are_in_base_units_and_scaled() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    web.answer.record(Duration::from_micros(1500));
    assert_eq!(row(dir.path(), &[], "answer:sum,answer:max,answer:count"), "0.0015,0.0015,1");
    let args = ["-c", "1", "-o", "json", "-p", "web.", "answer:max,=answer:count,size:p99"];
    let (out, err, code) = run(pollstats(&args).arg(dir.path()));
    let want = "{\"answer:max\":0.0015,\"=answer:count\":1,\"size:p99\":null}\n";
    assert_eq!((&*out, &*err, code), (want, "", 0));
    // In a pipe text is for programs, too.
    let args = ["-c", "1", "-p", "web.", "answer:max"];
    assert_eq!(run(pollstats(&args).arg(dir.path())).0, "answer:max\n    0.0015\n");
}

#[test]
fn on_a_terminal_numbers_are_in_units_that_people_read() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    web.answer.record(Duration::from_nanos(21_400));
    web.share.set(0.123);
    web.started.set(1_795_228_800.5);
    let pty = nix::pty::openpty(None, None).unwrap();
    let size = rustix::termios::Winsize { ws_col: 80, ws_row: 24, ws_xpixel: 0, ws_ypixel: 0 };
    rustix::termios::tcsetwinsize(&pty.master, size).unwrap();
    let args = ["-c", "1", "-p", "web.", "answer:max,share,started"];
    let slave = std::fs::File::from(pty.slave.try_clone().unwrap());
    assert!(pollstats(&args).arg(dir.path()).stdout(slave).status().unwrap().success());
    let mut lines = BufReader::new(std::fs::File::from(pty.master)).lines().skip(1);
    let line = lines.next().unwrap().unwrap();
    let cells: Vec<_> = line.split_whitespace().collect();
    assert_eq!(cells, ["21.4us", "12.3", "%", "2026-11-21", "02:40:00"]);
}

#[test]
fn a_part_that_a_field_has_not_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    web.hits.add(1);
    for field in ["hits:p99", "lately:p99", "lately:rate30", "ratio:max", "answer:p0"] {
        let (out, err, code) = run(pollstats(&["-c", "1", "-p", "web.", field]).arg(dir.path()));
        assert_eq!((&*out, code), ("", 1), "{field}");
        assert!(
            err.starts_with(&format!("pollstats: web.{field}: no such label in 1 file; nearest: ")),
            "{err}"
        );
    }
    // A label that has a colon is a label first.
    let odd = Options::new().dir(dir.path()).filename("odd.mmstats").version(Version::V2);
    let odd =
        odd.label_prefix("web.").create_with(|builder| builder.add("answer:p99", Counter::spec())).unwrap();
    odd.add(7);
    let (out, _, code) = run(pollstats(&["-c", "1", "-o", "tsv", "web.answer:p99"]).arg(odd.path()));
    assert_eq!((&*out, code), ("web.answer:p99\n7\n", 0));
}
