//! What has been counted, as those who count say, before and after each update.

use std::path::{Path, PathBuf};

use mmstats::{Error, Gauge, Instance, Options, Origin, Snapshot};

use super::SLOTS;

/// Where these files are.
pub(crate) fn dir(place: &Path) -> PathBuf {
    place.join("truth")
}

/// One of those who count.
pub(crate) struct Slot {
    file: Instance<[Gauge<u64>; 2]>,
    count: u64,
}

impl Slot {
    /// The one with this number. It goes on where another process has ended.
    pub(crate) fn new(place: &Path, number: usize, count: u64) -> Result<Self, Error> {
        let options = Options::new().dir(dir(place)).filename(format!("{number}.mmstats"));
        let file = options.create_with(|builder| {
            let mut gauge = |label| builder.add(label, Gauge::<u64>::spec().initial(count));
            Ok([gauge("begun")?, gauge("done")?])
        })?;
        Ok(Self { file, count })
    }

    /// Lets the file be there until somebody takes its name.
    pub(crate) fn keep(self) {
        self.file.keep();
    }

    /// Has `work` count `n`.
    pub(crate) fn count(&mut self, n: u64, work: impl FnOnce()) {
        self.count += n;
        let [begun, done] = &*self.file;
        begun.set(self.count);
        work();
        done.set(self.count);
    }
}

/// Reads them all.
pub(crate) struct Truth {
    paths: Vec<PathBuf>,
    snapshot: Snapshot,
}

impl Truth {
    pub(crate) fn new(place: &Path) -> Self {
        let paths = (0..SLOTS).map(|number| dir(place).join(format!("{number}.mmstats"))).collect();
        Self { paths, snapshot: Snapshot::new() }
    }

    /// What may have been counted when this began.
    pub(crate) fn begun(&mut self) -> Result<u64, Error> {
        self.sum("begun")
    }

    /// What had been counted when this ended.
    pub(crate) fn done(&mut self) -> Result<u64, Error> {
        self.sum("done")
    }

    /// What one has counted, who has ended.
    pub(crate) fn of(place: &Path, number: usize) -> Result<u64, Error> {
        let mut truth = Self::new(place);
        let path = truth.paths.swap_remove(number);
        truth.paths = vec![path];
        truth.done()
    }

    fn sum(&mut self, label: &str) -> Result<u64, Error> {
        let mut sum = 0;
        for path in &self.paths {
            self.snapshot.read(path, Origin::Named)?;
            let value = self.snapshot.find(label).and_then(|field| field.value().as_integer());
            sum += value.and_then(|value| u64::try_from(value).ok()).unwrap_or_default();
        }
        Ok(sum)
    }
}
