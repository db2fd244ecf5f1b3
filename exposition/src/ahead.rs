//! Reading the files; many of them on two threads.
//!
//! The second thread reads ahead, and this one shows. Each takes the next batch of files that nobody has
//! taken, so neither waits long for the other. Everything is shown and reported here, in the order of the
//! files, so that output and errors are those of a single thread.

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;

use cli::{Stop, Tool};
use files::{Fold, Folds, Found, Operands, Process, Ways};
use mmstats::{Error, Origin, Snapshot};
use nix::sched::{CpuSet, sched_getaffinity};
use nix::unistd::Pid;

/// From how many files on a second thread saves more than it costs.
const MANY: usize = 300;
/// Files in a batch.
const BATCH: usize = 2;
/// Batches that may wait to be shown. Waking a thread that waits for room takes as long as reading several,
/// so there is room for many; but what is read should still be in the processor's cache when it is shown,
/// and 40 files are open at most.
const AHEAD: usize = 16;
/// How many descriptors there must be for that.
const ENOUGH: usize = 128;

/// What is done with a file. The process is the one that it was found in, if so.
pub type Show<'a> = dyn FnMut(&Snapshot, Option<&Process>) -> Result<(), Stop> + 'a;

/// Files as they were read.
type Batch = Vec<(Snapshot, Result<(), Error>)>;

/// The files that are read.
pub struct Files<'a> {
    tool: &'a Tool,
    operands: &'a Operands,
    found: &'a [Found],
    /// Looks for the files anew, where that is not all that the operands say.
    anew: Option<&'a dyn Fn() -> Vec<Found>>,
    has_read: Cell<bool>,
    /// A file was listed and had gone when it was to be read.
    has_gone: Cell<bool>,
}

impl<'a> Files<'a> {
    /// Those that were found for these operands.
    #[must_use]
    pub fn new(tool: &'a Tool, operands: &'a Operands, found: &'a [Found]) -> Self {
        Self { tool, operands, found, anew: None, has_read: Cell::new(false), has_gone: Cell::new(false) }
    }

    /// The same, where `anew` finds them: not all that the operands name were wanted.
    #[must_use]
    pub fn found_by(self, anew: &'a dyn Fn() -> Vec<Found>) -> Self {
        Self { anew: Some(anew), ..self }
    }

    pub(crate) fn tool(&self) -> &'a Tool {
        self.tool
    }

    /// Others that were found in the same way.
    pub(crate) fn of<'b>(&self, found: &'b [Found]) -> Files<'b>
    where
        'a: 'b,
    {
        Files { anew: self.anew, ..Files::new(self.tool, self.operands, found) }
    }

    /// Those that there are by now.
    pub(crate) fn find_anew(&self) -> Vec<Found> {
        self.anew.map_or_else(|| files::find(self.operands, Ways::One).found, |anew| anew())
    }

    /// Whether only processes' files are read. None of these is one of the departed.
    pub(crate) fn are_of_processes(&self) -> bool {
        self.operands.is_without_paths() && self.operands.has_processes()
    }

    /// Those that were found.
    #[must_use]
    pub fn found(&self) -> &'a [Found] {
        self.found
    }

    /// One could be read, though not here.
    pub(crate) fn note_read(&self) {
        self.has_read.set(true);
    }

    /// Whether at least one could be read.
    #[must_use]
    pub fn has_read(&self) -> bool {
        self.has_read.get()
    }

    /// Reads the files and gives each to `show`, in their order. What cannot be read is reported.
    ///
    /// # Errors
    /// Whatever `show` gives.
    pub fn each(&self, show: &mut Show<'_>) -> Result<(), Stop> {
        self.each_found(&mut |found, snapshot| show(snapshot, found.process()))
    }

    /// As [`Files::each`], for a caller that adds their values up: a thread that ends meanwhile is neither counted twice nor
    /// lost. The files of threads, and of the processes to which their counts go, come last.
    ///
    /// # Errors
    /// Whatever `show` gives.
    pub fn each_once(&self, show: &mut Show<'_>) -> Result<(), Stop> {
        let mut folds = Folds::new();
        self.each_found(&mut |found, snapshot| {
            if folds.keep(snapshot, found) { Ok(()) } else { show(snapshot, found.process()) }
        })?;
        if self.has_gone.get() || folds.lacks_process() {
            self.keep_new_processes(&mut folds);
        }
        folds.read(&mut |fold| match fold {
            Fold::Counts(snapshot, process) => show(snapshot, process),
            Fold::Failed(error) => {
                self.tool.report(&error);
                Ok(())
            }
            Fold::Unfinished(path) => {
                self.tool
                    .error(path, &"a thread's end is half written: its counts may be missing or doubled");
                Ok(())
            }
        })
    }

    /// A process's file is made when its first thread ends, which may have been just now.
    fn keep_new_processes(&self, folds: &mut Folds) {
        let known: HashSet<_> = self.found.iter().map(|found| &found.path).collect();
        let mut snapshot = Snapshot::new();
        for found in self.find_anew() {
            if known.contains(&found.path) || found.read(&mut snapshot).is_err() {
                continue;
            }
            if Folds::is_process(&snapshot) {
                folds.keep(&snapshot, &found);
            }
        }
    }

    fn each_found(&self, show: &mut dyn FnMut(&Found, &Snapshot) -> Result<(), Stop>) -> Result<(), Stop> {
        each(self.found, &mut |found, snapshot, read| match read {
            Ok(()) => {
                self.has_read.set(true);
                show(found, snapshot)
            }
            // It was there a moment ago: its process has ended, and that is no error.
            Err(error) if error.is_not_found() && found.origin == Origin::Found => {
                self.has_gone.set(true);
                Ok(())
            }
            Err(error) => {
                self.tool.report(error);
                Ok(())
            }
        })
    }
}

/// What is done with each file, as it was read.
type Take<'a> = dyn FnMut(&Found, &Snapshot, &Result<(), Error>) -> Result<(), Stop> + 'a;

fn each(files: &[Found], show: &mut Take<'_>) -> Result<(), Stop> {
    if files.len() < MANY || files::descriptors() < ENOUGH || !has_two_processors() {
        let mut snapshot = Snapshot::new();
        return files.iter().try_for_each(|found| {
            let read = found.read(&mut snapshot);
            show(found, &snapshot, &read)
        });
    }
    let batches: Vec<_> = files.chunks(BATCH).collect();
    let mut show = |files: &[Found], batch: &Batch| {
        files.iter().zip(batch).try_for_each(|(found, (snapshot, read))| show(found, snapshot, read))
    };
    let taken = AtomicUsize::new(0);
    thread::scope(|scope| {
        let (read, to_show) = mpsc::sync_channel(AHEAD);
        let (shown, to_fill) = mpsc::channel();
        // Where the system grants no second thread, this one takes all.
        let _ = thread::Builder::new().spawn_scoped(scope, || read_ahead(&batches, &taken, read, to_fill));
        let mut own = Batch::new();
        let mut next = 0;
        loop {
            let mine = taken.fetch_add(1, Ordering::Relaxed);
            // Read first: what the other has taken before it is ready to be shown by then.
            if let Some(files) = batches.get(mine) {
                fill(&mut own, files);
            }
            while next < mine.min(batches.len()) {
                let Ok(batch): Result<Batch, _> = to_show.recv() else { return Err(Stop::Failed) };
                show(batches[next], &batch)?;
                // It has gone once there is nothing left to take.
                let _ = shown.send(batch);
                next += 1;
            }
            let Some(files) = batches.get(mine) else { return Ok(()) };
            show(files, &own)?;
            next += 1;
        }
    })
}

/// On one processor two threads only take turns, which costs a quarter of the work once more.
fn has_two_processors() -> bool {
    // The standard library's answer goes by the control group's share, too, and is 17 kB of code.
    let allowed = sched_getaffinity(Pid::from_raw(0));
    let is_set = |allowed: &CpuSet, cpu| allowed.is_set(cpu).unwrap_or(false);
    // More processors than a set has: two of them.
    allowed.map_or(true, |allowed| (0..CpuSet::count()).filter(|&cpu| is_set(&allowed, cpu)).nth(1).is_some())
}

/// Reads batch by batch until none is left or nobody wants more.
#[allow(clippy::needless_pass_by_value)] // Both channels end with this thread.
fn read_ahead(batches: &[&[Found]], taken: &AtomicUsize, read: SyncSender<Batch>, to_fill: Receiver<Batch>) {
    while let Some(files) = batches.get(taken.fetch_add(1, Ordering::Relaxed)) {
        let mut batch = to_fill.try_recv().unwrap_or_default();
        fill(&mut batch, files);
        if read.send(batch).is_err() {
            return;
        }
    }
}

fn fill(batch: &mut Batch, files: &[Found]) {
    batch.resize_with(files.len(), || (Snapshot::new(), Ok(())));
    for (found, (snapshot, outcome)) in files.iter().zip(batch) {
        *outcome = found.read(snapshot);
    }
}
