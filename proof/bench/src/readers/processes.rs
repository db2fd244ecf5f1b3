//! `slurpstats -A` over many processes, beside a process that only reads what each has mapped.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::files;
use crate::process::{time, time_with_errors};
use crate::settings::Settings;
use crate::table::{Amount, Table};
use crate::turns::{Sample, median};

const FORMATS: [&str; 3] = ["lines", "json", "prometheus"];

pub(super) fn run(settings: &Settings, table: &mut Table) {
    if !nix::unistd::geteuid().is_root() {
        return table.missing("slurpstats -A", "only root sees all processes");
    }
    let count = if settings.is_quick { 100 } else { 2000 };
    // A pipe to each.
    files::raise_limit();
    let dir = settings.memory().join("processes");
    fs::create_dir(&dir).unwrap();
    for publish in [count / 20, count] {
        let processes = processes(&dir, publish, count - publish);
        let (mut base, mut own) = (Vec::new(), [const { Vec::new() }; FORMATS.len()]);
        for _ in 0..settings.rounds(15) {
            base.push(time(Command::new(std::env::current_exe().unwrap()).arg("read-maps")));
            for (own, format) in own.iter_mut().zip(FORMATS) {
                // In a sandbox there may be a process that even root may not look at.
                let mut slurpstats = Command::new(settings.tool("slurpstats"));
                own.push(time_with_errors(slurpstats.args(["-A", "-o", format])));
            }
        }
        drop(processes);
        table.base(&format!("maps of {count} processes read"), Amount::Seconds(median(&base)));
        for (own, format) in own.iter().zip(FORMATS) {
            let name = format!("slurpstats -A -o {format}, {publish} of {count} publish");
            table.row(
                &name,
                "maps read",
                &Sample::ratios(own, &base),
                Amount::Seconds(median(own)),
                Some(3.0),
            );
        }
    }
    fs::remove_dir_all(dir).unwrap();
}

/// Processes that end with this.
struct Crowd(Vec<Child>);

impl Drop for Crowd {
    fn drop(&mut self) {
        for process in &mut self.0 {
            let _ = process.kill();
        }
        for process in &mut self.0 {
            let _ = process.wait();
        }
    }
}

fn processes(dir: &Path, publish: usize, others: usize) -> Crowd {
    let mut crowd = Crowd(Vec::new());
    for number in 0..publish + others {
        let mut command = Command::new(std::env::current_exe().unwrap());
        // The others have as much mapped, but for the file.
        command.arg("publish").arg(if number < publish { dir } else { Path::new("") });
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        crowd.0.push(process);
    }
    crowd
}

/// What a process of a crowd does until nobody talks to it any more.
pub(crate) fn publish(dir: &Path) {
    let name = format!("web-{}.mmstats", std::process::id());
    let _published = (!dir.as_os_str().is_empty()).then(|| files::instance(dir, &name, files::FIELDS));
    println!();
    let _ = std::io::stdin().read(&mut [0]);
}

/// Reads what each process has mapped, once.
pub(crate) fn read_maps() {
    let mut maps = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.parse::<u32>().is_ok()) {
            maps.clear();
            // It may have ended.
            let _ = File::open(entry.path().join("maps")).and_then(|mut file| file.read_to_end(&mut maps));
        }
    }
}
