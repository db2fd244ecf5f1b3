//! pollstats as a user runs it.

#![allow(clippy::unwrap_used)]

mod changes;
#[path = "../common/mod.rs"]
mod common;
mod ends;
mod filters;
mod table;
mod threads;
mod usage;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use common::{outcome, tool};
use mmstats::{Bool, Counter, Gauge, Instance, Options, Text, Timer, stats};
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
    let options = Options::new().path(dir).filename(format!("{name}.mmstats"));
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
