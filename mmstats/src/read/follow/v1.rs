//! A followed file of version 1: where its wanted fields are, and what was in them at the last look.

use std::fs::File;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use super::followed::Writer;
use super::{Certainty, LIMIT, Observation, Observer};
use crate::error::{Error, Reason};
use crate::format::v1::{self, Record};
use crate::format::value::Value;
use crate::read::settle_v1::settle;

pub(super) struct FollowedV1 {
    pub(super) layout: Arc<FieldMap>,
    /// First, of each wanted field, which value counts. Then, run by run, the bytes of the file as they
    /// were: a look at a thousand files fetches a thousand such pieces of memory. Then those of the
    /// fields that say whose the file is.
    pub(super) seen: Box<[u8]>,
}

/// In place of the number of the value that counts: no look could tell yet.
pub(super) const NONE: u8 = 2;

/// Where the wanted fields of a file are.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct FieldMap {
    pub(super) wanted: Vec<Wanted>,
    /// Wanted fields that lie one after the other, compared all at once.
    pub(super) runs: Vec<Run>,
    /// The fields that say whose the file is.
    pub(super) signature: Vec<Wanted>,
    /// Where the list of fields ends, if it may go on there some day.
    pub(super) end: Option<usize>,
    /// The bytes that a look needs.
    pub(super) range: Range<usize>,
}

#[derive(PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) record: Record,
    /// Where it begins in `seen`.
    pub(super) seen_at: usize,
}

impl Hash for Wanted {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.record.at, self.record.index_at).hash(state);
    }
}

#[derive(PartialEq, Eq, Hash)]
pub(super) struct Run {
    /// The bytes of the file, and where they begin in `seen`.
    pub(super) bytes: Range<usize>,
    pub(super) seen_at: usize,
}

impl FieldMap {
    /// Adds a field that lies after all others, whose bytes come next in a `seen` that has `seen_at`
    /// bytes so far.
    pub(super) fn push(&mut self, record: &Record, seen_at: usize) {
        self.wanted.push(Wanted { record: *record, seen_at });
        match self.runs.last_mut() {
            Some(run) if run.bytes.end == record.at => run.bytes.end = record.end,
            _ => self.runs.push(Run { bytes: record.at..record.end, seen_at }),
        }
    }

    /// Whether no byte of the wanted fields is another.
    pub(super) fn is_same(&self, bytes: &[u8], seen: &[u8]) -> bool {
        self.runs.iter().all(|Run { bytes: run, seen_at }| {
            bytes.get(run.clone()).is_some_and(|bytes| *bytes == seen[*seen_at..][..bytes.len()])
        })
    }

    /// Whether the list of fields still ends where it did.
    pub(super) fn ends(&self, bytes: &[u8]) -> bool {
        // Two zero bytes are how it ends in nearly every file.
        let is_end = |end| bytes[end..].starts_with(&[0, 0]) || v1::field(bytes, end) == Ok(None);
        self.end.is_none_or(|end| end <= bytes.len() && is_end(end))
    }

    /// Whether the file is signed as it was.
    pub(super) fn is_signed(&self, bytes: &[u8], seen: &[u8]) -> bool {
        self.signature.iter().all(|Wanted { record, seen_at }| {
            let then = &seen[*seen_at..][..record.end - record.at];
            bytes.get(record.at..record.end).is_some_and(|now| now == then)
        })
    }

    /// Whether the fields are still where they were.
    pub(super) fn holds(&self, bytes: &[u8], seen: &[u8]) -> bool {
        self.wanted.iter().all(|Wanted { record, seen_at }| {
            let head = &seen[*seen_at..][..record.index_at - record.at];
            record.end <= bytes.len()
                && bytes[record.at..record.index_at] == *head
                && record.fits(bytes[record.index_at])
        })
    }
}

impl Wanted {
    /// Index byte and values, as they were.
    pub(super) fn values<'a>(&self, seen: &'a mut [u8]) -> &'a mut [u8] {
        let record = &self.record;
        &mut seen[self.seen_at + (record.index_at - record.at)..][..record.end - record.index_at]
    }
}

impl Observer {
    /// Looks at a file of version 1. `None`: its fields are not what they were.
    pub(super) fn look_v1(
        &mut self,
        file: &File,
        followed: &mut FollowedV1,
    ) -> std::io::Result<Option<Observation>> {
        let FollowedV1 { layout, seen } = followed;
        self.first.read_range(file, layout.range.clone())?;
        let bytes = self.first.bytes();
        let count = layout.wanted.len();
        let mut holds = layout.ends(bytes) && layout.is_signed(bytes, seen);
        if holds && layout.is_same(bytes, seen) && !seen[..count].contains(&NONE) {
            return Ok(Some(Observation::Unchanged));
        }
        holds = holds && layout.holds(bytes, seen);
        self.doubtful.clear();
        if holds {
            for (number, wanted) in layout.wanted.iter().enumerate() {
                let record = &wanted.record;
                let now = &bytes[record.index_at..record.end];
                let current = seen[number];
                let before = wanted.values(seen);
                if now == before && current != NONE {
                    continue;
                }
                if self.certainty == Certainty::Newest && is_enough(record, current, before, now) {
                    before.copy_from_slice(now);
                    seen[number] = buffer_of(record, now);
                } else {
                    self.doubtful.push(number);
                }
            }
        }
        if !self.doubtful.is_empty() {
            self.second.read_range(file, layout.range.clone())?;
            holds = layout.holds(self.second.bytes(), seen);
        }
        if !holds {
            return Ok(None);
        }
        self.later.forget();
        for &number in &self.doubtful {
            let wanted = &layout.wanted[number];
            let record = &wanted.record;
            let settled = settle(file, record, &mut self.first, &mut self.second, &mut self.later);
            // What cannot be read stays what it was: the next look may be luckier.
            if settled?.is_some() {
                let now = &self.first.bytes()[record.index_at..record.end];
                wanted.values(seen).copy_from_slice(now);
                seen[number] = buffer_of(record, now);
            }
        }
        Ok(Some(Observation::Changed))
    }

    /// The wanted fields of the snapshot, and what is in them.
    pub(super) fn describe_v1(&mut self, mut wanted: impl FnMut(&[u8]) -> bool) -> Result<FollowedV1, Error> {
        let bytes = self.snapshot.bytes();
        let chosen: Vec<_> = self.snapshot.places().map(|(record, _)| wanted(record.label(bytes))).collect();
        let (wanted, runs, signature) = (Vec::new(), Vec::new(), Vec::new());
        let mut layout = FieldMap { wanted, runs, signature, end: None, range: 0..0 };
        let mut end = v1::FIRST_FIELD;
        let mut seen = Vec::new();
        for ((_, buffer), _) in self.snapshot.places().zip(&chosen).filter(|(_, chosen)| **chosen) {
            seen.push(buffer.map_or(NONE, |buffer| u8::from(buffer == 1)));
        }
        for ((record, _), chosen) in self.snapshot.places().zip(chosen) {
            end = record.end;
            if chosen && end > LIMIT {
                let reason = Reason::TooLarge { at: record.at, limit: LIMIT };
                return Err(Error::new(self.snapshot.path(), reason));
            }
            if chosen {
                layout.push(record, seen.len());
                seen.extend(&bytes[record.at..record.end]);
            }
        }
        layout.end = self.snapshot.defect().is_none().then_some(end);
        for label in Writer::LABELS {
            if let Some(field) = self.snapshot.find(label) {
                let Some(&record) = field.record() else { continue };
                layout.signature.push(Wanted { record, seen_at: seen.len() });
                seen.extend(&bytes[record.at..record.end]);
            }
        }
        let records = || layout.wanted.iter().chain(&layout.signature).map(|wanted| &wanted.record);
        let from = records().map(|record| record.at).min().unwrap_or(end);
        let to = records().map(|record| record.end).max().unwrap_or(end);
        layout.range = from..layout.end.map_or(to, |end| end + 2);
        Ok(FollowedV1 { layout: self.layouts.share(layout), seen: seen.into() })
    }
}

/// Whether one look at a number is enough, as [`Certainty::Newest`] has it. `before` and `now` begin with the
/// index byte.
fn is_enough(record: &Record, counted: u8, before: &[u8], now: &[u8]) -> bool {
    let current = buffer_of(record, now);
    if !record.shape.loads_at_once(record.value_at(current.into())) {
        return false;
    }
    if counted == NONE {
        return true;
    }
    match (value_in(record, before, counted), value_in(record, now, current)) {
        (Value::Unsigned(before), Value::Unsigned(now)) => now >= before,
        (Value::Signed(before), Value::Signed(now)) => now >= before,
        _ => true,
    }
}

pub(super) fn buffer_of(record: &Record, values: &[u8]) -> u8 {
    if record.buffered { (values[0] ^ 1) & 1 } else { 0 }
}

pub(super) fn value_in<'a>(record: &Record, values: &'a [u8], buffer: u8) -> Value<'a> {
    let at = 1 + usize::from(buffer) * record.shape.size;
    Value::decode(&record.shape.first, &values[at..][..record.shape.size])
}
