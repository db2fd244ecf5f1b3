//! What ended threads leave in the process's file.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mmstats::{
    Average, Counter, Gauge, Histogram, Options, Snapshot, Timer, UpDown, Version, Window, per_thread, stats,
};

use crate::child::{assert_ended_well, in_child};
use crate::{line, show};

stats! {
    struct Work {
        /// What was done.
        done: Counter { unit: "tasks" },
        now: UpDown,
        load: Gauge<f64>,
        /// What it weighs.
        weight: Average { unit: "grams" },
        size: Histogram { unit: "bytes", precision: 3, range: 20, quantiles: [1.0] },
        took: Timer,
        window: Window,
        never: Histogram,
    }
}

per_thread! {
    static SECOND: Work = options(Version::V2);
    static FIRST: Work = options(Version::V1);
    static ODD: Work = options(Version::V2);
}

fn options(version: Version) -> Options {
    Options::new().version(version).dir(dir())
}

fn dir() -> PathBuf {
    std::env::temp_dir().join(format!("mmstats-folds-{}", std::process::id()))
}

fn work(work: &Work, turn: u32) {
    work.done.add(10);
    work.now.sub(1);
    work.load.set(3.0);
    work.weight.add(f64::from(turn));
    work.size.record(u64::from(turn) * 100);
    work.took.record(Duration::from_millis(10));
    work.window.add(1.0);
}

/// The file of all ended threads.
fn folded(version: u8) -> PathBuf {
    let is_folded = |path: &PathBuf| {
        path.to_str().unwrap().ends_with("-0.mmstats") && fs::read(path).unwrap()[0] == version
    };
    let found: Vec<_> =
        fs::read_dir(dir()).unwrap().map(|entry| entry.unwrap().path()).filter(is_folded).collect();
    let [path] = &found[..] else { panic!("{found:?}") };
    path.clone()
}

fn in_thread(f: impl FnOnce() + Send + 'static) {
    std::thread::spawn(f).join().unwrap();
}

/// In a child: threads end as they do in a program, and nothing of this process is in the way.
fn alone(f: impl FnOnce()) {
    let status = in_child(|| {
        fs::create_dir(dir()).unwrap();
        f();
        fs::remove_dir_all(dir()).unwrap();
    });
    assert_ended_well(status);
}

#[test]
fn counters_means_and_histograms_add_up_in_version_2() {
    alone(|| {
        for turn in 1..=4 {
            in_thread(move || SECOND.with(|stats| work(stats, turn)));
        }
        let path = folded(2);
        let is = |label: &str| line(&path, label);
        assert_eq!(is("done").unwrap(), "counter\tu64\ttasks\t40");
        assert_eq!(is("now").unwrap(), "gauge\ti64\t-\t-4");
        assert_eq!(is("weight").unwrap(), "mean\tmean\tgrams\tcount=4 sum=10.0");
        assert_eq!(is("size").unwrap(), "histogram\thistogram\tbytes\tcount=4 sum=1000 max=400 1.0:400");
        assert_eq!(is("took").unwrap(), "histogram\thistogram\tseconds\tcount=4 sum=40000000 max=10000000");
        for label in ["load", "window", "took.minute", "never"] {
            assert_eq!(is(label), None, "{label} is of the thread");
        }
        assert_eq!(is("sys.folded").unwrap(), "gauge\tu64\t-\t8", "four folds");
        assert_eq!(is(mmstats::MODEL_LABEL).unwrap(), "info\tfixed text\t-\tWork");
        assert_eq!(help(&path, "weight"), "What it weighs.");
        assert_eq!(fs::read_dir(dir()).unwrap().count(), 1, "the threads' files are gone");
    });
}

fn help(path: &Path, wanted: &str) -> String {
    let bytes = fs::read(path).unwrap();
    let (fields, _) = show::fields([&bytes; 4]).unwrap();
    let mut fields = fields.into_iter().map(Result::unwrap);
    let field = fields.find(|field| bytes[field.label.clone()] == *wanted.as_bytes()).unwrap();
    mmstats::format::item::Items::parse(&bytes[field.items]).0.help.unwrap()
}

#[test]
fn means_are_weighed_by_their_counts_in_version_1() {
    alone(|| {
        for turn in 1..=4 {
            in_thread(move || {
                FIRST.with(|stats| {
                    work(stats, turn);
                    (0..turn).for_each(|_| stats.size.record(0));
                });
            });
        }
        let path = folded(1);
        let snapshot = Snapshot::of(&path).unwrap();
        let is = |label: &str| snapshot.find(label).map(|field| field.value().to_string());
        assert_eq!(is("done").unwrap(), "40");
        assert_eq!(is("weight").unwrap(), "2.5");
        assert_eq!(is("size").unwrap(), (1000.0 / 14.0).to_string());
        assert_eq!(is("took").unwrap(), "0.01");
        assert_eq!((is("never"), is("took.minute"), is("load")), (None, None, None));
    });
}

#[test]
fn histograms_of_another_shape_are_folded_too() {
    alone(|| {
        for (precision, value) in [(5, 1000), (8, 1000), (2, 10)] {
            in_thread(move || {
                ODD.with(|stats| {
                    let spec = Histogram::spec().precision(precision);
                    stats.add_field("late", spec).unwrap().record(value);
                });
            });
        }
        assert_eq!(line(&folded(2), "late").unwrap(), "histogram\thistogram\t-\tcount=3 sum=2010 max=1000");
    });
}
