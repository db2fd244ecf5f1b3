//! What one file gives to a row.

use std::time::Duration;

use figures::{Sample, Source};
use files::Member;
use mmstats::{FollowedField, Observation, Value};

use crate::amount::Amount;
use crate::change::Reading;
use crate::poll::{Gives, PUBLISHING, Poll, is_counter, unix};
use crate::polled::{Known, Part, PolledFile};

impl Poll {
    /// Takes what a file gives into the row.
    pub(crate) fn count(&mut self, member: &mut Member<PolledFile>, looked: Observation, gives: Gives) {
        let Member { file, state, writer, .. } = member;
        let resumes = std::mem::take(&mut state.resumes);
        if !state.counts {
            state.is_known = true;
            return;
        }
        let is_still = looked == Observation::Unchanged && state.only_counters;
        // Most files are so in most rows.
        if is_still && state.is_known && state.parts.iter().all(Part::is_at_rest) {
            for (tally, _) in
                self.tallies.iter_mut().zip(&state.parts).filter(|(_, part)| part.field.is_some())
            {
                tally.add_change(0);
            }
            return;
        }
        // What a file that is new has counted, it has counted since the row before if it was made since. A
        // field that is new in a known file began at 0, too; what a filter let through only now did not.
        let is_young = || match (self.before, writer.created) {
            (Some(before), Some(created)) => created >= unix(before) - PUBLISHING,
            _ => false,
        };
        let from_zero = !resumes && (state.is_known || is_young());
        let is_first = !state.is_known && self.before.is_none();
        state.is_known = true;
        let age = || writer.created.map(|created| unix(self.now) - created).filter(|&age| age > 0.0);
        let past =
            Past { passed: self.passed, is_first, from_zero, age: if is_first { age() } else { None } };
        let process = state.thread.as_ref().filter(|thread| thread.is_process).map(|thread| &thread.group);
        // What was added to values that several columns show, by the first of these.
        let mut shared: Vec<(usize, Amount)> = Vec::new();
        for (column, part) in state.parts.iter_mut().enumerate() {
            let Some(number) = part.field else {
                part.forget();
                continue;
            };
            let tally = &mut self.tallies[column];
            if let Some(known) = &mut part.known {
                let tally = tally.class(known.class);
                if (is_still && (known.has_past() || part.before.is_some()))
                    || (gives == Gives::Values && self.classes[column][known.class].is_change)
                {
                    tally.add(&Amount::Nothing);
                    continue;
                }
                let field = file.field(number);
                if !self.classes[column][known.class].is_change {
                    if let Some(sample) = Sample::followed(&field).filter(|_| gives != Gives::Changes) {
                        let created = writer.created.unwrap_or_default();
                        tally.add_value(&Source { file: 0, is_alive: true, created }, &sample);
                    }
                    continue;
                }
                let Some(change) = added(column, known, &mut part.before, &field, past, &mut shared) else {
                    continue;
                };
                let grown = process.map(|group| (group, change.clone()));
                let change = change.in_unit(known.scale);
                if let Some(age) = past.age {
                    tally.add_since_start(&change, age);
                }
                if let Some((group, raw)) = grown {
                    group.borrow_mut().more.grown(column, Some((known.class, known.scale)), &raw);
                    tally.add(&Amount::Nothing);
                } else {
                    tally.add(&change);
                }
                continue;
            }
            if is_still && part.before.is_some() {
                tally.add_change(0);
                continue;
            }
            let field = file.field(number);
            let Some(value) = field.value() else { continue };
            let integer = value.as_integer().filter(|_| is_counter(&value) && !self.fields[column].is_gauge);
            let Some(integer) = integer else {
                if gives != Gives::Changes {
                    tally.add_value(value);
                }
                continue;
            };
            if gives == Gives::Values {
                tally.add_change(0);
                continue;
            }
            let change = counted(&mut part.before, &field, &value, integer, past);
            if is_first {
                tally.add_since_start(since_start(change, past.age));
            }
            if let Some(group) = process {
                group.borrow_mut().more.grown(column, None, &Amount::Integer(change));
                tally.add_change(0);
            } else {
                tally.add_change(change);
            }
        }
    }
}

/// What is known of the time before a look.
#[derive(Clone, Copy)]
struct Past {
    passed: Duration,
    /// Whether the row has what was counted since the start.
    is_first: bool,
    /// Whether a field that is new began at 0 since the row before.
    from_zero: bool,
    /// How old the process is in seconds, where that matters.
    age: Option<f64>,
}

/// What a counter of integers has counted since the last look, as the file has it.
fn counted(
    before: &mut Option<i128>,
    field: &FollowedField<'_>,
    value: &Value<'_>,
    integer: i128,
    past: Past,
) -> i128 {
    let reading =
        Reading { value: integer, bits: field.bits(), is_signed: matches!(value, Value::Signed(_)) };
    match before.replace(integer) {
        Some(before) => reading.since(before, past.passed),
        None if past.is_first => integer,
        None if past.from_zero => integer.max(0),
        None => 0,
    }
}

/// What was added since the last look to a field that has a meaning. `None` of a value that does not count.
fn added(
    column: usize,
    known: &mut Known,
    before: &mut Option<i128>,
    field: &FollowedField<'_>,
    past: Past,
    shared: &mut Vec<(usize, Amount)>,
) -> Option<Amount> {
    if let Some(owner) = known.owner {
        return shared.iter().find(|(column, _)| *column == owner).map(|(_, change)| change.clone());
    }
    let value = field.value()?;
    if let Some(integer) = value.as_integer().filter(|_| is_counter(&value)) {
        return Some(Amount::Integer(counted(before, field, &value, integer, past)));
    }
    let now = Amount::of(&value)?;
    let change = match &known.amount {
        Some(before) => now.since(before),
        None if past.is_first || past.from_zero => now.clone(),
        None => now.since(&now),
    };
    known.amount = Some(now);
    if known.is_owner {
        shared.push((column, change.clone()));
    }
    Some(change)
}

/// What was counted per second, if the file says since when.
fn since_start(counted: i128, age: Option<f64>) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let counted = counted as f64;
    age.map_or(0.0, |age| counted / age)
}
