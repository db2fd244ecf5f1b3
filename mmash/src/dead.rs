//! Files that programs which have ended left behind: what they hold, until somebody removes them.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cli::{Stop, Tool};
use exposition::{Counted, Files};
use figures::Compound;
use files::{Found, Operands};
use mmstats::{Origin, Snapshot};

use crate::history::About;
use crate::shown::{Class, Remains};
use crate::watch::Watch;

/// How long what was read of them serves, if nothing happens.
const SERVES: Duration = Duration::from_secs(30);
/// How many times as long as reading them takes it serves at least.
const AT_LEAST: u32 = 50;

/// All of them.
#[derive(Default)]
pub(crate) struct Dead {
    paths: BTreeSet<PathBuf>,
    has_changed: bool,
    read: Option<Instant>,
    took: Duration,
}

impl Dead {
    pub(crate) fn note(&mut self, path: &Path) {
        self.has_changed |= self.paths.insert(path.to_owned());
    }

    /// The same of one whose values do change.
    pub(crate) fn note_anew(&mut self, path: &Path) {
        self.paths.insert(path.to_owned());
        self.has_changed = true;
    }

    pub(crate) fn forget(&mut self, path: &Path) {
        self.has_changed |= self.paths.remove(path);
    }

    /// How many there are, without those that nobody removes.
    pub(crate) fn count(&self) -> usize {
        let is_left = |path: &&PathBuf| path.file_name().is_none_or(|name| files::departed(name).is_none());
        self.paths.iter().filter(is_left).count()
    }

    /// Reads them again, if that is worth it. Their values do not change.
    pub(crate) fn look_again(&mut self, watch: &Watch) {
        let age = self.read.map(|read| read.elapsed());
        let is_due = match age {
            None => self.has_changed,
            Some(age) => {
                age >= SERVES && !self.paths.is_empty() || self.has_changed && age >= AT_LEAST * self.took
            }
        };
        if !is_due {
            return;
        }
        let began = Instant::now();
        (self.has_changed, self.read) = (false, Some(began));
        self.paths.retain(|path| path.symlink_metadata().is_ok());
        let Ok(mut remains) = self.gather(watch) else {
            self.has_changed = true;
            return;
        };
        self.took = began.elapsed();
        let mut record = watch.record();
        let tick = record.tick + 1;
        for (place, slot) in (0..).zip(&mut record.labels) {
            let Some(label) = slot else { continue };
            let now = remains.remove(&place).unwrap_or_default();
            if label.remains != now {
                (label.remains, label.changed) = (now, tick);
            }
        }
    }

    /// What they hold by label, each count once. What cannot be read is not there for us any more. An error if counts
    /// move faster than they can be read: they soon do not.
    fn gather(&self, watch: &Watch) -> Result<HashMap<u32, Remains>, Stop> {
        let found = || {
            let there = self.paths.iter().filter(|path| path.symlink_metadata().is_ok());
            there.map(|path| Found::at(path.clone(), Origin::Found)).collect::<Vec<_>>()
        };
        let (tool, before) = (Tool::silent("mmash"), found());
        let operands = Operands::default();
        let files = Files::new(&tool, &operands, &before).found_by(&found);
        let add = |remains: &mut _, snapshot: &Snapshot, _: Counted<'_>| take(snapshot, watch, remains);
        exposition::gather(&files, &HashMap::new, &add)
    }
}

fn take(snapshot: &Snapshot, watch: &Watch, remains: &mut HashMap<u32, Remains>) {
    let mut record = watch.record();
    for field in snapshot.fields().flatten() {
        let value = field.value_in_unit();
        let about = || About {
            class: Class::of(field.label(), field.kind(), field.merge(), value),
            kind: field.kind(),
            unit: field.unit().map(str::to_owned),
            help: field.help().map(str::to_owned),
        };
        let Some(place) = record.place(field.label(), about) else { continue };
        let all = remains.entry(place).or_default();
        all.exact = (all.files == 0 || all.exact.is_some())
            .then(|| all.exact.unwrap_or_default())
            .and_then(|sum| Some(sum + value.as_integer()?));
        all.files += 1;
        all.sum += value.as_f64().unwrap_or_default();
        if let Some(compound) = Compound::of(value) {
            match &mut all.total {
                // Where they are unlike, the first kind counts.
                Some(total) => drop(total.merge(&compound)),
                total => *total = Some(compound),
            }
        }
    }
}
