//! What a program publishes, a reader finds.

#![allow(clippy::unwrap_used)]

mod fields;
mod file;
mod readers;

use std::path::Path;

use mmstats::{
    Average, Bool, Counter, Gauge, MovingAverage, Snapshot, Static, StaticText, Text, Timer, stats,
};

stats! {
    /// One of each.
    struct Every {
        counter: Counter,
        u64: Gauge<u64>,
        u32: Gauge<u32>,
        u16: Gauge<u16>,
        i64: Gauge<i64>,
        i32: Gauge<i32> { initial: -7 },
        i16: Gauge<i16>,
        i8: Gauge<i8>,
        f32: Gauge<f32>,
        f64: Gauge<f64>,
        yes: Bool { initial: true },
        text: Text { size: 10, initial: "first" },
        average: Average,
        moving: MovingAverage { window: 2 },
        timer: Timer,
        s_text: StaticText { value: "täxt" },
        s_u32: Static<u32> { value: 1 },
        s_u64: Static<u64> { with: || u64::MAX },
        s_i64: Static<i64> { value: i64::MIN },
        s_f32: Static<f32> { value: 0.5 },
        s_f64: Static<f64> { value: 0.1 },
        r#type: Counter,
    }

    struct Inner {
        hits: Counter,
    }

    struct Outer {
        plain: Inner,
        named: Inner = "named.",
        own: Counter = "own label ✓",
    }
}

fn value(path: &Path, label: &str) -> String {
    let snapshot = Snapshot::of(path).unwrap();
    let found = snapshot.fields().map(|field| field.unwrap()).find(|field| field.label() == label.as_bytes());
    found.unwrap_or_else(|| panic!("no {label} in {}", path.display())).value().to_string()
}

fn labels(path: &Path) -> Vec<String> {
    let snapshot = Snapshot::of(path).unwrap();
    snapshot.fields().map(|field| String::from_utf8(field.unwrap().label().to_vec()).unwrap()).collect()
}
