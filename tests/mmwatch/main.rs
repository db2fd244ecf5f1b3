//! mmwatch as a user runs it.

#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
mod ends;
mod records;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use common::{outcome, tool};
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
    let options = Options::new().path(dir).filename(format!("{name}.mmstats"));
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
