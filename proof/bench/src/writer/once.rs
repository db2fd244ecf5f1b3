//! What is done once, with its system calls; and whether two threads slow each other down.

use std::fs::File;
use std::time::{Duration, Instant};

use mmstats::{Counter, Options};

use super::{LOCAL, Stats};
use crate::settings::Settings;
use crate::table::{Amount, Table};
use crate::turns::{Sample, Turns, median};

pub(super) fn run(settings: &Settings, options: &Options, table: &mut Table) {
    alone_and_together(settings, table);
    let once = options.clone().filename("once.mmstats");
    let growing = options.clone().filename("growing.mmstats").create::<()>().unwrap();
    let bare = settings.memory().join("bare");
    let mut number = 0;
    let mut turns = Turns::default();
    let base = "a bare file, made and removed";
    turns.add(base, &[], 1, |_| {
        File::create_new(&bare).unwrap().set_len(4096).unwrap();
        std::fs::remove_file(&bare).unwrap();
    });
    turns.add("an instance, made and removed", &[(base, None)], 1, |_| drop(once.create::<Stats>().unwrap()));
    turns.add("a field added to a published file", &[(base, None)], 1, |_| {
        number += 1;
        growing.add_field(&format!("late.{number}"), Counter::spec()).map(drop).unwrap();
    });
    turns.run(settings.rounds(2001), table);
}

/// Two threads, each with its file.
fn alone_and_together(settings: &Settings, table: &mut Table) {
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
    let rounds = (0..settings.rounds(41)).map(|_| {
        let alone = count();
        let together = std::thread::scope(|scope| {
            let other = scope.spawn(count);
            let own = count();
            (own + other.join().unwrap()) / 2.0
        });
        (alone, together)
    });
    let (alone, together): (Vec<_>, Vec<_>) = rounds.unzip();
    let ratios = Sample::ratios(&together, &alone);
    let amount = Amount::Seconds(median(&together));
    table.row("per-thread counters, two threads at once", "one thread", &ratios, amount, Some(1.05));
}
