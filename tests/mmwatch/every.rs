//! Files of version 2 with values of several numbers.

use std::path::Path;

use harness::Watch;
use mmstats::{
    Average, Counter, Gauge, Histogram, Instance, MergeRule, Options, Recent, Timer, Version, Window, stats,
};

use super::until::mmwatch;

stats! {
    pub(crate) struct Web {
        pub(crate) hits: Counter,
        pub(crate) depth: Gauge<i64> { merge: MergeRule::Max },
        pub(crate) wait: Gauge<u64> { unit: "seconds" },
        pub(crate) ratio: Average,
        pub(crate) answer: Timer,
        pub(crate) size: Histogram { quantiles: [0.9] },
        pub(crate) lately: Window { seconds: 3 },
        pub(crate) last: Recent,
    }
}

pub(crate) fn publish(dir: &Path, name: &str) -> Instance<Web> {
    let options = Options::new().dir(dir).filename(format!("{name}.mmstats")).version(Version::V2);
    options.label_prefix("web.").create::<Web>().unwrap()
}

/// Of a record its label, old and new value.
pub(crate) trait Changes {
    /// The next record.
    fn change(&self) -> String;

    /// The next ones.
    fn changes(&self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.change()).collect()
    }
}

impl Changes for Watch {
    fn change(&self) -> String {
        let line = self.line();
        line.splitn(3, '\t').nth(2).unwrap_or_else(|| panic!("{line:?}")).to_owned()
    }
}

/// A live one over a directory.
pub(crate) fn over(dir: &Path, args: &[&str]) -> Watch {
    Watch::start(&mut mmwatch(dir, args))
}
