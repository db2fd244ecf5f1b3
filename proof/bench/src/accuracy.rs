//! Percentiles that a reader takes from the merged histograms of eight threads, beside the exact ones of the same
//! numbers.

use std::path::Path;
use std::thread;

use mmstats::{Histogram, HistogramTotal, Instance, Options, Snapshot, Value, Version, stats};

use crate::numbers::{bimodal, lognormal};
use crate::settings::Settings;
use crate::table::Table;

const THREADS: u64 = 8;
const PERCENTILES: [(&str, f64); 3] = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)];
const PRECISIONS: [u32; 3] = [4, 5, 6];

stats! {
    struct Stats {
        coarse: Histogram { precision: 4 },
        usual: Histogram,
        fine: Histogram { precision: 6 },
    }
}

/// What a percentile of some numbers is, and what a reader says that it is.
struct Found {
    percentile: &'static str,
    precision: u32,
    exact: u64,
    read: u64,
}

impl Found {
    /// In relation to the exact one.
    fn error(&self) -> f64 {
        self.read.abs_diff(self.exact) as f64 / self.exact as f64
    }

    /// Half of a bucket that is as wide as any, in relation to the least number in it.
    fn bound(&self) -> f64 {
        0.5 / f64::from(1 << self.precision)
    }
}

pub(crate) fn run(settings: &Settings, _table: &mut Table) {
    let each = if settings.is_quick { 10_000 } else { 1_000_000 };
    println!("   percentiles of {THREADS} x {each} numbers, in ns, merged by the reader");
    println!(
        "   {:10} {:6} {:>9} {:>9} {:>9} {:>8} {:>8}",
        "numbers", "", "precision", "exact", "read", "error", "bound"
    );
    for (name, found) in [
        ("lognormal", measure(settings.memory(), each, lognormal)),
        ("bimodal", measure(settings.memory(), each, bimodal)),
    ] {
        for one in found {
            let Found { percentile, precision, exact, read } = one;
            let (error, bound) = (one.error() * 100.0, one.bound() * 100.0);
            println!(
                "   {name:10} {percentile:6} {precision:9} {exact:9} {read:9} {error:7.2}% {bound:7.2}%"
            );
        }
    }
}

/// Each thread records `each` numbers in a file of its own.
fn measure<N: Iterator<Item = u64>>(dir: &Path, each: usize, numbers: fn(u64) -> N) -> Vec<Found> {
    let (instances, mut all): (Vec<_>, Vec<_>) = thread::scope(|scope| {
        let record = |thread: u64| {
            let name = format!("accuracy-{thread}.mmstats");
            let stats =
                Options::new().version(Version::V2).dir(dir).filename(name).create::<Stats>().unwrap();
            let numbers: Vec<_> = numbers(thread + 1).take(each).collect();
            for &number in &numbers {
                [&stats.coarse, &stats.usual, &stats.fine].into_iter().for_each(|one| one.record(number));
            }
            (stats, numbers)
        };
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || record(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).unzip()
    });
    let mut exact: Vec<u64> = all.drain(..).flatten().collect();
    exact.sort_unstable();
    let merged = merged(&instances);
    let mut found = Vec::new();
    for (percentile, q) in PERCENTILES {
        let rank = (exact.len() as f64 * q).ceil() as usize;
        for (histogram, precision) in merged.iter().zip(PRECISIONS) {
            assert_eq!((histogram.count(), histogram.histogram.shape().p()), (exact.len() as u64, precision));
            let read = histogram.histogram.quantile(q).unwrap().value;
            found.push(Found { percentile, precision, exact: exact[rank - 1], read });
        }
    }
    found
}

/// The histograms of all files, label by label.
fn merged(instances: &[Instance<Stats>]) -> Vec<HistogramTotal> {
    let mut merged: Vec<HistogramTotal> = Vec::new();
    for instance in instances {
        let snapshot = Snapshot::of(instance.path()).unwrap();
        let values = snapshot.fields().map(|field| match field.unwrap().value() {
            Value::Histogram(histogram) => Some(histogram.total()),
            _ => None,
        });
        for (place, one) in values.flatten().enumerate() {
            match merged.get_mut(place) {
                Some(before) => before.merge(&one).unwrap(),
                None => merged.push(one),
            }
        }
    }
    merged
}

#[test]
fn percentiles_of_eight_threads_are_as_near_as_the_buckets_are_narrow() {
    let dir = tempfile::tempdir().unwrap();
    for found in [measure(dir.path(), 5_000, lognormal), measure(dir.path(), 5_000, bimodal)] {
        assert_eq!(found.len(), PERCENTILES.len() * PRECISIONS.len());
        for one in found {
            let Found { percentile, precision, exact, read } = one;
            // 3.1 %, 1.6 % by default, 0.8 %.
            let is_near = one.error() <= one.bound();
            assert!(is_near, "{percentile}, precision {precision}: {read} in place of {exact}");
        }
    }
}
