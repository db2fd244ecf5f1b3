//! Files of version 2 with one field of each kind.

use std::path::Path;
use std::time::Instant;

use harness::{PATIENCE, Watch};
use mmstats::{
    Average, Bool, Counter, Gauge, Histogram, Instance, MergeRule, Options, Recent, Text, Timer, Timestamp,
    Version, Window, stats,
};

use super::{pollstats, run};

stats! {
    pub(crate) struct Web {
        pub(crate) hits: Counter,
        pub(crate) busy: Counter { unit: "seconds" },
        pub(super) sent: Counter = "sent{route=\"/a\",method=\"GET\"}",
        pub(crate) depth: Gauge<i64>,
        pub(crate) load: Gauge<f64> { merge: MergeRule::Max },
        pub(crate) share: Gauge<f64> { merge: MergeRule::Avg, unit: "ratio" },
        pub(crate) ready: Bool,
        pub(crate) page: Text,
        pub(crate) started: Timestamp,
        pub(crate) ratio: Average,
        pub(crate) answer: Timer,
        pub(crate) size: Histogram,
        pub(crate) lately: Window,
        pub(crate) last: Recent,
    }
}

pub(crate) fn publish(dir: &Path, name: &str) -> Instance<Web> {
    let options = Options::new().dir(dir).filename(format!("{name}.mmstats")).version(Version::V2);
    options.label_prefix("web.").create::<Web>().unwrap()
}

/// One row of these fields, as csv has it.
pub(crate) fn row(dir: &Path, args: &[&str], fields: &str) -> String {
    let args = [args, &["-c", "1", "-o", "csv", "-p", "web.", fields]].concat();
    let (out, err, code) = run(pollstats(&args).arg(dir));
    assert_eq!((&*err, code), ("", 0), "{fields}: {out}");
    out.lines().nth(1).unwrap().to_owned()
}

/// The rows of a live one, of any numbers.
pub(crate) trait Numbers {
    /// The next row's numbers; what is no number is `None`.
    fn numbers(&self) -> Vec<Option<f64>>;
}

impl Numbers for Watch {
    fn numbers(&self) -> Vec<Option<f64>> {
        self.line().split('\t').map(|cell| cell.parse().ok()).collect()
    }
}

/// Interrupts a live one: what it has said on standard error.
#[track_caller]
pub(crate) fn end(watch: Watch) -> String {
    watch.interrupt().0
}

/// Sums the first column until it has reached `total`, and one row more. No row may be above `most`.
pub(crate) fn sum(watch: &Watch, total: f64, most: f64) -> f64 {
    let began = Instant::now();
    let mut sum = 0.0;
    let add = |sum: &mut f64| {
        let change = watch.numbers()[0].unwrap_or(0.0);
        assert!((0.0..=most).contains(&change), "{change} in one row");
        *sum += change;
    };
    while sum < total {
        assert!(began.elapsed() < PATIENCE, "{sum} of {total}");
        add(&mut sum);
    }
    add(&mut sum);
    sum
}
