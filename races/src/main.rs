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

use readers::{KINDS, Reader, Tally};

/// Fields that are added to a file before it is made anew.
const FIELDS: usize = 300;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["write", kind, path] => ours::write(kind, Path::new(path)),
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
    let time = Duration::from_secs_f64(seconds / (KINDS.len() * 4) as f64);
    for kind in KINDS {
        for layout in ["ours", "packed"] {
            for reader in ["mmstats", "naive"] {
                let path = dir.path().join(format!("{kind}-{layout}-{reader}.mmstats"));
                let mut writer = if layout == "ours" {
                    let mut writer = Command::new(std::env::current_exe()?);
                    writer.arg("write");
                    writer
                } else {
                    Command::new(&packed)
                };
                let tally = race(writer.arg(kind).arg(&path), &path, reader == "naive", kind, time)?;
                let Tally { reads, torn, backwards, half, refused } = tally;
                let mut out = std::io::stdout().lock();
                writeln!(out, "{layout}\t{reader}\t{kind}\t{reads}\t{torn}\t{backwards}\t{half}\t{refused}")?;
                out.flush()?;
            }
        }
    }
    Ok(())
}

/// One writer against one reader for `time`.
fn race(
    writer: &mut Command,
    path: &Path,
    is_naive: bool,
    kind: &'static str,
    time: Duration,
) -> Result<Tally, Box<dyn Error>> {
    let mut writer = writer.stdout(Stdio::piped()).spawn()?;
    if let Some(said) = writer.stdout.take() {
        BufReader::new(said).read_line(&mut String::new())?;
    }
    let mut reader = Reader::new(is_naive, kind, path)?;
    let end = Instant::now() + time;
    while Instant::now() < end {
        for _ in 0..10 {
            reader.read();
        }
    }
    writer.kill()?;
    writer.wait()?;
    Ok(reader.tally())
}
