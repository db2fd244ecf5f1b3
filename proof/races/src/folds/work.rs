//! Those who count, in threads and processes that come and go, and who keeps what they have counted.

use std::error::Error;
use std::os::unix::process::parent_id;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use mmstats::{Average, Counter, Histogram, Options, Version, per_thread, stats};
use nix::sys::signal::{Signal, raise};

use super::truth::{Slot, Truth};
use super::{Ends, SLOTS, own, version};
use crate::say_ready;

stats! {
    /// What is counted. Each has the same number of updates.
    pub(crate) struct Work {
        count: Counter,
        /// Of ones.
        mean: Average,
        /// Of [`SIZE`]s.
        size: Histogram,
    }
}

/// What is recorded.
pub(crate) const SIZE: u64 = 3;

static OPTIONS: OnceLock<(PathBuf, Version)> = OnceLock::new();

per_thread! {
    static WORK: Work = {
        let options = OPTIONS.get().map(|(dir, version)| Options::new().dir(dir).version(*version));
        options.unwrap_or_default()
    };
}

/// Where the files are whose counts move.
pub(crate) fn dir(place: &Path) -> PathBuf {
    place.join("work")
}

/// How many rounds a thread lives: from microseconds to milliseconds.
const LIVES: [u64; 4] = [1, 100, 3000, 30_000];
/// The same in processes, of which there are to be many.
const SHORT_LIVES: [u64; 4] = [1, 10, 100, 1000];

/// Counts for as many rounds.
fn live(slot: &mut Slot, rounds: u64) {
    for round in 0..rounds {
        let n = 1 + round % 7;
        slot.count(n, || {
            WORK.with(|work| {
                for _ in 0..n {
                    work.count.incr();
                    work.mean.add(1.0);
                    work.size.record(SIZE);
                }
            });
        });
    }
}

/// Counts in a thread, and waits for its end: its fold is over then.
fn live_in_thread(mut slot: Slot, rounds: u64) -> Result<Slot, Box<dyn Error>> {
    let thread = thread::spawn(move || {
        live(&mut slot, rounds);
        slot
    });
    thread.join().map_err(|_| "a thread has panicked".into())
}

/// What a process of these races does. Ends with its parent.
pub(crate) fn work(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let parent = parent_id();
    match *arguments {
        ["work", layout, ends, place] => {
            let place = Path::new(place);
            if OPTIONS.set((dir(place), version(layout))).is_err() {
                return Err("twice".into());
            }
            if ends == Ends::Threads.name() { threads(place, parent) } else { processes(place, parent) }
        }
        ["life", slot, count, place] => {
            let place = Path::new(place);
            let ended = one(place, slot.parse()?, count.parse()?);
            // At the end of the races the directory goes.
            if place.exists() { ended } else { Ok(()) }
        }
        ["keep", place] => keep(Path::new(place), parent),
        _ => Err("no such work".into()),
    }
}

fn threads(place: &Path, parent: u32) -> Result<(), Box<dyn Error>> {
    let slots = (0..SLOTS).map(|number| Slot::new(place, number, 0)).collect::<Result<Vec<_>, _>>()?;
    say_ready()?;
    thread::scope(|scope| {
        for (number, mut slot) in slots.into_iter().enumerate() {
            scope.spawn(move || {
                for life in LIVES.into_iter().cycle().skip(number) {
                    match live_in_thread(slot, life) {
                        Ok(back) => slot = back,
                        Err(_) => return,
                    }
                    if parent_id() != parent {
                        return;
                    }
                }
            });
        }
    });
    Ok(())
}

fn processes(place: &Path, parent: u32) -> Result<(), Box<dyn Error>> {
    for number in 0..SLOTS {
        Slot::new(place, number, 0)?.keep();
    }
    say_ready()?;
    thread::scope(|scope| {
        for number in 0..SLOTS {
            scope.spawn(move || {
                while parent_id() == parent {
                    let Ok(count) = Truth::of(place, number) else { return };
                    let numbers = [number.to_string(), count.to_string()];
                    // It dies by a signal.
                    let life = own(&["life", &numbers[0], &numbers[1]], place).status();
                    if life.is_err() {
                        return;
                    }
                }
            });
        }
    });
    Ok(())
}

/// A process: some threads of it end, then it counts itself, and is killed. No thread is just being folded then: what
/// such a one has counted may be in both files, or by halves, for ever (mmstats(5)).
fn one(place: &Path, number: usize, count: u64) -> Result<(), Box<dyn Error>> {
    if OPTIONS.set((dir(place), Version::V2)).is_err() {
        return Err("twice".into());
    }
    // Before the end, what has no file is missing in the sums.
    mmstats::on_error(|_| {});
    let mut slot = Slot::new(place, number, count)?;
    for life in SHORT_LIVES {
        slot = live_in_thread(slot, life)?;
        live(&mut slot, life);
    }
    raise(Signal::SIGKILL)?;
    Ok(())
}

/// Keeps what dead processes have counted, and removes their files, again and again.
fn keep(place: &Path, parent: u32) -> Result<(), Box<dyn Error>> {
    let options = Options::new().dir(dir(place));
    let mut pause = 20;
    while parent_id() == parent {
        if let Err(error) = options.fold_dead() {
            return if place.exists() { Err(error.into()) } else { Ok(()) };
        }
        // Of many lengths. Where counts move all the time, readers say that they do so too fast.
        pause = pause * 7 % 211;
        thread::sleep(Duration::from_micros(100 * pause));
    }
    Ok(())
}
