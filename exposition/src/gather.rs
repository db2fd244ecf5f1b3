//! Reading the files, each number once.
//!
//! Counts move while files are read: from an ended thread's file to that of its process ([`Files::each_once`]), and
//! from a removed file to that of its command's departed ([`files::listed`]). A sum that lacks them for a moment would be
//! taken for a restart by Prometheus, which adds all of it once more.

use std::path::PathBuf;

use cli::Stop;
use files::{Found, Ways};
use mmstats::Snapshot;

use crate::ahead::Files;
use crate::exposition::{Complain, Exposition};
use crate::{By, Choice, Reading};

/// How often everything is read anew because counts have moved meanwhile. That is so rarely the case that even a
/// second time is.
const TRIES: usize = 10;

/// The files of the departed, and the numbers of their states.
type Departed = Vec<(PathBuf, i128)>;

pub(crate) fn gather<'a>(
    reading: &Reading<'a>,
    complain: &'a Complain<'a>,
    choice: &'a Choice,
    by: By,
) -> Result<Exposition<'a>, Stop> {
    let mut found = reading.files.found().to_vec();
    for _ in 1..TRIES {
        let departed = departed(&found, by);
        let before = states(&departed);
        let exposition = Exposition::new(complain, choice, reading.labels).by(by);
        let mut exposition = exposition.only_alive(reading.is_alive_wanted);
        // As they were read: a moment later they may hold more.
        departed.iter().for_each(|snapshot| exposition.take_departed(snapshot));
        read(reading, by, &found, &mut exposition)?;
        if !has_departed(by) {
            return Ok(exposition);
        }
        found = files::find(reading.operands, Ways::One).found;
        if states(&self::departed(&found, by)) == before {
            return Ok(exposition);
        }
    }
    complain("files", &"counts move from file to file faster than they can be read");
    Err(Stop::Failed)
}

/// Whether the counts of removed files are of interest: they are of no process that is there.
fn has_departed(by: By) -> bool {
    matches!(by, By::Nothing | By::Command)
}

/// Reads the files of the departed that were found. What is wrong with one is said when it has its turn as a file.
fn departed(found: &[Found], by: By) -> Vec<Snapshot> {
    if !has_departed(by) {
        return Vec::new();
    }
    let has_name =
        |found: &&Found| found.path.file_name().is_some_and(|name| files::departed(name).is_some());
    let read = |found: &Found| {
        let mut snapshot = Snapshot::new();
        snapshot.read(&found.path, found.origin).ok()?;
        files::is_departed(&snapshot).then_some(snapshot)
    };
    found.iter().filter(has_name).filter_map(read).collect()
}

fn states(departed: &[Snapshot]) -> Departed {
    departed.iter().map(|snapshot| (snapshot.path().to_owned(), files::state_of(snapshot))).collect()
}

/// Reads all files.
fn read(reading: &Reading<'_>, by: By, found: &[Found], exposition: &mut Exposition<'_>) -> Result<(), Stop> {
    let now = Files::new(reading.tool, reading.operands, found);
    let mut take = |snapshot: &Snapshot| {
        exposition.take(snapshot);
        Ok(())
    };
    if by == By::File {
        now.each(&mut take)?;
    } else {
        now.each_once(&mut take)?;
    }
    if now.has_read() {
        reading.files.note_read();
    }
    Ok(())
}
