//! The values of one label in all files, for `--aggregate`.

use std::borrow::Cow;
use std::collections::HashSet;

use figures::{Aggregate, Function, Sample, Source};
use files::{Fold, Folds, Member};
use mmstats::{Origin, Snapshot};

use crate::until::{Until, has_part};

/// The files that are folded into one: by process, and by the number that they have in common.
pub(crate) type Group = (Option<i128>, Option<i128>);

/// The group of a file.
pub(crate) fn group<S>(member: &Member<S>) -> Group {
    (member.writer.pid, member.writer.fold)
}

/// Gathers them.
pub(crate) struct Together<'a> {
    until: &'a Until,
    function: Function,
    pub(crate) aggregate: Aggregate,
    /// Whether each file's value could be read.
    pub(crate) is_known: bool,
    /// Whether it is a part of the values that is meant.
    pub(crate) has_part: bool,
    /// The files whose values have no such part.
    pub(crate) partless: Vec<usize>,
}

impl<'a> Together<'a> {
    pub(crate) fn new(until: &'a Until, function: Function) -> Self {
        Self {
            until,
            function,
            aggregate: Aggregate::new(function),
            is_known: true,
            has_part: false,
            partless: Vec::new(),
        }
    }

    /// Takes in the values of all followed files. Of the groups that have `moved`, a file has just gone.
    pub(crate) fn add_all<S>(&mut self, members: &[Member<S>], moved: &HashSet<Group>) {
        let adds_up = matches!(self.function, Function::Sum | Function::Auto);
        let mut has_folds = adds_up && !moved.is_empty();
        for (number, member) in members.iter().enumerate() {
            if adds_up && member.writer.fold.is_some() {
                has_folds = true;
                continue;
            }
            let Some((field, part)) = self.until.find(&member.file) else { continue };
            let created = member.writer.created.unwrap_or_default();
            let source = Source { file: number, is_alive: true, created };
            if part.is_some_and(|part| !has_part(part, field.data_type(), field.value())) {
                self.partless.push(number);
                continue;
            }
            match Sample::followed(&field) {
                Some(sample) => {
                    self.add(&source, field.label(), || field.type_code().into_owned(), &sample, part);
                }
                None => self.is_known = false,
            }
        }
        if has_folds {
            self.add_folds(members, moved);
        }
    }

    /// Takes in the values of threads that may be folded while they are read: each thread's once. They are read
    /// anew, in the order that makes sure of it.
    fn add_folds<S>(&mut self, members: &[Member<S>], moved: &HashSet<Group>) {
        let (mut folds, mut snapshot) = (Folds::new(), Snapshot::new());
        let (mut gone, mut processes) = (moved.clone(), HashSet::new());
        for member in members.iter().filter(|member| member.writer.fold.is_some()) {
            let origin = member.file.origin();
            let group = group(member);
            match member.read(&mut snapshot) {
                Ok(()) => {
                    if Folds::is_process(&snapshot) {
                        processes.insert(group);
                    }
                    folds.keep(&snapshot, &member.found());
                }
                // A thread that has ended: its process's file has its counts.
                Err(error) if error.is_not_found() && origin == Origin::Found => drop(gone.insert(group)),
                Err(_) => self.is_known = false,
            }
        }
        // Where that file is not known yet, the next look finds it.
        self.is_known &= gone.is_subset(&processes) && !folds.lacks_process();
        let read: Result<(), std::convert::Infallible> = folds.read(&mut |fold| {
            match fold {
                Fold::Counts(snapshot, _) => self.add_snapshot(members, snapshot),
                Fold::Failed(_) | Fold::Unfinished(_) => self.is_known = false,
            }
            Ok(())
        });
        read.unwrap_or_else(|never| match never {});
    }

    fn add_snapshot<S>(&mut self, members: &[Member<S>], snapshot: &Snapshot) {
        let Some((field, part)) = self.until.find_in(snapshot) else { return };
        let number =
            members.iter().position(|member| member.file.path() == snapshot.path()).unwrap_or_default();
        let source = Source::of(number, snapshot, true);
        if part.is_some_and(|part| !has_part(part, field.data_type(), Some(field.value()))) {
            self.partless.push(number);
            return;
        }
        self.add(&source, field.label(), || field.type_code().into_owned(), &Sample::of(&field), part);
    }

    fn add(
        &mut self,
        source: &Source,
        label: &[u8],
        code: impl FnOnce() -> String,
        sample: &Sample<'_>,
        part: Option<&str>,
    ) {
        match part {
            Some(part) if !self.function.merges() => {
                let value = sample.value.part(part).map(|value| (Cow::Owned(part.to_owned()), value));
                self.aggregate.add_parts(source, label, sample, value.as_slice());
            }
            _ => {
                self.has_part |= part.is_some();
                self.aggregate.add_sample(source, label, code, sample);
            }
        }
    }
}
