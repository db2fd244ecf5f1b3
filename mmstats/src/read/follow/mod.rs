//! Following files: the same fields of the same files again and again, for what reading them costs.
//!
//! The first look at a file is a [`Snapshot`]. It yields where the wanted fields are; from then on one
//! `pread` of their pages is a look, and comparing the heads of the fields makes sure that they are
//! still what they were. Where the heads differ, or where fields were added and some might be wanted,
//! the file is read anew. Files of one program share one description of where their fields are.
//!
//! A program that begins again may write to the same file in place, as the original does. Then `sys.pid`
//! or `sys.created` are others, and whoever follows must begin again, too.
//!
//! Values that have not changed since the look before need no other look: they were certain then. Those
//! that have changed are looked at as often as a snapshot does, text four times. Numbers on their boundary
//! are never torn; [`Certainty`] says whether one look is enough for them.

mod followed;

use std::collections::HashSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use crate::disk::identity::Identity;
use crate::error::{Error, Reason};
use crate::format::v1::{self, Record};
use crate::format::value::Value;
use crate::read::{Later, Origin, Pages, Snapshot, open, settle};

use followed::{FieldMap, NONE, Wanted, Writer, buffer_of, value_in};
pub use followed::{Followed, FollowedField};

/// What is known of a number that has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// That it is the newest that one look can give. The value may be one that its writer publishes only a moment later, so it is at most one
    /// update ahead; or it may be the one before the last that was published. An integer that has become
    /// less is looked at until it is certain nevertheless, since that may be the only trace of it.
    Newest,
    /// That its writer has published it. It takes a second look.
    Published,
}

/// What a look at a file has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observation {
    /// No byte of the wanted values has changed.
    Unchanged,
    /// Some have.
    Changed,
    /// The wanted fields are others than before, or elsewhere: their list was made anew.
    Anew,
    /// It is another writer's by now, and nothing of that has been taken in: follow it anew. Either
    /// another process writes to the same file, by its `sys.pid` or `sys.created`, or another file has the
    /// name. The latter is seen only of files that are not kept open.
    Replaced,
}

/// How far into a file its wanted fields may reach, in bytes: what was in them is kept for each file.
const LIMIT: usize = 16 * 1024 * 1024;

/// Looks at followed files. Its memory grows with the largest of them and with how many kinds there
/// are, not with time.
pub struct Observer {
    certainty: Certainty,
    snapshot: Snapshot,
    first: Pages,
    second: Pages,
    later: Later,
    doubtful: Vec<usize>,
    layouts: HashSet<Arc<FieldMap>>,
    /// How many layouts there may be before those that nobody uses are cleared away.
    crowd: usize,
}

impl Observer {
    /// One that has seen nothing yet.
    #[must_use]
    pub fn new(certainty: Certainty) -> Self {
        Self {
            certainty,
            snapshot: Snapshot::new(),
            first: Pages::default(),
            second: Pages::default(),
            later: Later::default(),
            doubtful: Vec::new(),
            layouts: HashSet::new(),
            crowd: 64,
        }
    }

    /// Begins to follow the file at `path`: the fields whose labels `wanted` chooses. It is kept open if
    /// the system allows one more; see [`Followed::close`].
    ///
    /// # Errors
    /// As [`Snapshot::read`], and [`crate::ErrorKind::TooLarge`] where a wanted field ends beyond 16 MiB.
    pub fn follow(
        &mut self,
        path: &Path,
        origin: Origin,
        wanted: impl FnMut(&[u8]) -> bool,
    ) -> Result<Followed, Error> {
        self.snapshot.read(path, origin)?;
        let Some(file) = self.snapshot.file() else { return Err(Error::io(path, "opening it")(gone())) };
        let metadata = file.metadata().map_err(Error::io(path, "looking at it"))?;
        let identity = Identity::of(&metadata);
        let file = file.try_clone().ok();
        let writer = Writer::of(&self.snapshot);
        let (layout, seen) = self.describe(wanted)?;
        Ok(Followed { path: path.to_owned(), origin, identity, file, layout, writer, seen })
    }

    /// The file that [`Observer::follow`] has read last, whole: whose it is, what else it holds.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Looks at a file. Where its list of fields is made anew, `wanted` chooses again.
    ///
    /// # Errors
    /// As [`Observer::follow`].
    pub fn look(
        &mut self,
        followed: &mut Followed,
        wanted: impl FnMut(&[u8]) -> bool,
    ) -> Result<Observation, Error> {
        if followed.file.is_some() {
            return self.look_at(followed, None, wanted);
        }
        let (file, metadata) = open(&followed.path, followed.origin)?;
        if Identity::of(&metadata) != followed.identity {
            return Ok(Observation::Replaced);
        }
        self.look_at(followed, Some(&file), wanted)
    }

    fn look_at(
        &mut self,
        followed: &mut Followed,
        opened: Option<&File>,
        wanted: impl FnMut(&[u8]) -> bool,
    ) -> Result<Observation, Error> {
        let Followed { path, file, layout, seen, .. } = followed;
        let failed = || Error::io(path, "reading it");
        let Some(file) = opened.or(file.as_ref()) else { return Err(failed()(gone())) };
        self.first.read_range(file, layout.range.clone()).map_err(failed())?;
        let bytes = self.first.bytes();
        let count = layout.wanted.len();
        let mut holds = layout.ends(bytes) && layout.is_signed(bytes, seen);
        if holds && layout.is_same(bytes, seen) && !seen[..count].contains(&NONE) {
            return Ok(Observation::Unchanged);
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
            self.second.read_range(file, layout.range.clone()).map_err(failed())?;
            holds = layout.holds(self.second.bytes(), seen);
        }
        if !holds {
            let file = file.try_clone().map_err(failed())?;
            self.snapshot.read_file(file, path)?;
            let writer = Writer::of(&self.snapshot);
            if followed.writer.is_other(&writer) {
                return Ok(Observation::Replaced);
            }
            followed.writer.learn(writer);
            (followed.layout, followed.seen) = self.describe(wanted)?;
            return Ok(Observation::Anew);
        }
        self.later.forget();
        for &number in &self.doubtful {
            let wanted = &layout.wanted[number];
            let record = &wanted.record;
            let settled = settle(file, record, &mut self.first, &mut self.second, &mut self.later);
            // What cannot be had stays what it was: the next look may be luckier.
            if settled.map_err(failed())?.is_some() {
                let now = &self.first.bytes()[record.index_at..record.end];
                wanted.values(seen).copy_from_slice(now);
                seen[number] = buffer_of(record, now);
            }
        }
        Ok(Observation::Changed)
    }

    /// The wanted fields of the snapshot, and what is in them.
    fn describe(
        &mut self,
        mut wanted: impl FnMut(&[u8]) -> bool,
    ) -> Result<(Arc<FieldMap>, Box<[u8]>), Error> {
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
                let record = *field.record();
                layout.signature.push(Wanted { record, seen_at: seen.len() });
                seen.extend(&bytes[record.at..record.end]);
            }
        }
        let records = || layout.wanted.iter().chain(&layout.signature).map(|wanted| &wanted.record);
        let from = records().map(|record| record.at).min().unwrap_or(end);
        let to = records().map(|record| record.end).max().unwrap_or(end);
        layout.range = from..layout.end.map_or(to, |end| end + 2);
        Ok((self.share(layout), seen.into()))
    }

    fn share(&mut self, layout: FieldMap) -> Arc<FieldMap> {
        if let Some(known) = self.layouts.get(&layout) {
            return Arc::clone(known);
        }
        if self.layouts.len() >= self.crowd {
            self.layouts.retain(|layout| Arc::strong_count(layout) > 1);
            self.crowd = 64.max(2 * self.layouts.len());
        }
        let layout = Arc::new(layout);
        self.layouts.insert(Arc::clone(&layout));
        layout
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

/// For a file that is open by all that is known of it.
fn gone() -> std::io::Error {
    std::io::ErrorKind::NotFound.into()
}
