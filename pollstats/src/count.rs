//! What one file gives to a row.

use std::time::Duration;

use figures::{Sample, Source};
use files::Member;
use mmstats::{FollowedField, Observation, Value};

use crate::amount::Amount;
use crate::change::Reading;
use crate::poll::{Gives, PUBLISHING, Poll, is_counter, unix};
use crate::polled::{Part, PolledFile};

impl Poll {
    /// Takes what a file gives into the row.
    pub(crate) fn count(&mut self, member: &mut Member<PolledFile>, looked: Observation, gives: Gives) {
        let Member { file, state, writer, .. } = member;
        let resumes = std::mem::take(&mut state.resumes);
        if !state.counts {
            state.is_known = true;
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
        let Self { tallies, classes, fields, passed, now, .. } = self;
        let since = || writer.created.map(|created| unix(*now) - created).filter(|&age| age > 0.0);
        // What was added to values that several columns show, by the first of these.
        let mut shared: Vec<(usize, Amount)> = Vec::new();
        for (column, part) in state.parts.iter_mut().enumerate() {
            let Some(number) = part.field else {
                part.forget();
                continue;
            };
            let tally = &mut tallies[column];
            if looked == Observation::Unchanged && state.only_counters && part.is_known() {
                match part.class {
                    Some((class, _)) => tally.class(class).add(&Amount::Nothing, None),
                    None => tally.add_change(0),
                }
                continue;
            }
            let field = file.field(number);
            if let Some((class, _)) = part.class.filter(|(class, _)| !classes[column][*class].is_change) {
                if let Some(sample) = Sample::followed(&field).filter(|_| gives != Gives::Changes) {
                    let created = writer.created.unwrap_or_default();
                    tally.class(class).add_value(&Source { file: 0, is_alive: true, created }, &sample);
                }
                continue;
            }
            let Some(value) = field.value() else { continue };
            let is_integer = part.class.is_some() || (is_counter(&value) && !fields[column].is_gauge);
            if !is_integer {
                if gives != Gives::Changes {
                    tally.add_value(value);
                }
                continue;
            }
            if gives == Gives::Values {
                match part.class {
                    Some((class, _)) => tally.class(class).add(&Amount::Nothing, None),
                    None => tally.add_change(0),
                }
                continue;
            }
            let past = Past { passed: *passed, is_first, from_zero };
            let found = part.owner.and_then(|owner| shared.iter().find(|(column, _)| *column == owner));
            let change = match (found, part.owner) {
                (Some((_, change)), _) => change.clone(),
                (None, Some(_)) => continue,
                (None, None) => {
                    let Some(change) = change(part, &field, &value, past) else { continue };
                    if part.is_owner {
                        shared.push((column, change.clone()));
                    }
                    change
                }
            };
            let group = state.thread.as_ref().filter(|thread| thread.is_process).map(|thread| &thread.group);
            if let Some(group) = group {
                group.borrow_mut().grown(column, part.class, &change);
            }
            match (part.class, change) {
                (Some((class, scale)), change) => {
                    let age = since().filter(|_| is_first);
                    let shown = if group.is_some() { Amount::Nothing } else { change.in_unit(scale) };
                    tally.class(class).add(&shown, age);
                }
                (None, Amount::Integer(counted)) => {
                    if is_first {
                        tally.add_since_start(since_start(counted, since()));
                    }
                    tally.add_change(if group.is_some() { 0 } else { counted });
                }
                (None, _) => {}
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
}

/// What was counted since the last look, as the file has it. `None` of a value that does not count.
fn change(part: &mut Part, field: &FollowedField<'_>, value: &Value<'_>, past: Past) -> Option<Amount> {
    if let Some(integer) = value.as_integer().filter(|_| is_counter(value)) {
        let reading =
            Reading { value: integer, bits: field.bits(), is_signed: matches!(value, Value::Signed(_)) };
        return Some(Amount::Integer(match part.before.replace(integer) {
            Some(before) => reading.since(before, past.passed),
            None if past.is_first => integer,
            None if past.from_zero => integer.max(0),
            None => 0,
        }));
    }
    let now = Amount::of(value)?;
    let change = match &part.amount {
        Some(before) => now.since(before),
        None if past.is_first || past.from_zero => now.clone(),
        None => now.since(&now),
    };
    part.amount = Some(Box::new(now));
    Some(change)
}

/// What was counted per second, if the file says since when.
fn since_start(counted: i128, age: Option<f64>) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let counted = counted as f64;
    age.map_or(0.0, |age| counted / age)
}
