//! What looking at a thousand followed files costs, as a ratio to a bare `pread` of each in the same run.
//!
//! The machine's speed drifts, so the candidates take turns, and each ratio is the median over the rounds.
//! Nothing here is a test: it prints, and a person judges.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::Instant;

use mmstats::{Counter, Looks, Observer, Options, Origin};

const FILES: usize = 1000;
const FIELDS: usize = 43;
const ROUNDS: usize = 301;

/// The fields that are followed: four columns.
const WANTED: [&[u8]; 4] = [b"app.counter.1", b"app.counter.2", b"app.counter.3", b"app.counter.42"];

fn main() {
    // Not a disk: its page cache is the same, but creating a thousand files there takes seconds.
    let place = if PathBuf::from("/dev/shm").is_dir() { "/dev/shm".into() } else { std::env::temp_dir() };
    let dir = tempfile::tempdir_in(place).unwrap();
    let instances: Vec<_> = (0..FILES)
        .map(|file| {
            let options = Options::new().path(dir.path()).filename(format!("{file}.mmstats"));
            let labels = (0..FIELDS).map(|field| format!("app.counter.{field}"));
            let fields: Vec<_> = labels.collect();
            options
                .create_with(|builder| {
                    fields
                        .iter()
                        .map(|label| builder.add(label, Counter::spec()))
                        .collect::<Result<Vec<_>, _>>()
                })
                .unwrap()
        })
        .collect();
    let wanted = |label: &[u8]| WANTED.contains(&label);
    let mut observer = Observer::new(Looks::One);
    let paths = instances.iter().map(mmstats::Instance::path);
    let mut followed: Vec<_> =
        paths.map(|path| observer.follow(path, Origin::Found, wanted).unwrap()).collect();
    let open: Vec<_> = instances.iter().map(|instance| File::open(instance.path()).unwrap()).collect();
    let mut memory = vec![0_u8; 8192];
    let start = memory.as_ptr().align_offset(4096);
    let count = || {
        for instance in &instances {
            instance.iter().for_each(Counter::incr);
        }
    };
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let mut bare = || {
            time(|| {
                for file in &open {
                    assert_eq!(file.read_at(&mut memory[start..start + 4096], 0).unwrap(), 4096);
                }
            })
        };
        let mut look = || {
            time(|| {
                for file in &mut followed {
                    observer.look(file, wanted).unwrap();
                }
            })
        };
        // What was written last is what the caches hold: each side of a ratio comes after the same work.
        let idle = (bare(), look());
        count();
        let plain = bare();
        count();
        rounds.push([idle.0, idle.1 / idle.0, look() / plain]);
    }
    println!("{FILES} files of {FIELDS} fields, {} followed; median of {ROUNDS} rounds", WANTED.len());
    println!("{:32} {:7.1} us", "a bare pread of each", median(rounds.iter().map(|round| round[0])) * 1e6);
    for (number, name) in [(1, "looks, nothing has changed"), (2, "looks, everything has changed")] {
        let ratio = median(rounds.iter().map(|round| round[number]));
        println!("{name:32} {ratio:7.2}    budget 1.05");
    }
}

fn time(mut work: impl FnMut()) -> f64 {
    let began = Instant::now();
    work();
    began.elapsed().as_secs_f64()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
