//! Gauges and text.

use std::cell::{Cell, RefCell};
use std::hint::black_box;

use mmstats::Instance;

use super::{Extent, Stats, store};
use crate::table::Table;
use crate::turns::Turns;

const STORE: &str = "plain volatile f64 store";
const OURS: &str = "gauge.set()";
const COPY: &str = "memcpy of 255 bytes";

pub(super) fn run(stats: &Instance<Stats>, old: &Instance<Stats>, extent: &Extent, table: &mut Table) {
    let plain = Cell::new(0.0_f64);
    let plain = black_box(&plain);
    let prometheus = prometheus::Gauge::new("gauge", "help").unwrap();
    let client: prometheus_client::metrics::gauge::Gauge<f64, std::sync::atomic::AtomicU64> =
        Default::default();
    let handle = metrics::gauge!("gauge");
    let (prometheus, client, handle) = (black_box(&prometheus), black_box(&client), black_box(&handle));
    let mut turns = Turns::default();
    turns.add(STORE, &[], extent.operations, |n| (0..n).for_each(|n| store(plain, n as f64)));
    turns.add(OURS, &[(STORE, Some(1.1))], extent.operations, |n| {
        (0..n).for_each(|n| stats.gauge.set(n as f64));
    });
    turns.add("gauge.set(), version 1", &[(STORE, None)], extent.operations, |n| {
        (0..n).for_each(|n| old.gauge.set(n as f64));
    });
    turns.add("gauge.set(), version 2", &[("gauge.set(), version 1", Some(1.1))], extent.operations, |n| {
        (0..n).for_each(|n| stats.gauge.set(n as f64));
    });
    let peer = [(STORE, None), (OURS, None)];
    turns.add("prometheus: Gauge::set", &peer, extent.operations, |n| {
        (0..n).for_each(|n| prometheus.set(n as f64));
    });
    turns.add("prometheus-client: Gauge::set", &peer, extent.operations, |n| {
        for n in 0..n {
            client.set(n as f64);
        }
    });
    turns.add("metrics: gauge.set", &peer, extent.operations, |n| {
        (0..n).for_each(|n| handle.set(n as f64));
    });
    turns.run(extent.rounds, table);

    let line = "x".repeat(255);
    // Where the stack begins is luck, and a copy whose two ends have the same low bits may take three times as long.
    let copy = RefCell::new(vec![0_u8; 256]);
    let mut turns = Turns::default();
    turns.add(COPY, &[], extent.operations / 16, |n| {
        for _ in 0..n {
            // Of a length that is not known when it is compiled, as ours.
            let line = black_box(&line).as_bytes();
            copy.borrow_mut()[..line.len()].copy_from_slice(line);
            black_box(&copy);
        }
    });
    turns.add("text.set(), 255 bytes", &[(COPY, Some(1.3))], extent.operations / 16, |n| {
        (0..n).for_each(|_| stats.text.set(black_box(&line)));
    });
    turns.add("text.set(), 255 bytes, version 1", &[(COPY, Some(1.3))], extent.operations / 16, |n| {
        (0..n).for_each(|_| old.text.set(black_box(&line)));
    });
    turns.run(extent.rounds, table);
}
