//! `mmcat` on one large file, beside programs that show the bytes of any file.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mmstats::Version;

use super::files::{self, Contents};
use crate::process::{is_there, time};
use crate::settings::Settings;
use crate::table::{Amount, Table};
use crate::turns::{Sample, median};

/// What a field of the large file takes, nearly.
const FIELD_BYTES: usize = 64;
/// After this time no more rounds begin.
const LONGEST: Duration = Duration::from_secs(12);

pub(super) fn run(settings: &Settings, table: &mut Table) {
    for version in [Version::V1, Version::V2] {
        one(settings, table, Contents { version, has_histogram: false });
    }
}

fn one(settings: &Settings, table: &mut Table, contents: Contents) {
    let size = if settings.is_quick { 1 << 20 } else { 64 << 20 };
    let instance = files::instance_of(settings.memory(), "large.mmstats", size / FIELD_BYTES, contents);
    let path = instance.path();
    let mebibytes = fs::metadata(path).unwrap().len().div_ceil(1 << 20);
    let of = format!("{mebibytes} MiB, {}", contents.name());
    let mmcat = settings.tool("mmcat");
    let check = Command::new(&mmcat).arg("--check").arg(path).stdout(Stdio::null()).status();
    if !check.is_ok_and(|status| status.success()) {
        return table.missing(&format!("mmcat, {of}"), "this mmcat finds it defective");
    }
    let mmcat = mmcat.to_str().unwrap();
    let candidates = [
        (mmcat, vec!["--raw"]),
        (mmcat, vec!["--check"]),
        (mmcat, vec!["-o", "text"]),
        (mmcat, vec!["-o", "lines"]),
        // Half a minute and more for 64 MiB: one of them is enough.
        if is_there("hexdump") { ("hexdump", vec!["-C"]) } else { ("od", vec!["-A", "x", "-t", "x1z"]) },
    ];
    let began = Instant::now();
    let mut seconds = vec![Vec::new(); candidates.len()];
    let mut base = Vec::new();
    for _ in 0..settings.rounds(3) {
        if began.elapsed() > LONGEST {
            break;
        }
        base.push(time(Command::new("cat").arg(path)));
        for ((program, arguments), seconds) in candidates.iter().zip(&mut seconds) {
            if *program == mmcat || is_there(program) {
                seconds.push(time(Command::new(program).args(arguments).arg(path)));
            }
        }
    }
    table.base(&format!("cat, a file of {of}"), Amount::Seconds(median(&base)));
    for ((program, arguments), own) in candidates.iter().zip(&seconds) {
        let program = if *program == mmcat { "mmcat" } else { program };
        let name = format!("{program} {}, {of}", arguments.join(" "));
        if own.is_empty() {
            table.missing(&name, "not installed");
        } else {
            table.row(&name, "cat", &Sample::ratios(own, &base), Amount::Seconds(median(own)), None);
        }
    }
}
