//! Files that programs which have ended left behind: what they hold, until somebody removes them.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use figures::Compound;
use files::{Fold, Folds, Found};
use mmstats::{Origin, Snapshot};

use crate::history::About;
use crate::shown::{Class, Remains};
use crate::watch::Watch;

/// How long what was read of them serves, if nothing happens, and at least.
const SERVES: Duration = Duration::from_secs(30);
const AT_LEAST: Duration = Duration::from_secs(5);

/// All of them.
#[derive(Default)]
pub(crate) struct Dead {
    paths: BTreeSet<PathBuf>,
    has_changed: bool,
    read: Option<Instant>,
}

impl Dead {
    pub(crate) fn note(&mut self, path: &Path) {
        self.has_changed |= self.paths.insert(path.to_owned());
    }

    pub(crate) fn forget(&mut self, path: &Path) {
        self.has_changed |= self.paths.remove(path);
    }

    pub(crate) fn count(&self) -> usize {
        self.paths.len()
    }

    /// Reads them again, if that is worth it. Their values do not change.
    pub(crate) fn look_again(&mut self, watch: &Watch) {
        let age = self.read.map(|read| read.elapsed());
        let is_due = match age {
            None => self.has_changed,
            Some(age) => age >= SERVES && !self.paths.is_empty() || self.has_changed && age >= AT_LEAST,
        };
        if !is_due {
            return;
        }
        (self.has_changed, self.read) = (false, Some(Instant::now()));
        self.paths.retain(|path| path.symlink_metadata().is_ok());
        let mut remains = HashMap::new();
        self.each(|snapshot| take(snapshot, watch, &mut remains));
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

    /// Gives each file to `show` whose counts are in no other. What cannot be read is not there for us any more.
    fn each(&self, mut show: impl FnMut(&Snapshot)) {
        let found = |path: &PathBuf| Found::at(path.clone(), Origin::Found);
        let found: Vec<_> = self.paths.iter().map(found).collect();
        let (mut snapshot, mut listed) = (Snapshot::new(), HashSet::new());
        let has_name =
            |found: &&Found| found.path.file_name().is_some_and(|it| files::departed(it).is_some());
        for found in found.iter().filter(has_name) {
            if found.read(&mut snapshot).is_ok() && files::is_departed(&snapshot) {
                listed.extend(files::listed(&snapshot));
            }
        }
        let mut show = |snapshot: &Snapshot| {
            if listed.is_empty() || !listed.contains(&files::identity(snapshot)) {
                show(snapshot);
            }
        };
        let mut folds = Folds::new();
        for found in &found {
            if found.read(&mut snapshot).is_ok() && !folds.keep(&snapshot, found) {
                show(&snapshot);
            }
        }
        let Ok(()): Result<(), Infallible> = folds.read(&mut |fold| {
            if let Fold::Counts(snapshot, _) = fold {
                show(snapshot);
            }
            Ok(())
        });
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
