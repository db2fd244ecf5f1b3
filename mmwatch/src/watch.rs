//! What every followed file held at the last look, and how it differs now.

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;
use std::time::SystemTime;

use cli::{Labels, Output, Stop, Tool};
use files::{Left, Member, Roster, Visitor};
use mmstats::{Followed, Observation};

use crate::records::{Event, Records};
use crate::rows::{self, Held, Row};
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
    /// What JSON says of the process that the file at hand was found in, if so.
    place: String,
    /// The rows of the file that was described last: most files have the same as their neighbour.
    described: Rc<Vec<Row>>,
}

/// What a file held.
#[derive(Default)]
pub(crate) struct WatchedFile {
    rows: Rc<Vec<Row>>,
    held: Vec<Held>,
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
            place: String::new(),
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
        self.records.write(self.now, path, &self.place, event, self.out)
    }

    /// Describes a file whose fields are new, and writes how they differ from those that were there.
    fn describe(&mut self, file: &Followed, state: &mut WatchedFile) -> Result<(), Stop> {
        if !rows::are_plain(file, &self.labels, &self.described) {
            let rows = rows::rows(file, &self.labels);
            if rows != *self.described {
                self.described = Rc::new(rows);
            }
        }
        let old_rows = std::mem::replace(&mut state.rows, Rc::clone(&self.described));
        let old_held = std::mem::take(&mut state.held);
        let labels = old_rows.iter().map(|row| row.label.as_slice());
        let mut old: HashMap<_, _> = labels.zip(old_held).rev().collect();
        let rows = Rc::clone(&state.rows);
        for (row, new) in rows.iter().zip(rows::held(file, &rows)) {
            let label = row.label.as_slice();
            let before = old.remove(label);
            match (&before, new.value()) {
                (Some(before), _) => self.changed(file, label, before, &new)?,
                (None, Some(new)) if state.is_known => {
                    self.write(file.path(), Event::Added(label, new))?;
                }
                (None, Some(new)) if self.initial => {
                    self.write(file.path(), Event::Initial(label, new))?;
                }
                _ => {}
            }
            state.held.push(if matches!(new, Held::Unknown) { before.unwrap_or_default() } else { new });
        }
        for (label, before) in old_rows.iter().filter_map(|row| old.remove_entry(row.label.as_slice())) {
            if let Some(before) = before.value() {
                self.write(file.path(), Event::Removed(label, before))?;
            }
        }
        Ok(())
    }

    /// Writes what has changed in a file whose fields are the same.
    fn compare(&mut self, file: &Followed, state: &mut WatchedFile) -> Result<(), Stop> {
        let rows = Rc::clone(&state.rows);
        for ((row, new), before) in rows.iter().zip(rows::held(file, &rows)).zip(&mut state.held) {
            if matches!(new, Held::Unknown) || before.is_same(&new) {
                continue;
            }
            self.changed(file, &row.label, before, &new)?;
            *before = new;
        }
        Ok(())
    }

    /// Writes that a value has changed, if it is known what it was and what it is.
    fn changed(&mut self, file: &Followed, label: &[u8], before: &Held, new: &Held) -> Result<(), Stop> {
        let is_unknown = matches!(before, Held::Unknown) || matches!(new, Held::Unknown);
        if is_unknown || before.is_same(new) {
            return Ok(());
        }
        self.write(file.path(), Event::Changed(label, before.value(), new.value()))
    }

    fn take(&mut self, member: &mut Member<WatchedFile>, looked: Observation) -> Result<(), Stop> {
        let place = |process| format!(",\"pid\":{}{}", files::Process::pid(process), cli::place(process));
        self.place = member.process().map_or(String::new(), place);
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
        rows::may_be_wanted(&self.labels, label) || self.wait.as_ref().is_some_and(|wait| wait.wants(label))
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
            wait.leave(member, looked, why);
        }
        match why {
            Left::Dead => self.write(member.file.path(), Event::Died),
            // Why a broken one cannot be read any more was said.
            Left::Removed | Left::Broken => self.write(member.file.path(), Event::Vanished),
        }
    }
}
