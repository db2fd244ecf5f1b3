//! What a writer pays for being read.

use std::io::{BufRead, Write};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use mmstats::{Certainty, Counter, Observer, Options, Origin, Snapshot, stats};

use crate::process::Servant;
use crate::settings::Settings;
use crate::table::{Amount, Table};
use crate::turns::{Sample, median};

stats! {
    struct Stats {
        counter: Counter,
    }
}

const ALONE: &str = "a writer that nobody reads";
const READERS: [(&str, &str); 3] = [
    ("followed", "a writer, followed at 1 kHz"),
    ("read", "a writer, its file read anew at 1 kHz"),
    ("hunted", "a writer, followed without a pause"),
];

pub(crate) fn run(settings: &Settings, table: &mut Table) {
    let options = Options::new().dir(settings.memory()).filename("observed.mmstats");
    let stats = options.create::<Stats>().unwrap();
    let mut reader = Command::new(std::env::current_exe().unwrap());
    let mut reader = Servant::start(reader.arg("watch").arg(stats.path())).unwrap();
    let count = || {
        let began = Instant::now();
        let mut increments = 0_u64;
        while began.elapsed() < Duration::from_millis(50) {
            (0..10_000).for_each(|_| stats.counter.incr());
            increments += 10_000;
        }
        increments as f64 / began.elapsed().as_secs_f64()
    };
    let mut alone = Vec::new();
    let mut observed = READERS.map(|_| Vec::new());
    let mut looks = READERS.map(|_| 0.0);
    for _ in 0..settings.rounds(41) {
        alone.push(count());
        for (number, (order, _)) in READERS.iter().enumerate() {
            reader.tell(order);
            // It begins a moment later, and goes on for longer than this counts.
            thread::sleep(Duration::from_millis(5));
            observed[number].push(count());
            looks[number] += reader.hear().unwrap()[0];
        }
    }
    table.base(ALONE, Amount::Rate(median(&alone)));
    for (own, (_, name)) in observed.iter().zip(READERS) {
        let ratios = Sample::ratios(own, &alone);
        table.row(name, ALONE, &ratios, Amount::Rate(median(own)), None);
    }
    let each = looks.map(|looks| (looks / alone.len() as f64).round());
    println!(
        "   looks in each 70 ms: {} followed, {} read anew, {} without a pause",
        each[0], each[1], each[2]
    );
}

/// The reader's process: for each line it looks for 70 ms, and says how often that was.
pub(crate) fn watch(path: &Path) {
    let mut observer = Observer::new(Certainty::Newest);
    let mut followed = observer.follow(path, Origin::Named, |_| true).unwrap();
    let mut snapshot = Snapshot::new();
    let answer = |number: u64| {
        println!("{number}");
        std::io::stdout().flush().unwrap();
    };
    answer(0);
    for order in std::io::stdin().lock().lines() {
        let order = order.unwrap();
        let began = Instant::now();
        let mut looks = 0;
        while began.elapsed() < Duration::from_millis(70) {
            if order == "read" {
                snapshot.read(path, Origin::Named).unwrap();
            } else {
                observer.look(&mut followed, |_| true).unwrap();
            }
            looks += 1;
            if order != "hunted" {
                thread::sleep(
                    (began + Duration::from_millis(looks)).saturating_duration_since(Instant::now()),
                );
            }
        }
        answer(looks);
    }
}
