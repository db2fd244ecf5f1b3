//! What every followed file held at the last look, and how it differs now.

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;
use std::time::SystemTime;

use cli::{Labels, Output, Stop, Tool};
use figures::Outcome;
use files::{Left, Member, Roster, Visitor};
use mmstats::{Followed, Observation};

use crate::records::{Event, Records};
use crate::wait::Wait;

/// Watches.
pub(crate) struct Watch<'a> {
    pub(crate) labels: Labels,
    pub(crate) wait: Option<Wait>,
    pub(crate) records: Records,
    pub(crate) out: &'a mut Output,
    /// How many records are left to be written, if they are counted.
    pub(crate) left: Option<u64>,
    /// Whether first values are wanted.
    pub(crate) initial: bool,
    now: SystemTime,
    is_first: bool,
    /// The labels of the file that was described last: most files have the same as their neighbour.
    described: Rc<Vec<Vec<u8>>>,
}

/// What a file held.
#[derive(Default)]
pub(crate) struct WatchedFile {
    labels: Rc<Vec<Vec<u8>>>,
    /// `None`: not known yet.
    values: Vec<Option<Outcome>>,
    is_known: bool,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(labels: Labels, records: Records, out: &'a mut Output) -> Self {
        Self {
            labels,
            wait: None,
            records,
            out,
            left: None,
            initial: false,
            now: SystemTime::now(),
            is_first: true,
            described: Rc::default(),
        }
    }

    /// Looks at all files and writes what has changed. False once enough is written, or once what is
    /// waited for holds.
    pub(crate) fn look(&mut self, tool: &Tool, roster: &mut Roster<WatchedFile>) -> Result<bool, Stop> {
        self.now = SystemTime::now();
        if let Some(wait) = &mut self.wait {
            wait.begin();
        }
        roster.look(self, &mut |notice| tool.tell(notice))?;
        self.is_first = false;
        // Somebody may wait for just these.
        self.out.flush()?;
        if let Some(wait) = &mut self.wait {
            if wait.decide(tool, roster)? {
                return Ok(false);
            }
        }
        Ok(self.left != Some(0))
    }

    fn write(&mut self, path: &Path, event: Event<'_>) -> Result<(), Stop> {
        match &mut self.left {
            Some(0) => return Ok(()),
            Some(left) => *left -= 1,
            None => {}
        }
        self.records.write(self.now, path, event, self.out)
    }

    /// Describes a file whose fields are new, and writes how they differ from those that were there.
    fn describe(&mut self, file: &Followed, state: &mut WatchedFile) -> Result<(), Stop> {
        let labels = || file.fields().map(|field| field.label());
        if !labels().eq(self.described.iter().map(Vec::as_slice)) {
            self.described = Rc::new(labels().map(<[u8]>::to_vec).collect());
        }
        let old_labels = std::mem::replace(&mut state.labels, Rc::clone(&self.described));
        let old_values = std::mem::take(&mut state.values);
        let mut old: HashMap<_, _> = old_labels.iter().map(Vec::as_slice).zip(old_values).rev().collect();
        for field in file.fields() {
            let new = field.value().map(Outcome::from);
            let label = field.label();
            let before = old.remove(label);
            if self.labels.want(label) {
                match (&before, &new) {
                    (Some(Some(before)), Some(new)) if !is_same(before, new) => {
                        self.write(file.path(), Event::Changed(label, before, new))?;
                    }
                    (None, Some(new)) if state.is_known => {
                        self.write(file.path(), Event::Added(label, new))?;
                    }
                    (None, Some(new)) if self.initial => {
                        self.write(file.path(), Event::Initial(label, new))?;
                    }
                    _ => {}
                }
            }
            state.values.push(new.or(before.flatten()));
        }
        for (label, before) in old_labels.iter().filter_map(|label| old.remove_entry(label.as_slice())) {
            if let Some(before) = before.filter(|_| self.labels.want(label)) {
                self.write(file.path(), Event::Removed(label, &before))?;
            }
        }
        Ok(())
    }

    /// Writes what has changed in a file whose fields are the same.
    fn compare(&mut self, file: &Followed, state: &mut WatchedFile) -> Result<(), Stop> {
        for (field, before) in file.fields().zip(&mut state.values) {
            let Some(new) = field.value().map(Outcome::from) else { continue };
            let is_wanted = self.labels.want(field.label());
            match before {
                Some(before) if is_same(before, &new) => continue,
                Some(before) if is_wanted => {
                    self.write(file.path(), Event::Changed(field.label(), before, &new))?;
                }
                _ => {}
            }
            *before = Some(new);
        }
        Ok(())
    }

    fn take(&mut self, member: &mut Member<WatchedFile>, looked: Observation) -> Result<(), Stop> {
        let Member { file, state, .. } = member;
        match looked {
            Observation::Anew => {
                if !state.is_known && !self.is_first {
                    self.write(file.path(), Event::Appeared)?;
                }
                self.describe(file, state)?;
            }
            Observation::Unchanged | Observation::Replaced => {}
            // To compare finds nothing where nothing has changed.
            _ => self.compare(file, state)?,
        }
        state.is_known = true;
        Ok(())
    }
}

impl Visitor for Watch<'_> {
    type State = WatchedFile;
    type Stop = Stop;

    fn wants(&mut self, label: &[u8]) -> bool {
        self.labels.want(label) || self.wait.as_ref().is_some_and(|wait| wait.wants(label))
    }

    fn visit(&mut self, member: &mut Member<WatchedFile>, looked: Observation) -> Result<(), Stop> {
        self.take(member, looked)?;
        if let Some(wait) = &mut self.wait {
            wait.visit(&member.file, looked);
        }
        Ok(())
    }

    fn leave(
        &mut self,
        member: &mut Member<WatchedFile>,
        looked: Observation,
        why: Left,
    ) -> Result<(), Stop> {
        self.take(member, looked)?;
        if let Some(wait) = &mut self.wait {
            wait.leave(&member.file, looked, why);
        }
        match why {
            Left::Dead => self.write(member.file.path(), Event::Died),
            // Why a broken one cannot be read any more was said.
            Left::Removed | Left::Broken => self.write(member.file.path(), Event::Vanished),
        }
    }
}

/// Whether two values look the same: NaN and NaN do.
fn is_same(a: &Outcome, b: &Outcome) -> bool {
    match (a, b) {
        (Outcome::Float(a), Outcome::Float(b)) => a.to_bits() == b.to_bits(),
        (Outcome::Double(a), Outcome::Double(b)) => a.to_bits() == b.to_bits(),
        _ => a == b,
    }
}
