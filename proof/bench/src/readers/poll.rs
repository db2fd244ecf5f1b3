//! A row of `pollstats`, as the whole process pays for it, beside a bare `pread` of each file.
//!
//! In processor time, since a row is followed by a pause: what many rows take less what one takes.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;

use mmstats::Version;

use super::files::{self, Contents};
use crate::process::{cpu_time, own_cpu_time};
use crate::settings::Settings;
use crate::table::{Amount, Table};
use crate::turns::{Sample, median};

const FIELDS: &str = "web.stats.counter.1,web.stats.counter.2,web.stats.counter.3,web.stats.counter.42";

pub(super) fn run(settings: &Settings, table: &mut Table) {
    files::raise_limit();
    let sizes = if settings.is_quick { [(10, 10), (100, 10)] } else { [(1000, 200), (10_000, 20)] };
    for (number, rows) in sizes {
        let name = format!("pollstats, a row over {number} files");
        let (folder, instances) = files::living(settings.memory(), number, Contents::USUAL);
        match files::open(&instances) {
            Ok(open) => measure(settings, table, &name, &folder, &open, rows),
            Err(_) => table.missing(&name, "too few files may be open"),
        }
        drop(instances);
        fs::remove_dir_all(folder).unwrap();
    }
    versions(settings, table, sizes[0]);
}

/// A row over files of version 2 beside one over as many of version 1, of the same model; and the first row.
fn versions(settings: &Settings, table: &mut Table, (number, rows): (usize, usize)) {
    let made = [Version::V1, Version::V2]
        .map(|version| files::living(settings.memory(), number, Contents { version, has_histogram: false }));
    let (mut first, mut later) = ([const { Vec::new() }; 2], [const { Vec::new() }; 2]);
    for _ in 0..settings.rounds(11) {
        for (place, (folder, _)) in made.iter().enumerate() {
            let one = poll(settings, folder, 1);
            first[place].push(one);
            // Where a tick of the clock is all that it takes, there is no less than that.
            later[place].push((poll(settings, folder, 1 + rows) - one).max(1e-6) / rows as f64);
        }
    }
    for (what, [old, new]) in [("start and first row", &first), ("a row", &later)] {
        let name = |version| format!("pollstats, {what}, {number} files, version {version}");
        table.base(&name(1), Amount::Seconds(median(old)));
        table.row(&name(2), "version 1", &Sample::ratios(new, old), Amount::Seconds(median(new)), None);
    }
    for (folder, instances) in made {
        drop(instances);
        fs::remove_dir_all(folder).unwrap();
    }
}

/// Processor time of a process that shows so many rows.
fn poll(settings: &Settings, folder: &Path, rows: usize) -> f64 {
    let mut command = Command::new(settings.tool("pollstats"));
    let rows = rows.to_string();
    command.args(["-d", "0.001", "-c", &rows, FIELDS]).arg(folder);
    cpu_time(&mut command)
}

fn measure(settings: &Settings, table: &mut Table, name: &str, folder: &Path, open: &[File], rows: usize) {
    let mut memory = vec![0_u8; files::LARGEST + 4096];
    let start = memory.as_ptr().align_offset(4096);
    let (mut bare, mut rows_of_ours, mut first) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..settings.rounds(11) {
        let reading = own_cpu_time(|| {
            for _ in 0..rows {
                for file in open {
                    assert!(file.read_at(&mut memory[start..start + files::LARGEST], 0).unwrap() > 0);
                }
            }
        });
        bare.push((reading / rows as f64).max(1e-9));
        let one = poll(settings, folder, 1);
        first.push(one);
        rows_of_ours.push((poll(settings, folder, 1 + rows) - one).max(0.0) / rows as f64);
    }
    let against = "a bare pread of each";
    let files = open.len();
    table.base(&format!("{against}, {files} files"), Amount::Seconds(median(&bare)));
    let ratios = Sample::ratios(&rows_of_ours, &bare);
    table.row(name, against, &ratios, Amount::Seconds(median(&rows_of_ours)), None);
    let ratios = Sample::ratios(&first, &bare);
    let name = format!("pollstats, start and first row, {files} files");
    table.row(&name, against, &ratios, Amount::Seconds(median(&first)), None);
}
