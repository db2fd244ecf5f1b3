//! What an update costs, beside a counter's: `cargo test --release -p mmstats --lib values::costs -- --ignored
//! --nocapture`.

use std::cell::Cell;
use std::hint::black_box;
use std::time::Instant;

use super::histogram::Histogram;
use super::mean::Mean;
use super::recent::Recent;
use super::shape::Shape;
use super::testing::Place;
use super::text::Text;
use super::window::{Window, coarse_now};
use crate::slot::WordSlot;

const ROUNDS: u32 = 2_000_000;

/// The least of some tries, in nanoseconds per call.
fn cost(what: &str, mut update: impl FnMut(u32)) {
    let mut least = f64::INFINITY;
    for _ in 0..15 {
        let begin = Instant::now();
        for round in 0..ROUNDS {
            update(black_box(round));
        }
        least = least.min(begin.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS));
    }
    println!("{what:32}{least:8.2} ns");
}

#[test]
#[ignore = "prints times, by hand"]
fn what_updates_cost() {
    cost("nothing", |_| {});
    let place = Place::in_file();
    let slot = WordSlot::<u64>::new(place.home(), place.at, place.mark);
    let value = Cell::new(0_u64);
    let (value, slot) = black_box((&value, &slot));
    cost("counter", |_| {
        value.set(value.get().wrapping_add(1));
        slot.set(value.get());
    });
    // A lognormal, as latencies are: drawn before, as drawing costs more than recording.
    let numbers: Vec<u64> = lognormal().take(4096).collect();
    let number = |round: u32| numbers[round as usize % 4096];
    let sink = Cell::new(0);
    cost("a number of the list", |round| sink.set(number(round)));
    let place = Place::in_file();
    let shape = Shape::default();
    let histogram = Histogram::new(place.home(), place.at, shape, place.mark);
    let histogram = black_box(&histogram);
    cost("histogram", |round| histogram.record(number(round)));
    cost("histogram, one number", |_| histogram.record(black_box(21_400)));
    let place = Place::in_file();
    let mean = Mean::new(place.home(), place.at, place.mark);
    let sum = Cell::new(0.0);
    let sum = black_box(&sum);
    cost("f64 cell", |round| sum.set(sum.get() + f64::from(round)));
    let slot = WordSlot::<f64>::new(place.home(), place.at, place.mark);
    let cells = (Cell::new(0.0), Cell::new(0_u64));
    let (sum, count) = black_box(&cells);
    cost("average of version 1", |round| {
        sum.set(sum.get() + f64::from(round));
        count.set(count.get() + 1);
        slot.set(sum.get() / count.get() as f64);
    });
    let mean = black_box(&mean);
    cost("mean of one number", |_| mean.add(black_box(1.0)));
    cost("mean", |round| mean.add(f64::from(round)));
    let place = Place::in_file();
    let window = Window::new(place.home(), place.at, 60, place.mark);
    cost("coarse clock", |_| {
        black_box(coarse_now());
    });
    cost("window, clock read by the caller", |round| window.add_at(black_box(7), f64::from(round)));
    cost("window", |round| window.add(f64::from(round)));
    let place = Place::in_file();
    let recent = Recent::new(place.home(), place.at, 100, place.mark);
    cost("recent", |round| recent.add(f64::from(round)));
    for len in [8, 64, 255] {
        let place = Place::in_file();
        let text = Text::new(place.home(), place.at, 255, place.mark);
        let given = vec![b'x'; len];
        cost(&format!("text of {len} bytes"), |_| text.set(black_box(&given)));
    }
}

/// Nanoseconds about 20 us.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn lognormal() -> impl Iterator<Item = u64> {
    let mut state = 88_172_645_463_325_252_u64;
    let mut uniform = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    std::iter::repeat_with(move || {
        let normal: f64 = (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
        (20_000.0 * normal.exp()) as u64
    })
}
