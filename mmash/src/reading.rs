//! The files as they are at one moment, for one answer.

use std::fmt::Display;
use std::path::Path;

use cli::{Labels, Stop, Tool};
use exposition::{Files, Together};
use figures::{Function, Tallied};
use files::{Found, Notice, Operands, Process, Ways};
use glob::Pattern;
use mmstats::live::{Judge, Life};
use mmstats::{Error, Snapshot, SnapshotField};

/// A line for stderr: a path, mostly, and a reason.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem(String);

impl Problem {
    pub(crate) fn new(what: &str, reason: &dyn Display) -> Self {
        Self(format!("{what}: {reason}"))
    }

    fn at(path: &Path, reason: &dyn Display) -> Self {
        Self::new(&cli::escape_path(path), reason)
    }

    pub(crate) fn line(&self) -> &str {
        &self.0
    }

    /// What a notice about files says, if it is an error.
    pub(crate) fn of_notice(notice: &Notice<'_>) -> Option<Self> {
        match *notice {
            Notice::Unlisted(path, error) => Some(Self::at(path, &cli::plain(error))),
            Notice::Process(pid, error) => {
                Some(Self::new(&format!("process {pid}"), &cli::of_process(error)))
            }
            Notice::Hidden(count) => Some(Self::new(&cli::hidden(count), &"Permission denied")),
            Notice::Pattern(what) => Some(Self::new("MMSTATS_GLOB", &what)),
            Notice::Unreadable(error) => Some(Self::of(error)),
            _ => None,
        }
    }

    fn of(error: &Error) -> Self {
        Self::at(error.path(), &error.reason())
    }
}

/// The files that there are now, and what goes wrong with them.
pub(crate) struct Reading {
    pub(crate) tool: Tool,
    operands: Operands,
    found: Vec<Found>,
    /// Which of them are wanted, if not all.
    pattern: Option<Pattern>,
}

impl Reading {
    pub(crate) fn of(operands: Operands) -> Self {
        let search = files::find(&operands, Ways::One);
        let tool = Tool::silent("mmash");
        // Which processes there are changes all the time: the sampler has said what may not be looked at, once.
        let is_news = |problem: &&files::Problem| !matches!(problem, files::Problem::Hidden(_));
        search.problems.iter().filter(is_news).for_each(|problem| tool.tell(&problem.into()));
        Self { tool, operands, found: search.found, pattern: None }
    }

    /// Leaves out the files whose names do not match. Nothing is looked for: those that match are among the files
    /// that the program shows anyway.
    pub(crate) fn choose(&mut self, pattern: Pattern) {
        self.found.retain(|found| is_chosen(&pattern, found));
        self.pattern = Some(pattern);
    }

    /// The files that there are by now.
    fn find_anew(&self) -> Vec<Found> {
        let mut found = files::find(&self.operands, Ways::One).found;
        found.retain(|found| self.pattern.as_ref().is_none_or(|pattern| is_chosen(pattern, found)));
        found
    }

    /// The process in which a file was found, if so.
    pub(crate) fn process_of(&self, path: &Path) -> Option<&Process> {
        let place = self.found.binary_search_by(|found| found.path.as_os_str().cmp(path.as_os_str()));
        self.found[place.ok()?].process()
    }

    pub(crate) fn files(&self) -> Files<'_> {
        Files::new(&self.tool, &self.operands, &self.found)
    }

    /// Gives every file that can be read to `show`, in their order.
    pub(crate) fn each(&self, mut show: impl FnMut(&Snapshot)) {
        // Nothing stops it.
        let _ = self.files().each(&mut |snapshot, _| {
            show(snapshot);
            Ok(())
        });
    }

    /// The same with whether its writer is alive, if that is known.
    pub(crate) fn each_judged(&self, mut show: impl FnMut(&Snapshot, Option<bool>)) {
        let judge = Judge::new();
        self.each(|snapshot| show(snapshot, is_alive(&judge, snapshot)));
    }

    /// What a function makes of the values of all files, of the labels that are wanted; and what `hear` makes of every
    /// file that counts, and of whether its writer may live.
    pub(crate) fn together<T: Default>(
        &self,
        labels: &Labels,
        function: Function,
        hear: &dyn Fn(&mut T, &Snapshot, bool),
    ) -> Result<(Vec<Tallied>, T), Unsteady> {
        let anew = || self.find_anew();
        let files = self.files().found_by(&anew);
        let what = exposition::Reading { tool: &self.tool, files: &files, labels, is_alive_wanted: false };
        let (together, heard) = Together::read_beside(&what, function, hear)?;
        Ok((together.results(), heard))
    }

    /// The fields that could be read.
    pub(crate) fn fields<'a>(&'a self, snapshot: &'a Snapshot) -> impl Iterator<Item = SnapshotField<'a>> {
        exposition::fields(&self.tool, snapshot)
    }

    pub(crate) fn into_problems(self) -> impl Iterator<Item = Problem> {
        self.tool.take_said().into_iter().map(Problem)
    }
}

/// Counts moved from file to file faster than they could be read.
pub(crate) struct Unsteady;

impl From<Stop> for Unsteady {
    fn from(_: Stop) -> Self {
        Self
    }
}

fn is_chosen(pattern: &Pattern, found: &Found) -> bool {
    let name = found.path.file_name().unwrap_or_default();
    pattern.matches(&name.to_string_lossy()) || pattern.matches_path(&found.path)
}

fn is_alive(judge: &Judge, snapshot: &Snapshot) -> Option<bool> {
    match judge.judge(snapshot).life {
        Life::Alive => Some(true),
        Life::Dead => Some(false),
        _ => None,
    }
}
