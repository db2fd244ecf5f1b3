//! What an update costs, beside a counter's: `cargo test --release -p mmstats --lib values::costs -- --ignored
//! --nocapture`.

use std::cell::Cell;
use std::hint::black_box;
use std::time::Instant;

use super::histogram::Histogram;
use super::mean::Mean;
use super::recent::Recent;
use super::testing::Place;
use super::text::Text;
use super::window::Window;
use crate::format::histogram::Shape;
use crate::system::coarse_second;
use crate::write::memory::slot::WordSlot;

const ROUNDS: u32 = 1_000_000;

/// The least of some tries, in nanoseconds per call.
fn cost(what: &str, mut update: impl FnMut(u32)) {
    let mut least = f64::INFINITY;
    for _ in 0..25 {
        let begin = Instant::now();
        for round in 0..ROUNDS {
            update(black_box(round));
        }
        least = least.min(begin.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS));
    }
    println!("{what:32}{least:8.2} ns");
}

/// A writer that the compiler must leave in memory, as a program's is. Its file goes with the test's end.
fn made<T>(make: impl FnOnce(&Place) -> T) -> Box<T> {
    black_box(Box::new(make(&Place::in_file())))
}

#[test]
#[ignore = "prints times, by hand"]
fn what_updates_cost() {
    cost("nothing", |_| {});
    let word = made(|place| {
        (WordSlot::<u64>::new(place.home(), place.at, place.mark), Cell::new(0_u64), Cell::new(0.0))
    });
    let (slot, count, sum) = &*word;
    cost("counter", |_| {
        count.set(count.get().wrapping_add(1));
        slot.set(count.get());
    });
    cost("f64 in memory, +=", |round| sum.set(sum.get() + f64::from(round)));
    // A lognormal, as latencies are: drawn before, as drawing costs more than recording.
    let numbers: Vec<u64> = lognormal().take(4096).collect();
    let shape = Shape::default();
    let histogram = made(|place| Histogram::new(place.home(), place.at, shape, place.mark));
    cost("histogram", |round| histogram.record(numbers[round as usize % 4096]));
    cost("histogram, one number", |_| histogram.record(black_box(21_400)));
    let mean = made(|place| Mean::new(place.home(), place.at, place.mark));
    cost("mean", |round| mean.add(f64::from(round)));
    let window = made(|place| Window::new(place.home(), place.at, 60, place.mark));
    cost("coarse clock", |_| {
        black_box(coarse_second());
    });
    cost("window, clock read by the caller", |round| window.add_at(black_box(7), f64::from(round)));
    cost("window", |round| window.add(f64::from(round)));
    let recent = made(|place| Recent::new(place.home(), place.at, 100, place.mark));
    cost("recent", |round| recent.add(f64::from(round)));
    let text = made(|place| Text::new(place.home(), place.at, 255, place.mark));
    for len in [8, 64, 255] {
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
