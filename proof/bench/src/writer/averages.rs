//! Averages and timers, and beside them what others sum up times in: histograms of 11 buckets.

use std::cell::Cell;
use std::hint::black_box;
use std::time::{Duration, Instant};

use mmstats::Instance;

use super::{Extent, PLAIN, Stats, bump};
use crate::table::Table;
use crate::turns::Turns;

const CLOCK: &str = "two clock readings";
const RECORD: &str = "timer.record(), the clock apart";

pub(super) fn run(stats: &Instance<Stats>, extent: &Extent, table: &mut Table) {
    let plain = Cell::new(0_u64);
    let plain = black_box(&plain);
    let buckets = prometheus::DEFAULT_BUCKETS.to_vec();
    let options = prometheus::HistogramOpts::new("histogram", "help").buckets(buckets.clone());
    let prometheus = prometheus::Histogram::with_opts(options).unwrap();
    let client = prometheus_client::metrics::histogram::Histogram::new(buckets);
    let handle = metrics::histogram!("histogram");
    let (prometheus, client, handle) = (black_box(&prometheus), black_box(&client), black_box(&handle));
    let mut turns = Turns::default();
    let ours = [(PLAIN, Some(1.8))];
    turns.add(PLAIN, &[], extent.operations, |n| (0..n).for_each(|_| bump(plain)));
    turns.add("average.add()", &ours, extent.operations, |n| {
        (0..n).for_each(|n| stats.average.add(n as f64));
    });
    turns.add("moving average, window 100", &ours, extent.operations, |n| {
        (0..n).for_each(|n| stats.moving.add(n as f64));
    });
    turns.add("moving average, window 10,000", &ours, extent.operations, |n| {
        (0..n).for_each(|n| stats.wide.add(n as f64));
    });
    turns.add(RECORD, &[(PLAIN, None)], extent.operations, |n| {
        (0..n).for_each(|n| stats.timer.record(Duration::from_nanos(n)));
    });
    let peer = [(PLAIN, None), (RECORD, None)];
    turns.add("prometheus: Histogram::observe", &peer, extent.operations / 16, |n| {
        (0..n).for_each(|n| prometheus.observe(n as f64 * 1e-9));
    });
    turns.add("prometheus-client: Histogram::observe", &peer, extent.operations / 16, |n| {
        (0..n).for_each(|n| client.observe(n as f64 * 1e-9));
    });
    // It keeps every value until somebody renders them; nobody does, so it is not asked often.
    turns.add("metrics: histogram.record", &peer, extent.operations / 64, |n| {
        (0..n).for_each(|n| handle.record(n as f64 * 1e-9));
    });
    turns.run(extent.rounds, table);

    let mut turns = Turns::default();
    turns.add(CLOCK, &[], extent.operations / 16, |n| {
        for _ in 0..n {
            black_box(Instant::now());
            black_box(Instant::now());
        }
    });
    turns.add("timer guard", &[(CLOCK, Some(1.25))], extent.operations / 16, |n| {
        (0..n).for_each(|_| drop(stats.timer.start()));
    });
    turns.run(extent.rounds, table);
}
