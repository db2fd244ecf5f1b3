//! `slurpstats` over many files, beside a process that only opens, reads and closes them.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use mmstats::Version;

use super::files::{self, Contents};
use crate::process::{is_there, time};
use crate::settings::Settings;
use crate::table::{Amount, Table};
use crate::turns::{Sample, median};

/// After this time no more rounds begin over the same files.
const LONGEST: Duration = Duration::from_secs(12);
const FORMATS: [&str; 4] = ["lines", "text", "json", "prometheus"];

pub(super) fn run(settings: &Settings, table: &mut Table) {
    let sizes = if settings.is_quick { [10, 100, 1000] } else { [100, 10_000, 100_000] };
    let rounds = [101, 9, 3];
    let folders = sizes.map(|size| files::copies(settings.memory(), size, Contents::USUAL));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let everywhere = format!("{cores} CPUs");
    for (is_bound, cpus, budget) in [(true, "1 CPU", 1.7), (false, everywhere.as_str(), 1.1)] {
        if is_bound && !is_there("taskset") {
            table.missing("slurpstats, 1 CPU", "taskset is not installed");
            continue;
        }
        for ((folder, files), rounds) in folders.iter().zip(sizes).zip(rounds) {
            let budget = Some(budget).filter(|_| files == 10_000 && (is_bound || cores == 2));
            formats(settings, table, (folder, files), cpus, is_bound, settings.rounds(rounds), budget);
        }
    }
    growth(settings, table, [(&folders[1], sizes[1]), (&folders[2], sizes[2])]);
    for folder in folders {
        fs::remove_dir_all(folder).unwrap();
    }
    versions(settings, table, sizes[1]);
}

/// What version 2 takes beside version 1, of the same model in as many files.
fn versions(settings: &Settings, table: &mut Table, files: usize) {
    let contents = [false, true]
        .map(|has_histogram| [Version::V1, Version::V2].map(|version| Contents { version, has_histogram }));
    let folders = contents.map(|both| both.map(|one| files::copies(settings.memory(), files, one)));
    let folders = folders.as_flattened();
    for format in ["lines", "prometheus"] {
        let mut seconds = [const { Vec::new() }; 4];
        for _ in 0..settings.rounds(9) {
            for (seconds, folder) in seconds.iter_mut().zip(folders) {
                seconds.push(time(&mut slurpstats(settings, folder, format, false)));
            }
        }
        let name = |place: usize| {
            format!("slurpstats -o {format}, {files} files, {}", contents.as_flattened()[place].name())
        };
        table.base(&name(0), Amount::Seconds(median(&seconds[0])));
        for (place, other) in [(1, 0), (2, 0), (3, 1)] {
            let ratios = Sample::ratios(&seconds[place], &seconds[other]);
            let against = contents.as_flattened()[other].name();
            table.row(&name(place), against, &ratios, Amount::Seconds(median(&seconds[place])), None);
        }
    }
    for folder in folders {
        fs::remove_dir_all(folder).unwrap();
    }
}

fn formats(
    settings: &Settings,
    table: &mut Table,
    (folder, files): (&Path, usize),
    cpus: &str,
    is_bound: bool,
    rounds: usize,
    budget: Option<f64>,
) {
    let mut seconds = vec![Vec::new(); FORMATS.len() + 1];
    let began = Instant::now();
    for round in 0..=rounds {
        // Among others that use the machine the largest take a minute a round.
        if began.elapsed() > LONGEST && !seconds[0].is_empty() {
            break;
        }
        let mut commands = vec![bare(folder, is_bound)];
        commands.extend(FORMATS.map(|format| slurpstats(settings, folder, format, is_bound)));
        for (seconds, mut command) in seconds.iter_mut().zip(commands) {
            let passed = time(&mut command);
            // The first round only warms up; where there are few, it has to count.
            if round > 0 || rounds < 5 {
                seconds.push(passed);
            }
        }
    }
    let against = "open, read, close of each";
    table.base(&format!("{against}, {files} files, {cpus}"), Amount::Seconds(median(&seconds[0])));
    for (format, own) in FORMATS.iter().zip(&seconds[1..]) {
        let ratios = Sample::ratios(own, &seconds[0]);
        let budget = budget.filter(|_| *format == "lines");
        let name = format!("slurpstats -o {format}, {files} files, {cpus}");
        table.row(&name, against, &ratios, Amount::Seconds(median(own)), budget);
    }
}

/// What a file costs among many and among few.
fn growth(settings: &Settings, table: &mut Table, [few, many]: [(&Path, usize); 2]) {
    let formats = [Some("lines"), Some("prometheus"), None];
    let mut seconds = [const { [Vec::new(), Vec::new()] }; 3];
    for _ in 0..settings.rounds(5) {
        for (format, seconds) in formats.iter().zip(&mut seconds) {
            for (seconds, (folder, files)) in seconds.iter_mut().zip([few, many]) {
                let mut command = match format {
                    Some(format) => slurpstats(settings, folder, format, false),
                    None => bare(folder, false),
                };
                seconds.push(time(&mut command) / files as f64);
            }
        }
    }
    let against = format!("a file of {}", few.1);
    let names = ["slurpstats -o lines", "slurpstats -o prometheus", "open, read, close"];
    for (name, [few, all]) in names.into_iter().zip(&seconds) {
        let ratios = Sample::ratios(all, few);
        let amount = Amount::Seconds(median(all));
        table.row(&format!("{name}, a file of {}", many.1), &against, &ratios, amount, None);
    }
}

fn bare(folder: &Path, is_bound: bool) -> Command {
    let mut command = bound(&std::env::current_exe().unwrap(), is_bound);
    command.arg("open-read-close").arg(folder);
    command
}

fn slurpstats(settings: &Settings, folder: &Path, format: &str, is_bound: bool) -> Command {
    let mut command = bound(&settings.tool("slurpstats"), is_bound);
    command.args(["-o", format]).arg(folder);
    command
}

fn bound(program: &Path, is_bound: bool) -> Command {
    if !is_bound {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(program);
    command
}

/// The work that no reader can do without.
pub(crate) fn open_read_close(dir: &Path) {
    let mut bytes = [0; files::LARGEST];
    for entry in fs::read_dir(dir).unwrap() {
        let read = File::open(entry.unwrap().path()).unwrap().read(&mut bytes).unwrap();
        assert!(read > 0);
    }
}
