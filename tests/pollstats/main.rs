//! pollstats as a user runs it.

#![allow(clippy::unwrap_used)]

mod changes;
mod departures;
mod ends;
mod every;
mod filters;
mod folds;
mod intervals;
mod kinds;
mod mixed;
mod table;
mod threads;
mod units;
mod usage;
mod worker;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use harness::{PATIENCE, Watch, tool};
use mmstats::{Bool, Counter, Gauge, Instance, Options, Text, Timer, Version, stats};

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
    let options = Options::new().version(Version::V1).dir(dir).filename(format!("{name}.mmstats"));
    options.label_prefix("web.stats.").create::<Web>().unwrap()
}

fn pollstats(args: &[&str]) -> Command {
    let mut command = tool(env!("CARGO_BIN_EXE_pollstats"));
    command.args(args).stdin(Stdio::null());
    command
}

fn run(command: &mut Command) -> (String, String, i32) {
    let (out, err, code) = harness::run(command);
    (out, err, code.unwrap_or(-1))
}

/// A live one over these files.
fn start(path: &Path, args: &[&str]) -> Watch {
    Watch::start(pollstats(args).arg(path))
}

/// The rows of a live one.
trait Rows {
    /// The next row's numbers; what is no number is `None`.
    fn row(&self) -> Vec<Option<i64>>;

    /// Sums the first column until it has reached `total`, and one row more. No row may be negative or
    /// above `most`.
    fn sum(&self, total: i64, most: i64) -> i64;
}

impl Rows for Watch {
    fn row(&self) -> Vec<Option<i64>> {
        self.line().split('\t').map(|cell| cell.parse().ok()).collect()
    }

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
}
