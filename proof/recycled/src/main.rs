//! A worker that handles requests at a fixed rate, in threads that come and go, and ends after some seconds: every other one is killed.
//!
//! `recycled START COUNT SECONDS RATE SEED` takes the place of a worker that has handled COUNT requests since START
//! (seconds since 1970), so that all who have this place together handle RATE requests a second, whenever one takes
//! over from another. It says how many requests there were then, and how many nanoseconds each of its own took.

#![allow(missing_docs)]

use std::io::Write;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mmstats::{Counter, Options, ProcessEnd, Timer, Version, per_thread, stats};

stats! {
    /// What a worker publishes.
    pub struct Worker {
        /// Requests that were handled.
        requests: Counter = "requests",
        /// How long a request took.
        answer: Timer = "answer",
    }
}

per_thread! {
    static WORKER: Worker = Options::new().version(Version::V2).process_end(ProcessEnd::Leave);
}

/// How long a thread lives.
const THREAD: f64 = 0.4;
/// How long a thread waits for requests.
const WAIT: Duration = Duration::from_millis(5);

/// Random numbers that are the same for the same seed.
struct Random(u64);

impl Random {
    /// From above 0 up to 1.
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    /// Nanoseconds of a lognormal distribution: the median is 2 ms.
    fn nanoseconds(&mut self) -> u64 {
        let normal = (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos();
        (2e6 * (0.8 * normal).exp()) as u64
    }
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

fn main() -> std::io::Result<()> {
    let numbers: Vec<f64> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let [start, before, seconds, rate, seed] = numbers[..] else { panic!("START COUNT SECONDS RATE SEED") };
    let mut random = Random(seed as u64);
    let (end, mut count, mut values) = (now() + seconds, before as u64, Vec::new());
    // The main thread has a file, too, which goes when the process ends in order.
    WORKER.with(|_| ());
    while now() < end {
        let thread_end = end.min(now() + THREAD);
        let work = move || {
            let mut values = Vec::new();
            let due = || ((now() - start) * rate) as u64;
            while now() < thread_end {
                while count < due() {
                    let nanoseconds = random.nanoseconds();
                    WORKER.with(|worker| {
                        worker.requests.incr();
                        worker.answer.record(Duration::from_nanos(nanoseconds));
                    });
                    values.push(nanoseconds);
                    count += 1;
                }
                thread::sleep(WAIT);
            }
            (random, count, values)
        };
        let handled: Vec<u64>;
        (random, count, handled) = thread::spawn(work).join().unwrap_or_else(|_| std::process::abort());
        values.extend(handled);
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{count}")?;
    for value in values {
        writeln!(out, "{value}")?;
    }
    out.flush()?;
    // As one that is killed; every other one ends in order.
    if seed as u64 % 2 == 0 {
        std::process::abort();
    }
    Ok(())
}
