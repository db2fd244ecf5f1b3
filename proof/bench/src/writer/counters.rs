//! Increments: ours, bare ones, and those of other libraries.

use std::cell::Cell;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use metrics_exporter_prometheus::PrometheusBuilder;
use mmstats::{Counter, Instance, Options, SharedCounter, SharedHistogram, Version};

use super::{Extent, LOCAL, PLAIN, Stats, bump};
use crate::table::Table;
use crate::turns::{Sample, Turns};

const ATOMIC: &str = "AtomicU64::fetch_add";
const OURS: &str = "counter.incr()";

/// Back to back.
pub(super) fn one(stats: &Instance<Stats>, old: &Instance<Stats>, extent: &Extent, table: &mut Table) {
    let plain = Cell::new(0_u64);
    let plain = black_box(&plain);
    let atomic = AtomicU64::new(0);
    let atomic = black_box(&atomic);
    let prometheus = prometheus::IntCounter::new("prometheus", "help").unwrap();
    prometheus::default_registry().register(Box::new(prometheus.clone())).unwrap();
    let mut registry = prometheus_client::registry::Registry::default();
    let client: prometheus_client::metrics::counter::Counter = Default::default();
    registry.register("client", "help", client.clone());
    metrics::set_global_recorder(PrometheusBuilder::new().build_recorder()).unwrap();
    let handle = metrics::counter!("handle");
    let (prometheus, client, handle) = (black_box(&prometheus), black_box(&client), black_box(&handle));

    let mut turns = Turns::default();
    turns.add(PLAIN, &[], extent.operations, |n| (0..n).for_each(|_| bump(plain)));
    turns.add(ATOMIC, &[(PLAIN, None)], extent.operations, |n| {
        for _ in 0..n {
            atomic.fetch_add(1, Ordering::Relaxed);
        }
    });
    // Some processors keep the plain loop's word in a register, which leaves a ratio to it without a meaning.
    turns.add(OURS, &[(PLAIN, None), (ATOMIC, Some(0.35))], extent.operations, |n| {
        (0..n).for_each(|_| stats.counter.incr());
    });
    turns.add("counter.incr(), version 1", &[(PLAIN, None)], extent.operations, |n| {
        (0..n).for_each(|_| old.counter.incr());
    });
    turns.add(
        "counter.incr(), version 2",
        &[("counter.incr(), version 1", Some(1.1))],
        extent.operations,
        |n| {
            (0..n).for_each(|_| stats.counter.incr());
        },
    );
    turns.add("per-thread counter.incr()", &[(OURS, None), (PLAIN, None)], extent.operations, |n| {
        (0..n).for_each(|_| LOCAL.with(|stats| stats.counter.incr()));
    });
    let peer = [(PLAIN, None), (OURS, None)];
    turns.add("prometheus: IntCounter::inc", &peer, extent.operations, |n| {
        (0..n).for_each(|_| prometheus.inc());
    });
    turns.add("prometheus-client: Counter::inc", &peer, extent.operations, |n| {
        for _ in 0..n {
            client.inc();
        }
    });
    turns.add("metrics: handle.increment(1)", &peer, extent.operations, |n| {
        (0..n).for_each(|_| handle.increment(1));
    });
    turns.add("metrics: counter!(\"name\").increment(1)", &peer, extent.operations / 16, |n| {
        (0..n).for_each(|_| metrics::counter!("name").increment(1));
    });
    let seconds = turns.run(extent.rounds, table);
    // In the order that they were added in.
    let [plain, _, ours, _, _, local, ..] = seconds.as_slice() else { return };
    let beyond = Sample::differences(ours, plain);
    table.more("counter.incr(), beyond a plain add", PLAIN, &beyond, Some(0.5e-9));
    let beyond = Sample::differences(local, ours);
    table.more("per-thread counter.incr(), beyond a bare handle", OURS, &beyond, Some(1e-9));
}

/// As many as it takes for each to find its memory as the others left it.
pub(super) fn many(options: &Options, extent: &Extent, table: &mut Table) {
    let both = [Version::V1, Version::V2].map(|version| {
        let options = options.clone().version(version).filename(format!("many-{version:?}.mmstats"));
        let growing = options.create::<()>().unwrap();
        let many: Vec<_> =
            (0..64).map(|n| growing.add_field(&n.to_string(), Counter::spec()).unwrap()).collect();
        (growing, many)
    });
    let [(_, old), (_, many)] = black_box(&both);
    let plains: Vec<_> = (0..64).map(|_| Cell::new(0_u64)).collect();
    let atomics: Vec<_> = (0..64).map(|_| AtomicU64::new(0)).collect();
    let mut turns = Turns::default();
    turns.add("64 plain adds in turn", &[], extent.operations, |n| {
        (0..n / 64).for_each(|_| plains.iter().for_each(bump));
    });
    turns.add("64 fetch_adds in turn", &[("64 plain adds in turn", None)], extent.operations, |n| {
        for _ in 0..n / 64 {
            for atomic in &atomics {
                atomic.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    turns.add("64 counters in turn, version 1", &[("64 plain adds in turn", None)], extent.operations, |n| {
        (0..n / 64).for_each(|_| old.iter().for_each(Counter::incr));
    });
    let others = [
        ("64 plain adds in turn", Some(3.3)),
        ("64 fetch_adds in turn", Some(0.25)),
        ("64 counters in turn, version 1", Some(1.1)),
    ];
    turns.add("64 counters in turn", &others, extent.operations, |n| {
        (0..n / 64).for_each(|_| many.iter().for_each(Counter::incr));
    });
    turns.run(extent.rounds, table);
}

/// What several threads update: one of them, and then all at once, where all wait for the same cache line.
pub(super) fn shared(options: &Options, extent: &Extent, table: &mut Table) {
    let stats = options.clone().filename("shared.mmstats").create::<()>().unwrap();
    let ours = stats.add_field("counter", SharedCounter::spec()).unwrap();
    let histogram = stats.add_field("histogram", SharedHistogram::spec().durations()).unwrap();
    let atomic = AtomicU64::new(0);
    let prometheus = prometheus::IntCounter::new("shared", "help").unwrap();
    let (ours, atomic, prometheus) = (black_box(&ours), black_box(&atomic), black_box(&prometheus));
    let histogram = black_box(&histogram);

    let mut turns = Turns::default();
    let add = || {
        atomic.fetch_add(1, Ordering::Relaxed);
    };
    turns.add(ATOMIC_AGAIN, &[], extent.operations, |n| (0..n).for_each(|_| add()));
    let against = [(ATOMIC_AGAIN, None)];
    turns.add("shared counter.incr()", &[(ATOMIC_AGAIN, Some(1.5))], extent.operations, |n| {
        (0..n).for_each(|_| ours.incr());
    });
    turns.add("prometheus: IntCounter::inc, again", &against, extent.operations, |n| {
        (0..n).for_each(|_| prometheus.inc());
    });
    turns.add("shared histogram.record()", &against, extent.operations, |n| {
        (0..n).for_each(|n| histogram.record(black_box(n & 0xfff)));
    });
    turns.add(ATOMIC_AT_ONCE, &against, extent.operations, |n| at_once(n, add));
    let against = [(ATOMIC_AT_ONCE, None)];
    turns.add("shared counter.incr(), 2 threads", &[(ATOMIC_AT_ONCE, Some(1.5))], extent.operations, |n| {
        at_once(n, || ours.incr());
    });
    turns.add("prometheus: IntCounter::inc, 2 threads", &against, extent.operations, |n| {
        at_once(n, || prometheus.inc());
    });
    turns.add("per-thread counter.incr(), 2 threads", &against, extent.operations, |n| {
        at_once(n, || LOCAL.with(|stats| stats.counter.incr()));
    });
    turns.run(extent.rounds, table);
}

const ATOMIC_AGAIN: &str = "AtomicU64::fetch_add, again";
const ATOMIC_AT_ONCE: &str = "AtomicU64::fetch_add, 2 threads";

/// So often altogether, by two threads. What it takes to start one is in it, a hundredth of the whole.
fn at_once(times: u64, work: impl Fn() + Sync) {
    thread::scope(|scope| {
        scope.spawn(|| (0..times / 2).for_each(|_| work()));
        (0..times / 2).for_each(|_| work());
    });
}
