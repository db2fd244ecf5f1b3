//! Reading the files, each number once. A sum that lacks counts for a moment would be taken for a restart by
//! Prometheus, which adds all of it once more.

use cli::Stop;
use files::Process;
use mmstats::Snapshot;

use crate::exposition::{Complain, Exposition};
use crate::removed::{self, Counted};
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
        let add = |exposition: &mut Exposition<'a>, snapshot: &Snapshot, counted: Counted<'_>| {
            exposition.add(snapshot, counted);
        };
        return removed::gather(reading.files, &begin, &add);
    }
    let mut exposition = begin();
    let mut take = |snapshot: &Snapshot, process: Option<&Process>| {
        if !files::is_departed(snapshot) {
            exposition.add(snapshot, Counted::In(process));
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
