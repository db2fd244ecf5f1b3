//! What an update costs, as a ratio to a plain volatile `u64 += 1` in the same run.
//!
//! The machine's speed drifts, so the candidates take turns in short rounds, and each ratio is the
//! median over the rounds. Nothing here is a test: it prints, and a person judges.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::cell::Cell;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use mmstats::{Average, Counter, Gauge, MovingAverage, Options, Text, Timer, per_thread, stats};

stats! {
    struct Bench {
        counter: Counter,
        gauge: Gauge<f64>,
        text: Text,
        average: Average,
        moving: MovingAverage,
        wide: MovingAverage { window: 10_000 },
        timer: Timer,
    }
}

per_thread! {
    static LOCAL: Bench = Options::new().filename("{PID}-{TID}.bench");
}

const ROUNDS: usize = 101;
const OPERATIONS: u64 = 200_000;

/// A name, what it is measured against (an index into the list), the budget, and the work of so many
/// operations.
struct Candidate<'a> {
    name: &'static str,
    against: usize,
    budget: Option<f64>,
    work: Box<dyn FnMut(u64) + 'a>,
}

fn main() {
    let stats = Options::new().filename("{PID}.bench").create::<Bench>().unwrap();
    let many: Vec<_> = (0..64).map(|n| stats.add_field(&n.to_string(), Counter::spec()).unwrap()).collect();
    // Where they are is unknown to the compiler, as in a program; what they are is not.
    let (stats, many) = (black_box(&stats), black_box(&many));
    let plain = Cell::new(0_u64);
    let plains: Vec<_> = (0..64).map(|_| Cell::new(0_u64)).collect();
    let atomic = AtomicU64::new(0);
    let atomics: Vec<_> = (0..64).map(|_| AtomicU64::new(0)).collect();
    let line = "x".repeat(255);
    let copy = std::cell::RefCell::new([0_u8; 256]);
    let double = Cell::new(0.0_f64);

    let mut candidates = vec![
        candidate("plain volatile u64 += 1", 0, None, |n| {
            for _ in 0..n {
                bump(&plain);
            }
        }),
        candidate("AtomicU64::fetch_add", 0, None, |n| {
            for _ in 0..n {
                atomic.fetch_add(1, Ordering::Relaxed);
            }
        }),
        candidate("counter.incr()", 0, Some(1.1), |n| {
            for _ in 0..n {
                stats.counter.incr();
            }
        }),
        candidate("counter.incr(), to fetch_add", 1, Some(0.35), |n| {
            for _ in 0..n {
                stats.counter.incr();
            }
        }),
        candidate("64 plain adds in turn", 4, None, |n| {
            for _ in 0..n / 64 {
                plains.iter().for_each(bump);
            }
        }),
        candidate("64 fetch_adds in turn", 4, None, |n| {
            for _ in 0..n / 64 {
                for atomic in &atomics {
                    atomic.fetch_add(1, Ordering::Relaxed);
                }
            }
        }),
        candidate("64 counters in turn", 4, Some(3.3), |n| {
            for _ in 0..n / 64 {
                many.iter().for_each(Counter::incr);
            }
        }),
        candidate("64 counters, to fetch_adds", 5, Some(0.25), |n| {
            for _ in 0..n / 64 {
                many.iter().for_each(Counter::incr);
            }
        }),
        candidate("plain volatile f64 store", 8, None, |n| {
            for n in 0..n {
                store(&double, n as f64);
            }
        }),
        candidate("gauge.set()", 8, Some(1.1), |n| {
            for n in 0..n {
                stats.gauge.set(n as f64);
            }
        }),
        candidate("memcpy of 255 bytes", 10, None, |n| {
            for _ in 0..n / 16 {
                copy.borrow_mut()[..255].copy_from_slice(black_box(&line).as_bytes());
                black_box(&copy);
            }
        }),
        candidate("text.set(), 255 bytes", 10, Some(1.2), |n| {
            for _ in 0..n / 16 {
                stats.text.set(black_box(&line));
            }
        }),
        candidate("average.add()", 0, Some(1.8), |n| {
            for n in 0..n {
                stats.average.add(n as f64);
            }
        }),
        candidate("moving average, window 100", 0, Some(1.8), |n| {
            for n in 0..n {
                stats.moving.add(n as f64);
            }
        }),
        candidate("moving average, window 10,000", 0, Some(1.8), |n| {
            for n in 0..n {
                stats.wide.add(n as f64);
            }
        }),
        candidate("two clock readings", 15, None, |n| {
            for _ in 0..n / 16 {
                black_box(Instant::now());
                black_box(Instant::now());
            }
        }),
        candidate("timer guard", 15, Some(1.25), |n| {
            for _ in 0..n / 16 {
                drop(stats.timer.start());
            }
        }),
        candidate("per-thread counter, to the bare handle", 2, Some(1.5), |n| {
            for _ in 0..n {
                LOCAL.with(|stats| stats.counter.incr());
            }
        }),
    ];

    let times: Vec<Vec<f64>> = {
        let mut times = vec![Vec::with_capacity(ROUNDS); candidates.len()];
        for round in 0..=ROUNDS {
            for (candidate, times) in candidates.iter_mut().zip(&mut times) {
                let begin = Instant::now();
                (candidate.work)(OPERATIONS);
                // The first round only warms up.
                if round > 0 {
                    times.push(begin.elapsed().as_secs_f64());
                }
            }
        }
        times
    };
    println!("{:40} {:>8} {:>8} {:>8}", "update", "ns", "ratio", "budget");
    for (candidate, own) in candidates.iter().zip(&times) {
        let ratios = own.iter().zip(&times[candidate.against]).map(|(own, other)| own / other);
        // Heavy candidates do a sixteenth of the operations, as what they are measured against does.
        let heavy = [10, 15].contains(&candidate.against);
        let operations = OPERATIONS / if heavy { 16 } else { 1 };
        let nanoseconds = median(own.iter().copied()) * 1e9 / operations as f64;
        let budget = candidate.budget.map_or(String::new(), |budget| format!("{budget:.2}"));
        println!("{:40} {nanoseconds:8.2} {:8.2} {budget:>8}", candidate.name, median(ratios));
    }
    alone_and_together();
    println!();
    once("an instance, made and removed", || {
        drop(Options::new().filename("{PID}.once").create::<Bench>().unwrap());
    });
    let growing = Options::new().filename("{PID}.growing").create::<()>().unwrap();
    let mut number = 0;
    once("a field added to a published file", || {
        number += 1;
        growing.add_field(&format!("late.{number}"), Counter::spec()).map(drop).unwrap();
    });
    LOCAL.remove().unwrap();
}

/// What something costs that is done once, with its system calls.
fn once(name: &str, mut work: impl FnMut()) {
    let times = (0..2001).map(|_| {
        let begin = Instant::now();
        work();
        begin.elapsed().as_secs_f64() * 1e6
    });
    let mut times: Vec<_> = times.collect();
    times.sort_by(f64::total_cmp);
    println!("{name:40} {:8.2} us median, {:.2} us at the 99th percentile", times[1000], times[1980]);
}

/// Whether two threads, each with its file, slow each other down.
fn alone_and_together() {
    let count = || {
        let begin = Instant::now();
        let mut operations = 0_u64;
        while begin.elapsed() < Duration::from_millis(20) {
            for _ in 0..10_000 {
                LOCAL.with(|stats| stats.counter.incr());
            }
            operations += 10_000;
        }
        begin.elapsed().as_secs_f64() / operations as f64
    };
    let ratios = (0..21).map(|_| {
        let alone = count();
        let together = std::thread::scope(|scope| {
            let other = scope.spawn(count);
            let own = count();
            (own + other.join().unwrap()) / 2.0
        });
        together / alone
    });
    println!("{:40} {:8} {:8.2} {:>8}", "two threads at once, to one", "", median(ratios), "1.05");
}

fn candidate<'a>(
    name: &'static str,
    against: usize,
    budget: Option<f64>,
    work: impl FnMut(u64) + 'a,
) -> Candidate<'a> {
    Candidate { name, against, budget, work: Box::new(work) }
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

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
