//! Averages and timers, each in version 1, where the mean is published, and in version 2, where it is its parts.

use std::cell::Cell;
use std::hint::black_box;
use std::time::{Duration, Instant};

use mmstats::{Instance, Timer};

use super::{Extent, PLAIN, Stats, accumulate, bump};
use crate::table::Table;
use crate::turns::Turns;

const SUM: &str = "plain volatile f64 += n";
const CLOCK: &str = "two clock readings";

pub(super) fn run(stats: &Instance<Stats>, old: &Instance<Stats>, extent: &Extent, table: &mut Table) {
    let plain = Cell::new(0_u64);
    let plain = black_box(&plain);
    let sum = Cell::new(0.0_f64);
    let sum = black_box(&sum);
    let mut turns = Turns::default();
    let ours = [(PLAIN, None)];
    turns.add(PLAIN, &[], extent.operations, |n| (0..n).for_each(|_| bump(plain)));
    // What any sum takes that is kept in memory: one addition waits for the one before.
    turns.add(SUM, &[(PLAIN, None)], extent.operations, |n| (0..n).for_each(|n| accumulate(sum, n as f64)));
    turns.add("average.add(), version 1", &ours, extent.operations, |n| {
        (0..n).for_each(|n| old.average.add(n as f64));
    });
    let both = [(SUM, Some(1.8)), ("average.add(), version 1", None)];
    turns.add("average.add()", &both, extent.operations, |n| {
        (0..n).for_each(|n| stats.average.add(n as f64));
    });
    turns.add("moving average, window 100, version 1", &ours, extent.operations, |n| {
        (0..n).for_each(|n| old.moving.add(n as f64));
    });
    let both = [(SUM, Some(1.8)), ("moving average, window 100, version 1", None)];
    turns.add("moving average, window 100", &both, extent.operations, |n| {
        (0..n).for_each(|n| stats.moving.add(n as f64));
    });
    turns.add("moving average, window 10,000", &[(SUM, Some(1.8))], extent.operations, |n| {
        (0..n).for_each(|n| stats.wide.add(n as f64));
    });
    turns.add("recent.add(), version 1", &ours, extent.operations, |n| {
        (0..n).for_each(|n| old.recent.add(n as f64));
    });
    let both = [(PLAIN, None), ("recent.add(), version 1", None)];
    turns.add("recent.add()", &both, extent.operations, |n| {
        (0..n).for_each(|n| stats.recent.add(n as f64));
    });
    turns.run(extent.rounds, table);
    timers(stats, old, extent, table);
}

fn timers(stats: &Instance<Stats>, old: &Instance<Stats>, extent: &Extent, table: &mut Table) {
    let mut turns = Turns::default();
    turns.add(CLOCK, &[], extent.operations / 16, |n| {
        for _ in 0..n {
            black_box(Instant::now());
            black_box(Instant::now());
        }
    });
    let guards = |timer: &Timer, n| (0..n).for_each(|_| drop(timer.start()));
    turns.add("timer guard, version 1", &[(CLOCK, None)], extent.operations / 16, |n| guards(&old.timer, n));
    let both = [(CLOCK, Some(1.25)), ("timer guard, version 1", None)];
    turns.add("timer guard", &both, extent.operations / 16, |n| guards(&stats.timer, n));
    turns.add("histogram guard", &[(CLOCK, None)], extent.operations / 16, |n| {
        (0..n).for_each(|_| drop(stats.histogram.start()));
    });
    turns.add(
        "timer.record(), with its reading of the clock",
        &[(CLOCK, None)],
        extent.operations / 16,
        |n| {
            (0..n).for_each(|n| stats.timer.record(Duration::from_nanos(n)));
        },
    );
    turns.run(extent.rounds, table);
}
