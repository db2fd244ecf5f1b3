//! What printing everything costs, as a ratio to a process that only opens, reads and closes the same files;
//! what starting costs, beside `/bin/true`; and how large the tools are.
//!
//! The machine's speed drifts, so the two take turns, and each ratio is the median over the rounds. Nothing
//! here is a test: it prints, and a person judges.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::env;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use mmstats::{Counter, Options};

const SLURPSTATS: &str = env!("CARGO_BIN_EXE_slurpstats");
const FIELDS: usize = 50;
const FORMATS: [&str; 4] = ["lines", "text", "json", "prometheus"];

fn main() {
    if let (Some("loop"), Some(dir)) = (env::args().nth(1).as_deref(), env::args().nth(2)) {
        return open_read_close(Path::new(&dir));
    }
    // Not a disk: its page cache is the same, but creating ten thousand files there takes seconds.
    let place = if Path::new("/dev/shm").is_dir() { PathBuf::from("/dev/shm") } else { env::temp_dir() };
    let dir = tempfile::tempdir_in(place).unwrap();
    let sample = sample(dir.path());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("whole processes on {cores} cores; files of {FIELDS} fields; medians of pairs in turn");
    for (files, rounds) in [(100, 101), (10_000, 9)] {
        let folder = dir.path().join(files.to_string());
        fs::create_dir(&folder).unwrap();
        for file in 0..files {
            fs::write(folder.join(format!("web-{file}.mmstats")), &sample).unwrap();
        }
        for format in FORMATS {
            let mut base = Command::new(env::current_exe().unwrap());
            base.arg("loop").arg(&folder);
            let mut dump = Command::new(SLURPSTATS);
            dump.args(["-o", format]).arg(&folder);
            let (seconds, ratio) = compare(&mut base, &mut dump, rounds);
            let budget =
                if files == 10_000 && format == "lines" { "    budget 1.10 on two cores" } else { "" };
            println!("{files:6} files, {format:10} {:8.2} ms {ratio:7.2}{budget}", seconds * 1e3);
        }
    }
    let one = dir.path().join("100/web-0.mmstats");
    let (seconds, ratio) = compare(&mut Command::new("/bin/true"), Command::new(SLURPSTATS).arg(&one), 301);
    println!("one file, beside /bin/true {:6.2} ms {ratio:7.2}    budget 1.40", seconds * 1e3);
    sizes(dir.path());
}

/// The bytes of a file with counters in it.
fn sample(dir: &Path) -> Vec<u8> {
    let labels: Vec<_> = (0..FIELDS).map(|field| format!("web.stats.counter.{field}")).collect();
    let options = Options::new().path(dir).filename("sample.mmstats");
    let stats = options
        .create_with(|builder| {
            labels.iter().map(|label| builder.add(label, Counter::spec())).collect::<Result<Vec<_>, _>>()
        })
        .unwrap();
    for (number, counter) in (0..).zip(stats.iter()) {
        counter.add(number * number * 1009);
    }
    fs::read(stats.path()).unwrap()
}

/// The work that no reader can do without.
fn open_read_close(dir: &Path) {
    let mut bytes = [0; 4096];
    for entry in fs::read_dir(dir).unwrap() {
        let read = File::open(entry.unwrap().path()).unwrap().read(&mut bytes).unwrap();
        assert!(read > 0);
    }
}

/// Seconds of `other`, and its ratio to `base`.
fn compare(base: &mut Command, other: &mut Command, rounds: usize) -> (f64, f64) {
    let pairs: Vec<_> = (0..rounds).map(|_| (time(base), time(other))).collect();
    let ratios = pairs.iter().map(|(base, other)| other / base);
    (median(pairs.iter().map(|pair| pair.1)), median(ratios))
}

fn time(command: &mut Command) -> f64 {
    let began = Instant::now();
    assert!(command.stdin(Stdio::null()).stdout(Stdio::null()).status().unwrap().success());
    began.elapsed().as_secs_f64()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Prints what the tools beside this one take without symbols, as far as they are built.
fn sizes(scratch: &Path) {
    let stripped = scratch.join("stripped");
    for tool in ["slurpstats", "pollstats", "mmwatch", "mmcat", "cleanstats"] {
        let program = Path::new(SLURPSTATS).with_file_name(tool);
        let strip =
            Command::new("strip").arg("-o").arg(&stripped).arg(&program).stderr(Stdio::null()).status();
        if strip.is_ok_and(|status| status.success()) {
            let kilobytes = fs::metadata(&stripped).unwrap().len() / 1000;
            println!("{tool:26} {kilobytes:6} kB            budget 400");
        }
    }
}
