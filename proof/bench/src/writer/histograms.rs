//! Histograms, beside a counter in the same file and those of other libraries; and windows, beside their clock.
//!
//! What is recorded is nanoseconds about 20 us, as latencies are distributed: buckets of one place only would be
//! hit, and the branches foreseen, if it were a number that does not change. `prometheus` and `prometheus-client`
//! have 11 buckets here, their defaults; ours has 1,216.

use std::hint::black_box;

use mmstats::Instance;
use nix::time::{ClockId, clock_gettime};

use super::{Extent, Stats};
use crate::numbers::lognormal;
use crate::table::Table;
use crate::turns::{Sample, Turns};

const COUNTER: &str = "counter.incr(), same file";
const OURS: &str = "histogram.record()";
const PROMETHEUS: &str = "prometheus: Histogram::observe";
/// As many as fit into a cache beside the histograms.
const NUMBERS: usize = 4096;

pub(super) fn run(stats: &Instance<Stats>, extent: &Extent, table: &mut Table) {
    let numbers: Vec<u64> = lognormal(1).take(NUMBERS).collect();
    let seconds: Vec<f64> = numbers.iter().map(|&number| number as f64 * 1e-9).collect();
    let (numbers, seconds) = (black_box(&numbers), black_box(&seconds));
    let at = |n: u64| n as usize % NUMBERS;
    let buckets = prometheus::DEFAULT_BUCKETS.to_vec();
    let options = prometheus::HistogramOpts::new("histogram", "help").buckets(buckets.clone());
    let prometheus = prometheus::Histogram::with_opts(options).unwrap();
    let client = prometheus_client::metrics::histogram::Histogram::new(buckets);
    let handle = metrics::histogram!("histogram");
    // As fine as ours, or the next finer that there is.
    let atomic = histogram::AtomicHistogram::new(5, 42).unwrap();
    let mut hdr = hdrhistogram::Histogram::<u64>::new_with_bounds(1, 1 << 42, 2).unwrap();
    let (prometheus, client, handle) = (black_box(&prometheus), black_box(&client), black_box(&handle));
    let (atomic, hdr) = (black_box(&atomic), black_box(&mut hdr));

    let mut turns = Turns::default();
    turns.add("a number of the table", &[], extent.operations, |n| {
        for n in 0..n {
            black_box(numbers[at(n)]);
        }
    });
    turns.add(COUNTER, &[], extent.operations, |n| (0..n).for_each(|_| stats.counter.incr()));
    let wanted = [(COUNTER, Some(4.0)), (PROMETHEUS, Some(0.3))];
    turns.add(OURS, &wanted, extent.operations, |n| {
        (0..n).for_each(|n| stats.histogram.record(numbers[at(n)]));
    });
    turns.add("histogram.record(), one number", &[(COUNTER, None)], extent.operations, |n| {
        (0..n).for_each(|_| stats.histogram.record(black_box(21_400)));
    });
    let peer = [(COUNTER, None), (OURS, None)];
    turns.add("hdrhistogram: Histogram::record", &peer, extent.operations, |n| {
        (0..n).for_each(|n| hdr.record(numbers[at(n)]).unwrap());
    });
    turns.add("histogram: AtomicHistogram::increment", &peer, extent.operations, |n| {
        (0..n).for_each(|n| atomic.increment(numbers[at(n)]).unwrap());
    });
    turns.add(PROMETHEUS, &peer, extent.operations / 16, |n| {
        (0..n).for_each(|n| prometheus.observe(seconds[at(n)]));
    });
    turns.add("prometheus-client: Histogram::observe", &peer, extent.operations / 16, |n| {
        (0..n).for_each(|n| client.observe(seconds[at(n)]));
    });
    // It keeps every value until somebody renders them; nobody does, so it is not asked often.
    turns.add("metrics: histogram.record", &peer, extent.operations / 64, |n| {
        (0..n).for_each(|n| handle.record(seconds[at(n)]));
    });
    turns.run(extent.rounds, table);
}

/// A window's own part is what it takes beyond its clock.
pub(super) fn window(stats: &Instance<Stats>, extent: &Extent, table: &mut Table) {
    const CLOCK: &str = "coarse clock";
    const OURS: &str = "window.add()";
    let mut turns = Turns::default();
    turns.add(CLOCK, &[], extent.operations, |n| {
        for _ in 0..n {
            let _ = black_box(clock_gettime(ClockId::CLOCK_MONOTONIC_COARSE));
        }
    });
    turns.add(OURS, &[(CLOCK, None)], extent.operations, |n| {
        (0..n).for_each(|n| stats.window.add(n as f64));
    });
    let seconds = turns.run(extent.rounds, table);
    let beyond = Sample::differences(&seconds[1], &seconds[0]);
    table.more("window.add(), beyond its clock", CLOCK, &beyond, Some(3e-9));
}
