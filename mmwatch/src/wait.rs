//! Waiting for `--until`: in some file, or for all files together.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use cli::{Stop, Tool, escape};
use figures::{Function, Outcome};
use files::{Left, Member, Roster};
use mmstats::{Followed, Observation};

use crate::together::{Group, Together, group};
use crate::until::{Until, has_part};

/// What is said of a file whose field has not the part that is meant.
const NO_PART: &str = "is not there: the field has no such part";

/// What is waited for, and what is known about it.
pub(crate) struct Wait {
    until: Until,
    function: Option<Function>,
    holds: bool,
    /// Files whose value could not be compared at this look, and why, and whether one ever could.
    strange: Vec<(PathBuf, &'static str)>,
    has_compared: bool,
    /// Whether a value has several numbers, and nobody has said which is meant.
    is_compound: bool,
    /// Files about which something was said.
    said: HashSet<PathBuf>,
    /// Whether the label was ever there with a number: only then is nothing a sum of 0.
    had_number: bool,
    /// Files that had the label and left otherwise than by the end of their writers: another file may have
    /// the name, or they cannot be read any more.
    lost: HashSet<PathBuf>,
    /// Groups of files that are folded into one, of which one has left at this look: its counts may be in the process's
    /// file, and that may not be known yet.
    moved: HashSet<Group>,
}

impl Wait {
    pub(crate) fn new(until: Until, function: Option<Function>) -> Self {
        Self {
            until,
            function,
            holds: false,
            strange: Vec::new(),
            has_compared: false,
            is_compound: false,
            said: HashSet::new(),
            had_number: false,
            lost: HashSet::new(),
            moved: HashSet::new(),
        }
    }

    pub(crate) fn wants(&self, label: &[u8]) -> bool {
        self.until.label == label || self.until.derived.as_ref().is_some_and(|(of, _)| of == label)
    }

    /// Whether what is waited for holds.
    pub(crate) fn holds(&self) -> bool {
        self.holds
    }

    /// A look begins.
    pub(crate) fn begin(&mut self) {
        self.holds = false;
        self.strange.clear();
        // The next look finds the process's file: it was there before the thread's file went.
        self.moved.clear();
    }

    /// A file was looked at.
    pub(crate) fn visit(&mut self, file: &Followed, looked: Observation) {
        if !self.lost.is_empty() {
            self.lost.remove(file.path());
        }
        // What has not changed did not hold before.
        if self.function.is_some() || looked == Observation::Unchanged {
            return;
        }
        if let Some((field, Some(part))) = self.until.find(file) {
            if !has_part(part, field.data_type(), field.value()) {
                self.strange.push((file.path().to_owned(), NO_PART));
                return;
            }
            // Nothing was recorded yet: another file without the part is no reason to end.
            self.has_compared |= self.until.may_hold();
        }
        let Some(Some(value)) = self.value(file) else { return };
        match self.until.holds(&value) {
            Some(holds) => (self.has_compared, self.holds) = (true, self.holds | holds),
            None => {
                self.is_compound |= matches!(value, Outcome::Compound(_));
                self.strange.push((file.path().to_owned(), "cannot be compared with VALUE"));
            }
        }
    }

    /// A file left, after a last look at it.
    pub(crate) fn leave<S>(&mut self, member: &Member<S>, looked: Observation, why: Left) {
        let file = &member.file;
        if why != Left::Dead && member.writer.fold.is_some() {
            self.moved.insert(group(member));
        }
        if why != Left::Broken {
            self.visit(file, looked);
        }
        if why != Left::Dead && self.value(file).is_some() {
            self.lost.insert(file.path().to_owned());
        }
    }

    /// The label's value in a file, if that has it; it may not be known yet.
    fn value(&self, file: &Followed) -> Option<Option<Outcome>> {
        let (field, part) = self.until.find(file)?;
        let value = field.value_in_unit();
        Some(match part {
            None => value.map(Outcome::from),
            Some(part) => value.and_then(|value| value.part(part)).map(Outcome::from),
        })
    }

    /// Ends a look: whether what is waited for holds.
    pub(crate) fn decide<S: Default>(&mut self, tool: &Tool, roster: &Roster<S>) -> Result<bool, Stop> {
        if let Some(function) = self.function {
            let Some(outcome) = self.together(tool, function, roster)? else { return Ok(false) };
            self.holds = match self.until.holds(&outcome) {
                Some(holds) => holds,
                None => {
                    self.is_compound |= matches!(outcome, Outcome::Compound(_));
                    return Err(self.incomparable(tool));
                }
            };
        } else if !self.has_compared && !self.strange.is_empty() {
            return Err(self.incomparable(tool));
        }
        for (path, why) in std::mem::take(&mut self.strange) {
            self.tell(tool, &path, why);
        }
        Ok(self.holds)
    }

    /// What the label's values are together. `None` where that is not known.
    fn together<S: Default>(
        &mut self,
        tool: &Tool,
        function: Function,
        roster: &Roster<S>,
    ) -> Result<Option<Outcome>, Stop> {
        let members = roster.members();
        let mut together = Together::new(&self.until, function);
        together.add_all(members, &self.moved);
        let Together { aggregate, mut is_known, has_part, partless, .. } = together;
        for number in partless {
            self.tell(tool, members[number].file.path(), NO_PART);
            is_known = false;
        }
        if let Some(label) = aggregate.refused().next() {
            let why = "the mean of several percentiles is no percentile; -a auto merges what was recorded";
            tool.error_at(&escape(label), &why);
            return Err(Stop::Failed);
        }
        // A label as it was typed comes before a part of another.
        let mut results = aggregate.results();
        results.sort_by_key(|result| result.label != self.until.label);
        let result = results.into_iter().next();
        for left_out in result.iter().flat_map(|result| &result.left_out) {
            self.tell(tool, members[left_out.file].file.path(), &format!("is {left_out}"));
            is_known = false;
        }
        let part = self.until.derived.as_ref().map(|(_, part)| part.as_str());
        let outcome = result.and_then(|result| match part.filter(|_| has_part) {
            Some(part) if result.label != self.until.label => result.outcome.part(part),
            _ => Some(result.outcome),
        });
        self.had_number |= outcome.as_ref().is_some_and(|outcome| !is_text(outcome));
        // What is gone for good is nothing; what is only out of reach may be anything.
        self.lost.retain(|path| path.symlink_metadata().is_ok() && !roster.is_dead(path));
        if !is_known || !self.lost.is_empty() {
            return Ok(None);
        }
        // Of nothing there is no mean and no percentile.
        let adds_up = function == Function::Sum && matches!(part, None | Some("count" | "sum"));
        let nothing = (adds_up && self.had_number).then_some(Outcome::Integer(0));
        Ok(outcome.or(nothing))
    }

    fn incomparable(&self, tool: &Tool) -> Stop {
        if self.is_compound {
            let label = escape(&self.until.label);
            let message = format!("{label} is several numbers: say which, such as {label}:count");
            tool.error_at("--until", &message);
        } else if let Some((label, part)) = self.until.derived.as_ref().filter(|_| self.lacks_part()) {
            tool.error_at("--until", &format!("{} has no {part}", escape(label)));
        } else {
            tool.error_at("--until", &"the label's value and VALUE cannot be compared");
        }
        Stop::Failed
    }

    /// Whether no value has such a part as is meant.
    fn lacks_part(&self) -> bool {
        !self.strange.is_empty() && self.strange.iter().all(|(_, why)| *why == NO_PART)
    }

    /// Says something about the label in a file, once.
    fn tell(&mut self, tool: &Tool, path: &Path, what: &str) {
        if self.said.insert(path.to_owned()) {
            tool.error(path, &format!("{} {what}", escape(&self.until.label)));
        }
    }
}

fn is_text(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Text(_) | Outcome::Texts(_))
}
