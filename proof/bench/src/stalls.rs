//! The longest update at full speed, and what else befalls a program in that time.
//!
//! Each update is timed by itself, and so are pairs of clock readings with nothing between them: the
//! machine's interruptions show in both, and only what is beyond is the update's. The settings take turns.

use std::fs::File;
use std::hint::black_box;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mmstats::{Counter, Instance, Options, Text, stats};

use crate::histogram::Histogram;
use crate::settings::Settings;
use crate::table::{Amount, Table};

stats! {
    struct Stats {
        counter: Counter,
        text: Text,
    }
}

const TURN: Duration = Duration::from_millis(250);
const CLOCK: &str = "two clock readings, nothing between";
const PARTS: [(&str, f64); 7] = [
    ("50%", 0.5),
    ("90%", 0.9),
    ("99%", 0.99),
    ("99.9%", 0.999),
    ("99.99%", 0.9999),
    ("99.999%", 0.999_99),
    ("99.9999%", 0.999_999),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    Nothing,
    Count,
    Text,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Memory,
    Disk,
    /// Where another thread has the page written back all the time.
    DiskWrittenBack,
}

struct Watched {
    name: &'static str,
    work: Work,
    place: Place,
    times: Histogram,
    write_backs: u64,
}

pub(crate) fn run(settings: &Settings, table: &mut Table) {
    let make = |dir: &Path| Options::new().dir(dir).filename("stalls.mmstats").create::<Stats>().unwrap();
    let (memory, disk) = (make(settings.memory()), make(settings.disk()));
    let watched = |name, work, place| Watched { name, work, place, times: Histogram::new(), write_backs: 0 };
    let mut lines = [
        watched(CLOCK, Work::Nothing, Place::Memory),
        watched("counter, in memory", Work::Count, Place::Memory),
        watched("counter, on disk", Work::Count, Place::Disk),
        watched("counter, on disk, being written back", Work::Count, Place::DiskWrittenBack),
        watched("text, in memory", Work::Text, Place::Memory),
        watched("text, on disk", Work::Text, Place::Disk),
        watched("text, on disk, being written back", Work::Text, Place::DiskWrittenBack),
    ];
    let turns = settings.stalls.div_duration_f64(TURN).ceil().max(1.0) as u32;
    for _ in 0..turns {
        for line in &mut lines {
            let stats = if line.place == Place::Memory { &memory } else { &disk };
            watch(stats, line, settings.stalls / turns);
        }
    }
    let clock = lines[0].times.clone();
    for line in &lines {
        let amount = Amount::Seconds(line.times.largest as f64 / 1e9);
        let name = format!("longest: {}", line.name);
        if line.work == Work::Nothing {
            table.base(&name, amount);
        } else {
            let ratio = line.times.largest as f64 / clock.largest as f64;
            table.single(&name, "longest: nothing", ratio, amount, None);
        }
    }
    percentiles(&lines);
}

fn watch(stats: &Instance<Stats>, line: &mut Watched, time: Duration) {
    let is_over = AtomicBool::new(false);
    let path = stats.path();
    thread::scope(|scope| {
        let is_written_back = line.place == Place::DiskWrittenBack;
        let other = is_written_back.then(|| scope.spawn(|| write_back(path, &is_over)));
        match line.work {
            Work::Nothing => each(&mut line.times, time, |_| ()),
            Work::Count => each(&mut line.times, time, |_| stats.counter.incr()),
            Work::Text => {
                let texts = [0, 1].map(|n| ["GET /", "POST /"][n].repeat(32));
                each(&mut line.times, time, |n| stats.text.set(black_box(&texts[n % 2])));
            }
        }
        is_over.store(true, Ordering::Relaxed);
        line.write_backs += other.map_or(0, |other| other.join().unwrap());
    });
}

#[inline]
fn each(times: &mut Histogram, time: Duration, work: impl Fn(usize)) {
    let began = Instant::now();
    loop {
        for n in 0..1000 {
            let before = Instant::now();
            work(n);
            times.add(before.elapsed());
        }
        if began.elapsed() >= time {
            break;
        }
    }
}

/// Each `fdatasync` makes the page clean, so the update after it has to ask the kernel for it.
fn write_back(path: &Path, is_over: &AtomicBool) -> u64 {
    let file = File::open(path).unwrap();
    let mut count = 0;
    while !is_over.load(Ordering::Relaxed) {
        file.sync_data().unwrap();
        count += 1;
    }
    count
}

/// The distributions, in ns. What the clock itself costs is in each of them.
fn percentiles(lines: &[Watched]) {
    println!("   how long updates took, in ns, the clock's own time included");
    print!("   {:44} {:>8}", "", "min");
    PARTS.iter().for_each(|(name, _)| print!(" {name:>9}"));
    println!(" {:>10} {:>11} {:>11}", "max", "updates", "write-backs");
    for Watched { name, times, write_backs, .. } in lines {
        print!("   {name:44} {:8}", times.least);
        PARTS.iter().for_each(|(_, part)| print!(" {:9}", times.at(*part)));
        println!(" {:10} {:11} {write_backs:11}", times.largest, times.count);
    }
}
