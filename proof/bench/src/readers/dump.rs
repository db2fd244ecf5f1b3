//! `slurpstats` over many files, beside a process that only opens, reads and closes them.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::files;
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
    let dirs = sizes.map(|size| files::copies(settings.memory(), size));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let everywhere = format!("{cores} CPUs");
    for (is_bound, cpus, budget) in [(true, "1 CPU", 1.7), (false, everywhere.as_str(), 1.1)] {
        if is_bound && !is_there("taskset") {
            table.missing("slurpstats, 1 CPU", "taskset is not installed");
            continue;
        }
        for ((dir, files), rounds) in dirs.iter().zip(sizes).zip(rounds) {
            let budget = Some(budget).filter(|_| files == 10_000 && (is_bound || cores == 2));
            formats(settings, table, (dir, files), cpus, is_bound, settings.rounds(rounds), budget);
        }
    }
    growth(settings, table, [(&dirs[1], sizes[1]), (&dirs[2], sizes[2])]);
    for dir in dirs {
        fs::remove_dir_all(dir).unwrap();
    }
}

fn formats(
    settings: &Settings,
    table: &mut Table,
    (dir, files): (&Path, usize),
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
        let mut commands = vec![bare(dir, is_bound)];
        commands.extend(FORMATS.map(|format| slurpstats(settings, dir, format, is_bound)));
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
    let mut seconds = [const { Vec::new() }; 4];
    for _ in 0..settings.rounds(5) {
        for (number, (dir, files)) in [few, many, few, many].into_iter().enumerate() {
            let mut command =
                if number < 2 { slurpstats(settings, dir, "lines", false) } else { bare(dir, false) };
            seconds[number].push(time(&mut command) / files as f64);
        }
    }
    let against = format!("a file of {}", few.1);
    for (place, name) in [(0, "slurpstats -o lines"), (2, "open, read, close")] {
        let ratios = Sample::ratios(&seconds[place + 1], &seconds[place]);
        let amount = Amount::Seconds(median(&seconds[place + 1]));
        table.row(&format!("{name}, a file of {}", many.1), &against, &ratios, amount, None);
    }
}

fn bare(dir: &Path, is_bound: bool) -> Command {
    let mut command = bound(&std::env::current_exe().unwrap(), is_bound);
    command.arg("open-read-close").arg(dir);
    command
}

fn slurpstats(settings: &Settings, dir: &Path, format: &str, is_bound: bool) -> Command {
    let mut command = bound(&settings.tool("slurpstats"), is_bound);
    command.args(["-o", format]).arg(dir);
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
    let mut bytes = [0; 4096];
    for entry in fs::read_dir(dir).unwrap() {
        let read = File::open(entry.unwrap().path()).unwrap().read(&mut bytes).unwrap();
        assert!(read > 0);
    }
}
