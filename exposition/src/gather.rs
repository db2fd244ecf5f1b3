//! Reading the files, each number once. A sum that lacks counts for a moment would be taken for a restart by
//! Prometheus, which adds all of it once more.

use cli::Stop;
use mmstats::Snapshot;

use crate::exposition::{Complain, Exposition};
use crate::removed;
use crate::{By, Choice, Reading};

pub(crate) fn gather<'a>(
    reading: &Reading<'a>,
    complain: &'a Complain<'a>,
    choice: &'a Choice,
    by: By,
) -> Result<Exposition<'a>, Stop> {
    let begin = || {
        let exposition = Exposition::new(complain, choice, reading.labels).by(by);
        exposition.only_alive(reading.is_alive_wanted)
    };
    // The counts of removed files are of no process that is there.
    if matches!(by, By::Nothing | By::Command) {
        let add = |exposition: &mut Exposition<'a>, snapshot: &Snapshot, is_departed: bool| {
            exposition.add(snapshot, is_departed);
        };
        return removed::gather(reading.files, &begin, &add);
    }
    let mut exposition = begin();
    let mut take = |snapshot: &Snapshot| {
        if !files::is_departed(snapshot) {
            exposition.add(snapshot, false);
        }
        Ok(())
    };
    if by == By::File {
        reading.files.each(&mut take)?;
    } else {
        reading.files.each_once(&mut take)?;
    }
    Ok(exposition)
}
