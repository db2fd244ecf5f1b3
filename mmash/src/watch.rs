//! The files that are followed, and which process each is of.
//!
//! The threads of a process are one. What an ended thread has counted is folded into another file of its process
//! (mmstats(5), "Threads that end"): the numbers in both files say whether that file holds it already, so that it is
//! counted once, and no rate has a peak where a thread ends.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use figures::Compound;
use files::{Groups, Left, Member, Thread, Threaded, Visitor};
use mmstats::{Observation, Value};

use crate::history::{About, Mark, Record};
use crate::process::Process;
use crate::shown::Class;

/// How much earlier than it was seen a file may have been made since the sample before, in seconds: its writer makes
/// it before it publishes it, and the clocks of both are coarse.
const PUBLISHING: f64 = 0.5;

/// Descriptors that are left for connections and for what requests read, besides as many as for followed files.
const SPARE: usize = 400;

/// What is remembered of a followed file.
#[derive(Default)]
pub(crate) struct File {
    pub(crate) process: usize,
    /// For each field, the label's place and the entry of the process.
    pub(crate) slots: Vec<Option<Slot>>,
    pub(crate) thread: Option<Thread<()>>,
    pub(crate) created: f64,
    is_known: bool,
}

#[derive(Clone, Copy)]
pub(crate) struct Slot {
    pub(crate) label: u32,
    pub(crate) entry: u32,
}

/// Who follows, and what was seen of each process.
pub(crate) struct Watch {
    record: Arc<Mutex<Record>>,
    pub(crate) processes: Vec<Option<Process>>,
    known: HashMap<String, usize>,
    free: Vec<usize>,
    groups: Groups<()>,
    /// What compound values were in the sample before, by the label's place.
    pub(crate) before: HashMap<u32, Compound>,
    /// When the sample before was taken.
    pub(crate) sampled: Option<SystemTime>,
    pub(crate) is_crowded: bool,
    /// How many files are kept open, and how many may be.
    open: usize,
    room: usize,
}

impl Watch {
    pub(crate) fn new(record: Arc<Mutex<Record>>) -> Self {
        Self {
            record,
            processes: Vec::new(),
            known: HashMap::new(),
            free: Vec::new(),
            groups: Groups::default(),
            before: HashMap::new(),
            sampled: None,
            is_crowded: false,
            open: 0,
            room: files::descriptors().saturating_sub(SPARE) / 2,
        }
    }

    pub(crate) fn record(&self) -> MutexGuard<'_, Record> {
        lock(&self.record)
    }

    /// Forgets groups of which no file is left, and what was in labels that are gone.
    pub(crate) fn tidy(&mut self) {
        let record = lock(&self.record);
        self.before.retain(|&place, _| record.get(place).is_some());
        self.groups.end(|_| false);
    }

    /// Which of the processes a file is of.
    fn process_of(&mut self, member: &Member<File>) -> usize {
        let (pid, path) = (member.writer.pid, member.file.path());
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        let command = cli::escape(files::command(name, member.writer.own_pid, member.writer.tid));
        let unit = member.process().and_then(files::Process::unit);
        let key = match pid {
            Some(pid) => match unit {
                Some(unit) => format!("{command} {pid} {}", cli::escape(unit.as_bytes())),
                None => format!("{command} {pid}"),
            },
            None => cli::escape_path(path).into_owned(),
        };
        let place = match self.known.get(&key) {
            Some(&place) => place,
            None => {
                let place = self.free.pop().unwrap_or_else(|| {
                    self.processes.push(None);
                    self.processes.len() - 1
                });
                self.processes[place] = Some(Process::new(key.clone()));
                self.known.insert(key, place);
                place
            }
        };
        if let Some(process) = &mut self.processes[place] {
            process.files += 1;
            process.created = process.created.max(member.writer.created.unwrap_or_default());
        }
        place
    }

    /// Finds out anew which label each field is.
    fn assign(&mut self, member: &mut Member<File>) {
        if !member.state.is_known {
            member.state.process = self.process_of(member);
            member.state.created = member.writer.created.unwrap_or_default();
            member.state.thread = self.groups.thread_of(&member.writer);
        }
        let Member { file, state, .. } = member;
        let Some(process) = self.processes.get_mut(state.process).and_then(Option::as_mut) else { return };
        let mut record = lock(&self.record);
        state.slots.clear();
        // A file may have any number of fields.
        let (mut entries, mut seen) = (process.places(), HashSet::new());
        for field in file.fields() {
            let about = || About {
                class: field.value().map_or(Class::Info, |value| {
                    Class::of(field.label(), field.kind(), field.merge(), value)
                }),
                kind: field.kind(),
                unit: field.unit().map(str::to_owned),
                help: field.help().map(str::to_owned),
            };
            let place = record.place(field.label(), about);
            self.is_crowded |= place.is_none();
            // A label that comes twice in a file counts once.
            let place = place.filter(|&place| seen.insert(place));
            let mut entry = |label| *entries.entry(label).or_insert_with(|| process.add(label));
            state.slots.push(place.map(|label| Slot { label, entry: entry(label) }));
        }
    }

    /// Takes what a file holds at this moment as counted before, or, if it goes, out of what was counted before.
    fn set_aside(&mut self, member: &Member<File>, is_leaving: bool) {
        let Some(process) = self.processes.get_mut(member.state.process).and_then(Option::as_mut) else {
            return;
        };
        for (field, slot) in member.file.fields().zip(&member.state.slots) {
            let (Some(slot), Some(value)) = (slot, field.value_in_unit()) else { continue };
            if let Some(compound) = Compound::of(value) {
                let before = self.before.remove(&slot.label);
                let after = match before {
                    Some(before) if is_leaving => before.since(&compound).unwrap_or(before),
                    Some(mut before) => {
                        // Where they are unlike, the others count.
                        let _ = before.merge(&compound);
                        before
                    }
                    None if is_leaving => continue,
                    None => compound,
                };
                self.before.insert(slot.label, after);
            } else if let Some(entry) = process.entries.get_mut(slot.entry as usize) {
                entry.set_aside(value, is_leaving);
            }
        }
    }

    fn depart(&mut self, member: &Member<File>) {
        if let Some(process) = self.processes.get_mut(member.state.process).and_then(Option::as_mut) {
            process.files = process.files.saturating_sub(1);
        }
    }

    /// Notes down which processes have begun and ended, and forgets those that have. Not before all files were looked
    /// at: between the file of a thread that goes and that of its process that comes there may be none.
    pub(crate) fn note_changes(&mut self, is_first: bool) -> Vec<Mark> {
        let (mut marks, tick) = (Vec::new(), self.record().tick + 1);
        for (place, slot) in self.processes.iter_mut().enumerate() {
            let Some(process) = slot else { continue };
            if !std::mem::replace(&mut process.is_noted, true) && !is_first {
                marks.push(process.mark(tick, true));
            }
            if process.files == 0 {
                marks.push(process.mark(tick, false));
                self.known.remove(&process.name);
                self.free.push(place);
                *slot = None;
            }
        }
        marks
    }
}

impl Threaded for Watch {
    type More = ();

    fn thread(state: &File) -> Option<&Thread<()>> {
        state.thread.as_ref()
    }

    fn thread_mut(state: &mut File) -> Option<&mut Thread<()>> {
        state.thread.as_mut()
    }

    fn groups(&mut self) -> &mut Groups<()> {
        &mut self.groups
    }
}

impl Visitor for Watch {
    type State = File;
    type Stop = Infallible;

    fn wants(&mut self, _label: &[u8]) -> bool {
        true
    }

    fn visit(&mut self, member: &mut Member<File>, looked: Observation) -> Result<(), Infallible> {
        let is_new = !member.state.is_known;
        if looked == Observation::Anew {
            self.assign(member);
        }
        if let Some(thread) = &mut member.state.thread {
            thread.note(&member.file, looked);
        }
        if is_new {
            member.state.is_known = true;
            if self.open >= self.room {
                member.file.close();
            }
            self.open += usize::from(member.file.is_open());
            // What a file that was made since the sample before has counted, it has counted since.
            let is_young =
                self.sampled.is_some_and(|sampled| member.state.created >= unix(sampled) - PUBLISHING);
            if !is_young {
                self.set_aside(member, false);
            }
        }
        Ok(())
    }

    fn leave(&mut self, member: &mut Member<File>, _: Observation, why: Left) -> Result<(), Infallible> {
        self.open = self.open.saturating_sub(usize::from(member.file.is_open()));
        // What was folded is in another file now.
        if !member.state.is_folded(&member.file, why) {
            self.set_aside(member, true);
        }
        self.depart(member);
        Ok(())
    }
}

impl File {
    /// Whether it is the file of a thread that has ended and was folded. One that was removed and could not be looked
    /// at to the end is taken for one.
    fn is_folded(&self, file: &mmstats::Followed, why: Left) -> bool {
        self.thread.as_ref().is_some_and(|thread| {
            let is_seen = why != Left::Removed || (file.is_open() && !thread.is_lost());
            !thread.is_process && (!is_seen || thread.number(file) != 0)
        })
    }

    /// Whether nobody knows what of its process's threads is in which file.
    pub(crate) fn is_stuck(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| thread.group.borrow().is_stuck())
    }

    /// Whether what it holds is in another file by now.
    pub(crate) fn is_held(&self, file: &mmstats::Followed) -> bool {
        self.thread
            .as_ref()
            .is_some_and(|thread| !thread.is_process && thread.group.borrow().holds(thread.number(file)))
    }
}

/// The value of a number or a bool as it is added up.
pub(crate) fn is_number(value: &Value<'_>) -> bool {
    !value.is_compound() && !matches!(value, Value::Text(_))
}

pub(crate) fn unix(moment: SystemTime) -> f64 {
    moment.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// Nobody panics while he holds it; and if so, the next one makes the best of it.
pub(crate) fn lock(record: &Mutex<Record>) -> MutexGuard<'_, Record> {
    record.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
