//! The files as they are at one moment, for one answer.

use std::ffi::OsString;
use std::fmt::Display;
use std::path::Path;

use files::{Found, Notice, Ways};
use mmstats::live::{Judge, Life};
use mmstats::{Error, Origin, Snapshot, SnapshotField};

/// A line for stderr: a path, mostly, and a reason.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem(String);

impl Problem {
    pub(crate) fn new(what: &str, reason: &dyn Display) -> Self {
        Self(format!("{what}: {reason}"))
    }

    /// What a part of the program has said itself.
    pub(crate) fn said(line: String) -> Self {
        Self(line)
    }

    pub(crate) fn at(path: &Path, reason: &dyn Display) -> Self {
        Self::new(&cli::escape_path(path), reason)
    }

    pub(crate) fn line(&self) -> &str {
        &self.0
    }

    pub(crate) fn of(error: &Error) -> Self {
        Self::at(error.path(), &error.reason())
    }

    /// What a notice about files says, if it is an error.
    pub(crate) fn of_notice(notice: &Notice<'_>) -> Option<Self> {
        match *notice {
            Notice::Unlisted(path, error) => Some(Self::at(path, &cli::plain(error))),
            Notice::Pattern(what) => Some(Self::new("MMSTATS_GLOB", &what)),
            Notice::Unreadable(error) => Some(Self::of(error)),
            _ => None,
        }
    }
}

/// The files that there are now, and what went wrong with them.
pub(crate) struct Reading {
    pub(crate) found: Vec<Found>,
    pub(crate) problems: Vec<Problem>,
    judge: Judge,
}

impl Reading {
    pub(crate) fn of(operands: &[OsString]) -> Self {
        let search = files::find(operands, Ways::One);
        let problems =
            search.problems.iter().filter_map(|problem| Problem::of_notice(&problem.into())).collect();
        Self { found: search.found, problems, judge: Judge::new() }
    }

    /// Keeps the files that `choose` chooses.
    pub(crate) fn retain(&mut self, choose: impl FnMut(&Found) -> bool) {
        self.found.retain(choose);
    }

    /// Gives every file that can be read to `show`, in their order.
    pub(crate) fn each(&mut self, mut show: impl FnMut(&Snapshot, &mut Vec<Problem>)) {
        let mut snapshot = Snapshot::new();
        for found in &self.found {
            match snapshot.read(&found.path, found.origin) {
                Ok(()) => show(&snapshot, &mut self.problems),
                // It was there a moment ago: its process has ended, and that is no error.
                Err(error) if error.is_not_found() && found.origin == Origin::Found => {}
                Err(error) => self.problems.push(Problem::of(&error)),
            }
        }
    }

    /// The same with whether its writer is alive, if that is known.
    pub(crate) fn each_judged(&mut self, mut show: impl FnMut(&Snapshot, Option<bool>, &mut Vec<Problem>)) {
        let judge = std::mem::take(&mut self.judge);
        self.each(|snapshot, problems| {
            let is_alive = match judge.judge(snapshot).life {
                Life::Alive => Some(true),
                Life::Dead => Some(false),
                Life::Unknown => None,
            };
            show(snapshot, is_alive, problems);
        });
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }
}

/// The fields that could be read; the others are problems.
pub(crate) fn fields<'a>(
    snapshot: &'a Snapshot,
    problems: &'a mut Vec<Problem>,
) -> impl Iterator<Item = SnapshotField<'a>> {
    snapshot.fields().filter_map(|field| match field {
        Ok(field) => Some(field),
        Err(error) => {
            problems.push(Problem::of(&error));
            None
        }
    })
}
