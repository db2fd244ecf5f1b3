//! Waiting for `--until`: in some file, or for all files together.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use cli::{Stop, Tool, escape};
use figures::{Aggregate, Function, Outcome, Sample};
use files::{Left, Roster};
use mmstats::{Followed, Observation};

use crate::until::Until;

/// What is waited for, and what is known about it.
pub(crate) struct Wait {
    until: Until,
    function: Option<Function>,
    holds: bool,
    /// Files whose value could not be compared at this look, and whether one ever could.
    strange: Vec<PathBuf>,
    has_compared: bool,
    /// Files about which something was said.
    said: HashSet<PathBuf>,
    /// Whether the label was ever there with a number: only then is nothing a sum of 0.
    had_number: bool,
    /// Files that had the label and left otherwise than by the end of their writers: another file may have
    /// the name, or they cannot be read any more.
    lost: HashSet<PathBuf>,
}

impl Wait {
    pub(crate) fn new(until: Until, function: Option<Function>) -> Self {
        Self {
            until,
            function,
            holds: false,
            strange: Vec::new(),
            has_compared: false,
            said: HashSet::new(),
            had_number: false,
            lost: HashSet::new(),
        }
    }

    pub(crate) fn wants(&self, label: &[u8]) -> bool {
        self.until.label == label
    }

    /// Whether what is waited for holds.
    pub(crate) fn holds(&self) -> bool {
        self.holds
    }

    /// A look begins.
    pub(crate) fn begin(&mut self) {
        self.holds = false;
        self.strange.clear();
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
        let Some(Some(value)) = self.value(file) else { return };
        match self.until.holds(&value) {
            Some(holds) => (self.has_compared, self.holds) = (true, self.holds | holds),
            None => self.strange.push(file.path().to_owned()),
        }
    }

    /// A file left, after a last look at it.
    pub(crate) fn leave(&mut self, file: &Followed, looked: Observation, why: Left) {
        if why != Left::Broken {
            self.visit(file, looked);
        }
        if why != Left::Dead && self.value(file).is_some() {
            self.lost.insert(file.path().to_owned());
        }
    }

    /// The label's value in a file, if that has it; it may not be known yet.
    fn value(&self, file: &Followed) -> Option<Option<Outcome>> {
        let field = file.fields().find(|field| field.label() == self.until.label)?;
        Some(field.value().map(Outcome::from))
    }

    /// Ends a look: whether what is waited for holds.
    pub(crate) fn decide<S: Default>(&mut self, tool: &Tool, roster: &Roster<S>) -> Result<bool, Stop> {
        if let Some(function) = self.function {
            let Some(outcome) = self.together(tool, function, roster) else { return Ok(false) };
            self.holds = match self.until.holds(&outcome) {
                Some(holds) => holds,
                None => return Err(incomparable(tool)),
            };
        } else if !self.has_compared && !self.strange.is_empty() {
            return Err(incomparable(tool));
        }
        for path in std::mem::take(&mut self.strange) {
            self.tell(tool, &path, "cannot be compared with VALUE");
        }
        Ok(self.holds)
    }

    /// What the label's values are together. `None` where that is not known.
    fn together<S: Default>(
        &mut self,
        tool: &Tool,
        function: Function,
        roster: &Roster<S>,
    ) -> Option<Outcome> {
        let members = roster.members();
        let mut aggregate = Aggregate::new(function);
        let mut is_known = true;
        for (number, member) in members.iter().enumerate() {
            let field = member.file.fields().find(|field| field.label() == self.until.label);
            let Some(field) = field else { continue };
            match Sample::followed(&field) {
                Some(sample) => {
                    let code = || field.type_code().into_owned();
                    aggregate.add_sample(&number.into(), &self.until.label, code, &sample);
                }
                None => is_known = false,
            }
        }
        let result = aggregate.results().into_iter().next();
        for left_out in result.iter().flat_map(|result| &result.left_out) {
            self.tell(tool, members[left_out.file].file.path(), &format!("is {left_out}"));
            is_known = false;
        }
        let outcome = result.map(|result| result.outcome);
        self.had_number |= outcome.as_ref().is_some_and(|outcome| !is_text(outcome));
        // What is gone for good is nothing; what is only out of reach may be anything.
        self.lost.retain(|path| path.symlink_metadata().is_ok() && !roster.is_dead(path));
        if !is_known || !self.lost.is_empty() {
            return None;
        }
        let nothing = (function == Function::Sum && self.had_number).then_some(Outcome::Integer(0));
        outcome.or(nothing)
    }

    /// Says something about the label in a file, once.
    fn tell(&mut self, tool: &Tool, path: &Path, what: &str) {
        if self.said.insert(path.to_owned()) {
            tool.error(path, &format!("{} {what}", escape(&self.until.label)));
        }
    }
}

fn incomparable(tool: &Tool) -> Stop {
    tool.error_at("--until", &"the label's value and VALUE cannot be compared");
    Stop::Failed
}

fn is_text(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Text(_) | Outcome::Texts(_))
}
