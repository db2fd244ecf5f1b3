//! What is instrumented with the crate `metrics`: published by us, and by the Prometheus exporter.

use std::hint::black_box;

use metrics::{Counter, Gauge, Histogram, Recorder, counter, gauge, histogram, with_local_recorder};
use metrics_exporter_mmstats::MmstatsBuilder;
use metrics_exporter_prometheus::PrometheusBuilder;
use mmstats::Options;

use super::Extent;
use crate::table::Table;
use crate::turns::Turns;

/// One of each kind.
struct Handles {
    counter: Counter,
    gauge: Gauge,
    histogram: Histogram,
}

fn handles(recorder: &dyn Recorder) -> Handles {
    with_local_recorder(recorder, || Handles {
        counter: counter!("counter"),
        gauge: gauge!("gauge"),
        histogram: histogram!("histogram_seconds"),
    })
}

const COUNTER: &str = "metrics, Prometheus: counter handle";
const GAUGE: &str = "metrics, Prometheus: gauge handle";
const HISTOGRAM: &str = "metrics, Prometheus: histogram handle";
const LOOKED_UP: &str = "metrics, Prometheus: counter!()";

pub(super) fn run(options: &Options, extent: &Extent, table: &mut Table) {
    let options = options.clone().filename("metrics.mmstats");
    let ours = MmstatsBuilder::new().options(options).build().unwrap();
    let prometheus = PrometheusBuilder::new().build_recorder();
    // It keeps every number of a histogram until somebody scrapes.
    let scrape = prometheus.handle();
    let (own, theirs) = (&handles(&ours), &handles(&prometheus));
    let (own, theirs) = (black_box(own), black_box(theirs));

    let mut turns = Turns::default();
    turns.add(COUNTER, &[], extent.operations, |n| (0..n).for_each(|_| theirs.counter.increment(1)));
    turns.add("metrics, ours: counter handle", &[(COUNTER, Some(0.6))], extent.operations, |n| {
        (0..n).for_each(|_| own.counter.increment(1));
    });
    turns.add(GAUGE, &[], extent.operations, |n| (0..n).for_each(|n| theirs.gauge.set(n as f64)));
    turns.add("metrics, ours: gauge handle", &[(GAUGE, Some(0.6))], extent.operations, |n| {
        (0..n).for_each(|n| own.gauge.set(n as f64));
    });
    let times = extent.operations / 16;
    turns.add(HISTOGRAM, &[], times, |n| {
        (0..n).for_each(|n| theirs.histogram.record(n as f64 * 1e-6));
        scrape.run_upkeep();
    });
    turns.add("metrics, ours: histogram handle", &[(HISTOGRAM, Some(0.6))], times, |n| {
        (0..n).for_each(|n| own.histogram.record(n as f64 * 1e-6));
    });
    turns.add(LOOKED_UP, &[], times, |n| {
        with_local_recorder(&prometheus, || (0..n).for_each(|_| counter!("name").increment(1)));
    });
    turns.add("metrics, ours: counter!()", &[(LOOKED_UP, Some(0.6))], times, |n| {
        with_local_recorder(&ours, || (0..n).for_each(|_| counter!("name").increment(1)));
    });
    turns.run(extent.rounds, table);
}
