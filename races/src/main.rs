//! Writers and readers of stats files against each other, in processes of their own.
//!
//! `races [SECONDS]` sets this library's writer, and one that packs and stores as the original does,
//! against this library's reader and a naive one, and counts what is wrong in what they read. A line a
//! kind of value: layout, reader, kind, reads, torn, backwards, half seen, refused; by TAB.
//!
//! The other writer is C, compiled when it is needed by the compiler that also links Rust programs: what
//! it does to mapped memory is what CPython does, and nothing that safe Rust can.

#![forbid(unsafe_code)]

mod ours;
mod readers;

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use readers::{KINDS, Reader};

/// Fields that are added to a file before it is made anew.
const FIELDS: usize = 300;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["write", what, path] => ours::write(what, Path::new(path)),
        [] => races(10.0),
        [seconds] => seconds.parse().map_err(Into::into).and_then(races),
        _ => Err("races [SECONDS]".into()),
    };
    if let Err(error) = done {
        let _ = writeln!(std::io::stderr(), "races: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn races(seconds: f64) -> Result<(), Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let (source, packed) = (dir.path().join("packed.c"), dir.path().join("packed"));
    std::fs::write(&source, include_str!("packed.c"))?;
    if !Command::new("cc").args(["-O2", "-Wall", "-o"]).arg(&packed).arg(&source).status()?.success() {
        return Err("cc failed".into());
    }
    // Fields being added take an eighth of the time, the rest goes to the values.
    for (what, share) in [("values", 0.2), ("fields", 0.05)] {
        for layout in ["ours", "packed"] {
            for reader in ["mmstats", "naive"] {
                let mut writer = match layout {
                    "ours" => Command::new(std::env::current_exe()?),
                    _ => Command::new(&packed),
                };
                if layout == "ours" {
                    writer.arg("write");
                }
                let path = dir.path().join(format!("{layout}-{reader}-{what}.mmstats"));
                race(
                    writer.arg(what).arg(&path),
                    &path,
                    layout,
                    reader,
                    Duration::from_secs_f64(seconds * share),
                )?;
            }
        }
    }
    Ok(())
}

/// One writer against one reader for `time`.
fn race(
    writer: &mut Command,
    path: &Path,
    layout: &str,
    name: &str,
    time: Duration,
) -> Result<(), Box<dyn Error>> {
    let mut writer = writer.stdout(Stdio::piped()).spawn()?;
    if let Some(said) = writer.stdout.take() {
        BufReader::new(said).read_line(&mut String::new())?;
    }
    let mut reader = Reader::new(name == "naive");
    let what = if path.to_string_lossy().ends_with("fields.mmstats") { KINDS.len() - 1 } else { 0 };
    let end = Instant::now() + time;
    while Instant::now() < end {
        reader.read(path, what);
    }
    writer.kill()?;
    writer.wait()?;
    let mut out = std::io::stdout().lock();
    for (kind, tally) in KINDS.iter().zip(reader.judge.tallies).filter(|(_, tally)| tally.reads > 0) {
        let readers::Tally { reads, torn, backwards, half, refused } = tally;
        writeln!(out, "{layout}\t{name}\t{kind}\t{reads}\t{torn}\t{backwards}\t{half}\t{refused}")?;
    }
    Ok(out.flush()?)
}
