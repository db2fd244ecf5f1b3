//! A row of `pollstats`, as the whole process pays for it, beside a bare `pread` of each file.
//!
//! In processor time, since a row is followed by a pause: what many rows take less what one takes.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;

use super::files;
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
        let (dir, instances) = files::living(settings.memory(), number);
        match files::open(&instances) {
            Ok(open) => measure(settings, table, &name, &dir, &open, rows),
            Err(_) => table.missing(&name, "too few files may be open"),
        }
        drop(instances);
        fs::remove_dir_all(dir).unwrap();
    }
}

fn measure(settings: &Settings, table: &mut Table, name: &str, dir: &Path, open: &[File], rows: usize) {
    let mut memory = vec![0_u8; 8192];
    let start = memory.as_ptr().align_offset(4096);
    let poll = |count: usize| {
        let mut command = Command::new(settings.tool("pollstats"));
        let count = count.to_string();
        command.args(["-d", "0.001", "-c", &count, FIELDS]).arg(dir);
        cpu_time(&mut command)
    };
    let (mut bare, mut rows_of_ours, mut first) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..settings.rounds(11) {
        let reading = own_cpu_time(|| {
            for _ in 0..rows {
                for file in open {
                    assert!(file.read_at(&mut memory[start..start + 4096], 0).unwrap() > 0);
                }
            }
        });
        bare.push((reading / rows as f64).max(1e-9));
        let one = poll(1);
        first.push(one);
        rows_of_ours.push((poll(1 + rows) - one).max(0.0) / rows as f64);
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
