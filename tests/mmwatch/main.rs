//! mmwatch as a user runs it.

#![allow(clippy::unwrap_used)]

mod ends;
mod every;
mod hidden;
mod mended;
mod parts;
mod records;
mod until;
mod until_parts;

use std::path::Path;
use std::process::{Command, Stdio};

use harness::{Outcome, Watch, tool};
use mmstats::{Bool, Counter, Gauge, Instance, Options, Text, stats};

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

fn run(command: &mut Command) -> Outcome {
    harness::run(command)
}

/// A live one over `dir` that has taken its first look: with `-i`, it has printed the last of its first values.
fn start(dir: &Path, args: &[&str]) -> Watch {
    Watch::start(mmwatch(&["-d", "0.02", "-i"]).args(args).arg(dir))
}

/// The records of a live one, without their times.
trait Records {
    /// The next record: file name, label, old and new value.
    fn record(&self) -> [String; 4];

    fn skip(&self, records: usize) {
        (0..records).for_each(|_| drop(self.record()));
    }
}

impl Records for Watch {
    fn record(&self) -> [String; 4] {
        let line = self.line();
        let fields: Vec<_> = line.split('\t').collect();
        let [time, path, label, old, new] = fields[..] else { panic!("{line:?}") };
        assert_eq!((time.len(), &time[10..11], &time[23..]), (24, "T", "Z"), "{time}");
        let name = Path::new(path).file_name().unwrap().to_str().unwrap();
        [name, label, old, new].map(str::to_owned)
    }
}
