//! A sample: a look at all files, and what becomes of it for every label.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Instant, SystemTime};

use figures::Compound;
use files::{Hear, Member, Notice, Operands, Roster};
use mmstats::{Certainty, Value};

use crate::dead::Dead;
use crate::history::{Record, Row};
use crate::shown::{Class, Numbers, Shown, View, number, parts};
use crate::watch::{File, Watch, is_number};

/// How many distinct texts of a label are shown.
const TEXTS: usize = 20;
/// How many processes are listed where a label is looked at alone.
const ROWS: usize = 200;

/// Looks at all files again and again.
pub(crate) struct Sampler {
    roster: Roster<File>,
    watch: Watch,
    dead: Dead,
    /// When the sample before was taken.
    sampled: Option<Instant>,
}

impl Sampler {
    pub(crate) fn new(operands: Operands, record: Arc<Mutex<Record>>) -> Self {
        let roster = Roster::new(operands, Certainty::Newest);
        Self { roster, watch: Watch::new(record), dead: Dead::default(), sampled: None }
    }

    /// Takes a sample.
    pub(crate) fn sample(&mut self, hear: &mut Hear<'_>) {
        let Self { roster, watch, dead, .. } = self;
        let mut hear = |notice: &Notice<'_>| {
            match *notice {
                Notice::LeftOut(path) | Notice::Died(path) => dead.note(path),
                Notice::Departed(path) => dead.note_anew(path),
                Notice::Joins(path) => dead.forget(path),
                _ => {}
            }
            hear(notice);
        };
        let Ok(()) = roster.look(watch, &mut hear);
        let Ok(()) = files::settle(roster, watch);
        self.dead.look_again(&self.watch);
        self.watch.sampled = Some(SystemTime::now());
        // Not by the clock on the wall, which may be set.
        let seconds =
            self.sampled.replace(Instant::now()).map(|before| before.elapsed().as_secs_f64().max(0.001));
        let shown = self.gather(seconds);
        let marks = self.watch.note_changes(seconds.is_none());
        let mut record = self.watch.record();
        marks.into_iter().for_each(|mark| record.mark(mark));
        (record.files, record.dead_files) = (self.roster.members().len(), self.dead.count());
        record.take(shown);
        drop(record);
        self.watch.tidy();
    }

    /// Whether there were so many labels that some were left out.
    pub(crate) fn is_crowded(&self) -> bool {
        self.watch.is_crowded
    }

    /// What every label has now, by its place.
    fn gather(&mut self, seconds: Option<f64>) -> Vec<Shown> {
        let watch = &mut self.watch;
        let (classes, observed) = {
            let record = watch.record();
            let classes: Vec<_> =
                record.labels.iter().map(|label| label.as_ref().map(|label| label.about.class)).collect();
            let observed = record.all().filter(|(_, label)| label.observers > 0).map(|(place, _)| place);
            (classes, observed.collect::<BTreeSet<_>>())
        };
        let mut shown = vec![Shown::default(); classes.len()];
        let mut texts: HashMap<u32, BTreeSet<String>> = HashMap::new();
        // Most files say the same, such as who runs them: that is made into text once.
        let mut last: Vec<Option<Value<'_>>> = vec![None; classes.len()];
        let mut rows: HashMap<(u32, usize), Compound> = HashMap::new();
        // Where a fold does not come to its end, the numbers are those of the sample before: what a thread has counted
        // may be in two files.
        let members = self.roster.members().iter();
        let stuck: HashSet<_> =
            members.filter(|member| member.state.is_stuck()).map(|member| member.state.process).collect();
        let is_known = |place: usize| !stuck.contains(&place);
        let processes = watch.processes.iter_mut().enumerate();
        for process in
            processes.filter(|(place, _)| is_known(*place)).filter_map(|(_, process)| process.as_mut())
        {
            process.entries.iter_mut().for_each(|entry| entry.now = Default::default());
        }
        for Member { file, state, .. } in self.roster.members() {
            let Some(process) = watch.processes.get_mut(state.process).and_then(Option::as_mut) else {
                continue;
            };
            if state.is_held(file) {
                continue;
            }
            for (number, slot) in state.slots.iter().enumerate() {
                let Some(slot) = slot else { continue };
                let Some(value) = file.field(number).value_in_unit() else { continue };
                let (place, class) = (slot.label as usize, classes[slot.label as usize]);
                if class == Some(Class::Info) {
                    if last[place].replace(value) != Some(value) {
                        let texts = texts.entry(slot.label).or_default();
                        if texts.len() < TEXTS {
                            texts.insert(value.to_string());
                        }
                    }
                } else if is_number(&value) {
                    if is_known(state.process) {
                        process.entries[slot.entry as usize].now.add(value);
                    }
                    continue;
                } else if let Some(compound) = Compound::of(value) {
                    if observed.contains(&slot.label) {
                        merge(rows.entry((slot.label, state.process)), &compound);
                    }
                    match &mut shown[place].total {
                        // Where they are unlike, the first kind counts.
                        Some(total) => drop(total.merge(&compound)),
                        total => *total = Some(compound),
                    }
                }
                if is_known(state.process) {
                    process.entries[slot.entry as usize].now.count += 1;
                }
            }
        }
        let mut falls = Vec::new();
        for process in watch.processes.iter_mut().flatten() {
            let created = process.created;
            for entry in &mut process.entries {
                let (Some(class), now) = (classes[entry.label as usize], entry.now) else { continue };
                if now.count == 0 {
                    continue;
                }
                let shown = &mut shown[entry.label as usize];
                shown.exact = (shown.processes == 0 || shown.exact.is_some())
                    .then(|| shown.exact.unwrap_or_default().saturating_add(now.integers()))
                    .filter(|_| now.float_count == 0);
                shown.processes += 1;
                if !matches!(class, Class::Counter { .. } | Class::Gauge(_) | Class::Time) {
                    continue;
                }
                shown.values.add(now.sum(), now.count, created);
                if let Class::Counter { is_guess } = class {
                    let (growth, has_fallen) = entry.growth();
                    if has_fallen && is_guess {
                        falls.push(entry.label);
                    }
                    if let Some(seconds) = seconds {
                        let rates = shown.rates.get_or_insert_default();
                        rates.add(growth / seconds, 1, created);
                    }
                }
            }
        }
        for (place, texts) in texts {
            shown[place as usize].texts = texts.into_iter().collect();
        }
        self.compare(&mut shown, seconds);
        let mut record = self.watch.record();
        falls.into_iter().for_each(|place| record.is_gauge(place));
        drop(record);
        self.list(&observed, &classes, &rows, seconds);
        shown
    }

    /// What was added to compound values since the sample before.
    fn compare(&mut self, shown: &mut [Shown], seconds: Option<f64>) {
        for (place, shown) in (0..).zip(shown) {
            let Some(total) = &shown.total else { continue };
            let before = self.watch.before.insert(place, total.clone());
            shown.interval = before.and_then(|before| total.since(&before).ok());
            let count = match &shown.interval {
                Some(interval @ (Compound::Mean(_) | Compound::Histogram(_))) => interval.part("count"),
                _ => None,
            };
            let count = count.and_then(|count| count.as_f64());
            shown.recorded = count.zip(seconds).map(|(count, seconds)| count / seconds);
        }
    }

    /// Lists the processes of the labels that are looked at alone.
    fn list(
        &mut self,
        observed: &BTreeSet<u32>,
        classes: &[Option<Class>],
        compounds: &HashMap<(u32, usize), Compound>,
        seconds: Option<f64>,
    ) {
        let watch = &self.watch;
        let mut lists = Vec::new();
        for &label in observed {
            let Some(Some(class)) = classes.get(label as usize) else { continue };
            let mut rows = Vec::new();
            for (place, process) in watch.processes.iter().enumerate() {
                let Some(process) = process else { continue };
                let Some(entry) = process.find(label).filter(|entry| entry.now.count > 0) else { continue };
                let compound = compounds.get(&(label, place));
                let value = match class {
                    Class::Info => "null".to_owned(),
                    _ if compound.is_some() => parts(compound),
                    _ if entry.now.float_count == 0 => entry.now.integers().to_string(),
                    _ => number(Some(entry.now.sum())),
                };
                let drawn = match class {
                    Class::Counter { .. } => seconds.map(|seconds| entry.grown / seconds),
                    Class::Gauge(_) => {
                        let mut one = Numbers::default();
                        one.add(entry.now.sum(), entry.now.count, 0.0);
                        one.by(View { rule: None, is_living: true }.rule_of(*class))
                    }
                    _ => None,
                };
                rows.push(Row { process: process.name.clone(), value, drawn });
            }
            rows.sort_by(|a, b| a.process.cmp(&b.process));
            rows.truncate(ROWS);
            lists.push((label, rows));
        }
        let mut record = self.watch.record();
        for (label, rows) in lists {
            if let Some(label) = record.get_mut(label) {
                label.rows = rows;
            }
        }
    }
}

fn merge(entry: std::collections::hash_map::Entry<'_, (u32, usize), Compound>, compound: &Compound) {
    entry.and_modify(|all| _ = all.merge(compound)).or_insert_with(|| compound.clone());
}
