//! What updates cost.

mod averages;
mod c;
mod counters;
mod facade;
mod histograms;
mod once;
mod original;
mod values;

use std::cell::Cell;
use std::hint::black_box;

use mmstats::{
    Average, Counter, Gauge, Histogram, Instance, MovingAverage, Options, Recent, Text, Timer, Version,
    Window, per_thread, stats,
};

use crate::settings::Settings;
use crate::table::Table;

stats! {
    struct Stats {
        counter: Counter,
        gauge: Gauge<f64>,
        text: Text,
        average: Average,
        moving: MovingAverage,
        wide: MovingAverage { window: 10_000 },
        timer: Timer,
        histogram: Histogram { durations },
        window: Window,
        recent: Recent,
    }
}

per_thread! {
    static LOCAL: Stats = Options::new().filename("{PID}-{TID}.bench");
}

const ROUNDS: usize = 101;
const PLAIN: &str = "plain volatile u64 += 1";

/// How much is done how often.
struct Extent {
    rounds: usize,
    operations: u64,
}

pub(crate) fn run(settings: &Settings, table: &mut Table) {
    let extent = Extent {
        rounds: settings.rounds(ROUNDS),
        operations: if settings.is_quick { 6400 } else { 200_000 },
    };
    let options = Options::new().dir(settings.memory());
    let make = |version, name| options.clone().version(version).filename(name).create::<Stats>().unwrap();
    let both = [make(Version::V1, "version-1.mmstats"), make(Version::V2, "version-2.mmstats")];
    // Where they are is unknown to the compiler, as in a program; what they are is not.
    let [old, stats]: &[Instance<Stats>; 2] = black_box(&both);
    counters::one(stats, old, &extent, table);
    counters::shared(&options, &extent, table);
    counters::many(&options, &extent, table);
    facade::run(&options, &extent, table);
    values::run(stats, old, &extent, table);
    averages::run(stats, old, &extent, table);
    histograms::run(stats, &extent, table);
    histograms::window(stats, &extent, table);
    once::run(settings, &options, table);
    c::run(settings, &extent, table);
    original::run(stats, settings, &extent, table);
    LOCAL.remove().unwrap();
}

#[inline(always)]
fn bump(cell: &Cell<u64>) {
    let target = cell.as_ptr();
    // SAFETY: a cell's own memory, on the one thread that has it.
    let value = unsafe { target.read_volatile() };
    // SAFETY: as above.
    unsafe { target.write_volatile(value.wrapping_add(1)) };
}

#[inline(always)]
fn store(cell: &Cell<f64>, value: f64) {
    // SAFETY: a cell's own memory, on the one thread that has it.
    unsafe { cell.as_ptr().write_volatile(value) };
}

#[inline(always)]
fn accumulate(cell: &Cell<f64>, value: f64) {
    // SAFETY: a cell's own memory, on the one thread that has it.
    let sum = unsafe { cell.as_ptr().read_volatile() };
    store(cell, sum + value);
}
