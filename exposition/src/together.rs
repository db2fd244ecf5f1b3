//! One record per label over all files.

use std::path::PathBuf;

use cli::{Labels, Stop, Tool, escape};
use figures::{Aggregate, Function, Outcome, Sample, Source, Tallied};
use mmstats::live::{Judge, Life};
use mmstats::{Part, Snapshot};

use crate::{Reading, removed};

/// Gathers the values of all files.
pub struct Together<'a> {
    tool: &'a Tool,
    labels: &'a Labels,
    function: Function,
    aggregate: Aggregate,
    paths: Vec<PathBuf>,
}

impl<'a> Together<'a> {
    /// Nothing gathered yet. What cannot be merged, `tool` says.
    #[must_use]
    pub fn new(tool: &'a Tool, labels: &'a Labels, function: Function) -> Self {
        Self { tool, labels, function, aggregate: Aggregate::new(function), paths: Vec::new() }
    }

    /// Reads all files and gathers their values. What adds up counts each number once.
    ///
    /// # Errors
    /// [`Stop::Failed`] if counts move from file to file faster than they can be read.
    pub fn read(reading: &Reading<'a>, function: Function) -> Result<Self, Stop> {
        let judge = Judge::new();
        // Whether a writer lives is asked only where it matters: that takes time.
        let does_life_matter = reading.is_alive_wanted || function == Function::Auto;
        let begin = || Self::new(reading.tool, reading.labels, function);
        let add = |together: &mut Self, snapshot: &Snapshot, is_departed: bool| {
            let is_dead = is_departed || (does_life_matter && judge.judge(snapshot).life == Life::Dead);
            if !(reading.is_alive_wanted && is_dead) {
                together.add(snapshot, !is_dead);
            }
        };
        if matches!(function, Function::Sum | Function::Auto) {
            return removed::gather(reading.tool, reading.operands, reading.files, &begin, &add);
        }
        let mut together = begin();
        reading.files.each(&mut |snapshot| {
            add(&mut together, snapshot, false);
            Ok(())
        })?;
        Ok(together)
    }

    /// Takes a file's values in.
    pub fn add(&mut self, snapshot: &Snapshot, is_alive: bool) {
        let source = match self.function {
            Function::Auto => Source::of(self.paths.len(), snapshot, is_alive),
            _ => self.paths.len().into(),
        };
        self.paths.push(snapshot.path().to_owned());
        for field in crate::fields(self.tool, snapshot) {
            let (label, labels) = (field.label(), self.labels);
            if !labels.want_of(label) {
                continue;
            }
            let sample = Sample::of(&field);
            let value = sample.value;
            if value.is_compound() && !self.function.merges() {
                let shown = value.parts().into_iter().filter_map(|(name, _)| {
                    let part = value.part(&name)?;
                    Some((name, part))
                });
                let parts: Vec<Part<'_>> = labels.parts(label, shown.collect(), |name| value.part(name));
                self.aggregate.add_parts(&source, label, &sample, &parts);
            } else {
                // A number where others have what the parts are of: it is to be named.
                self.aggregate.add_sample(&source, label, || field.type_code().into_owned(), &sample);
            }
        }
    }

    /// What came out. What could not be merged is reported.
    #[must_use]
    pub fn results(self) -> Vec<Tallied> {
        let tool = self.tool;
        for refused in self.aggregate.refused() {
            let why = "a mean of percentiles is no percentile: left out; -a auto merges what they are of";
            tool.error_at(&escape(refused), &why);
        }
        let mut results = self.aggregate.results();
        results.retain(|result| {
            matches!(result.outcome, Outcome::Compound(_)) || self.labels.want(&result.label)
        });
        for result in &results {
            for left_out in &result.left_out {
                tool.left_out(&self.paths[left_out.file], &result.label, left_out);
            }
        }
        results
    }
}
