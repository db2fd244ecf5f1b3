//! What starting a tool on one file costs, and how large it is.

use std::fs;
use std::process::{Command, Stdio};

use super::files;
use crate::process::time;
use crate::settings::Settings;
use crate::table::{Amount, Table};
use crate::turns::{Sample, median};

/// The tools, and what makes each look at a file once.
const TOOLS: [(&str, &[&str]); 5] = [
    ("slurpstats", &[]),
    ("pollstats", &["-c", "1", "web.stats.counter.1"]),
    ("mmwatch", &["-p", "none", "--until", "web.stats.counter.1 >= 0"]),
    ("mmcat", &[]),
    ("cleanstats", &["--dry-run"]),
];
const LIMIT: u64 = 400_000;

pub(super) fn run(settings: &Settings, table: &mut Table) {
    let instance = files::instance(settings.memory(), "one.mmstats", files::FIELDS);
    let mut base = Vec::new();
    let mut seconds = TOOLS.map(|_| Vec::new());
    for _ in 0..settings.rounds(301) {
        base.push(time(&mut Command::new("/bin/true")));
        for ((tool, arguments), seconds) in TOOLS.iter().zip(&mut seconds) {
            seconds.push(time(Command::new(settings.tool(tool)).args(*arguments).arg(instance.path())));
        }
    }
    table.base("/bin/true, a whole process", Amount::Seconds(median(&base)));
    for ((tool, _), own) in TOOLS.iter().zip(&seconds) {
        let amount = Amount::Seconds(median(own));
        table.row(
            &format!("{tool} of one file"),
            "/bin/true",
            &Sample::ratios(own, &base),
            amount,
            Some(1.35),
        );
    }
    for (tool, _) in TOOLS {
        let stripped = settings.memory().join("stripped");
        let mut strip = Command::new("strip");
        strip.arg("-o").arg(&stripped).arg(settings.tool(tool)).stderr(Stdio::null());
        let name = format!("size of {tool}, stripped");
        if strip.status().is_ok_and(|status| status.success()) {
            let bytes = fs::metadata(&stripped).unwrap().len();
            let ratio = bytes as f64 / LIMIT as f64;
            table.single(&name, "400 kB", ratio, Amount::Bytes(bytes), Some(1.0));
        } else {
            table.missing(&name, "strip is not installed");
        }
    }
}
