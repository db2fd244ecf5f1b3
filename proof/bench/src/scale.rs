//! What a large host takes: 10,000 processes of 64 threads, each with 50 histograms, by how their program publishes.
//!
//! So many files fit on no small machine. What a process takes is measured between few processes and more, and
//! multiplied.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mmstats::{Average, Histogram, Options};

use crate::numbers::lognormal;
use crate::process::time;
use crate::settings::Settings;
use crate::table::{Amount, Table};
use crate::turns::median;

const PROCESSES: usize = 10_000;
const THREADS: usize = 64;
const FIELDS: u64 = 50;

/// How a program publishes.
struct Choice {
    name: &'static str,
    /// Files of a process.
    files: usize,
    /// Of its histograms, in bits. Without, it has means.
    precision: Option<u32>,
}

const CHOICES: [Choice; 4] = [
    Choice { name: "a file per thread", files: THREADS, precision: Some(5) },
    Choice { name: "a file per process", files: 1, precision: Some(5) },
    Choice { name: "a file per process, precision 3", files: 1, precision: Some(3) },
    Choice { name: "a file per process, means", files: 1, precision: None },
];

pub(crate) fn run(settings: &Settings, table: &mut Table) {
    for choice in &CHOICES {
        let sample = sample(settings.memory(), choice);
        let all = |of_one: f64| of_one * PROCESSES as f64;
        let name = |what: &str| format!("{PROCESSES} processes, {}: {what}", choice.name);
        let memory = fs::metadata(&sample).unwrap().blocks() * 512 * choice.files as u64;
        table.base(&name("memory"), Amount::Bytes(memory * PROCESSES as u64));
        // A thread's files are large: fewer will do.
        let few = if settings.is_quick { 1 } else { 2 };
        let many = if choice.files > 1 { 8 * few } else { 512 * few };
        let dirs = [few, many].map(|processes| copies(settings.memory(), &sample, processes * choice.files));
        for (what, args) in [("slurpstats -a auto", ["-a", "auto"]), ("-o prometheus", ["-o", "prometheus"])]
        {
            let mut seconds = [Vec::new(), Vec::new()];
            for _ in 0..settings.rounds(9) {
                for (seconds, dir) in seconds.iter_mut().zip(&dirs) {
                    seconds.push(time(slurpstats(settings, dir).args(args)));
                }
            }
            let [few_take, many_take] = seconds.map(|seconds| median(&seconds));
            let of_one = (many_take - few_take) / (many - few) as f64;
            table.base(&name(what), Amount::Seconds(all(of_one.max(0.0))));
        }
        for (by, processes) in [("cmd", 1), ("pid", PROCESSES)] {
            let output =
                slurpstats(settings, &dirs[0]).args(["-o", "prometheus", "--by", by]).output().unwrap();
            let series = output.stdout.split(|&byte| byte == b'\n');
            let series = series.filter(|line| !line.is_empty() && line[0] != b'#').count();
            table.base(&name(&format!("series, --by {by}")), Amount::Number((series * processes) as u64));
        }
        dirs.into_iter().for_each(|dir| fs::remove_dir_all(dir).unwrap());
        fs::remove_file(sample).unwrap();
    }
}

fn slurpstats(settings: &Settings, dir: &Path) -> Command {
    let mut command = Command::new(settings.tool("slurpstats"));
    command.arg(dir).stdin(Stdio::null());
    command
}

/// One file, as a program makes it, in which every histogram has counted something.
fn sample(dir: &Path, choice: &Choice) -> PathBuf {
    let stats = Options::new().dir(dir).create::<()>().unwrap();
    for field in 0..FIELDS {
        let label = format!("web.answer.{field}");
        let numbers = lognormal(field + 1).take(1000);
        if let Some(precision) = choice.precision {
            let spec = Histogram::spec().durations().precision(precision);
            let histogram = stats.add_field(&label, spec).unwrap();
            numbers.for_each(|number| histogram.record(number));
        } else {
            let mean = stats.add_field(&label, Average::spec()).unwrap();
            numbers.for_each(|number| mean.add(number as f64));
        }
    }
    stats.keep();
    stats.path().to_owned()
}

/// Named as those of one program, so that they are read as such.
fn copies(dir: &Path, sample: &Path, files: usize) -> PathBuf {
    let copies = dir.join(format!("scale-{files}"));
    fs::create_dir(&copies).unwrap();
    let stem = sample.file_stem().unwrap().to_str().unwrap();
    for file in 1..=files {
        fs::copy(sample, copies.join(format!("{stem}.{file}.mmstats"))).unwrap();
    }
    copies
}
