//! Reading the files; many of them on two threads.
//!
//! The second thread reads ahead, and this one shows. Each takes the next batch of files that nobody has
//! taken, so neither waits long for the other. Everything is shown and reported here, in the order of the
//! files, so that output and errors are those of a single thread.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;

use cli::{Stop, Tool};
use files::Found;
use mmstats::{Error, Origin, Snapshot};

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

/// Files as they were read.
type Batch = Vec<(Snapshot, Result<(), Error>)>;

/// The files that are read.
pub(crate) struct Files<'a> {
    tool: &'a Tool,
    found: &'a [Found],
    has_read: Cell<bool>,
}

impl<'a> Files<'a> {
    pub(crate) fn new(tool: &'a Tool, found: &'a [Found]) -> Self {
        Self { tool, found, has_read: Cell::new(false) }
    }

    /// Those that were found.
    pub(crate) fn found(&self) -> &'a [Found] {
        self.found
    }

    /// One could be read, though not here.
    pub(crate) fn note_read(&self) {
        self.has_read.set(true);
    }

    /// Whether at least one could be read.
    pub(crate) fn has_read(&self) -> bool {
        self.has_read.get()
    }

    /// Reads the files and gives each to `show`, in their order. What cannot be read is reported.
    pub(crate) fn each(&self, show: &mut dyn FnMut(&Snapshot) -> Result<(), Stop>) -> Result<(), Stop> {
        each(self.tool, self.found, &mut |snapshot| {
            self.has_read.set(true);
            show(snapshot)
        })
    }
}

fn each(
    tool: &Tool,
    files: &[Found],
    show: &mut dyn FnMut(&Snapshot) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut show = |found: &Found, snapshot: &Snapshot, read: &Result<(), Error>| match read {
        Ok(()) => show(snapshot),
        // It was there a moment ago: its process has ended, and that is no error.
        Err(error) if error.is_not_found() && found.origin == Origin::Found => Ok(()),
        Err(error) => {
            tool.report(error);
            Ok(())
        }
    };
    if files.len() < MANY || files::descriptors() < ENOUGH {
        let mut snapshot = Snapshot::new();
        return files.iter().try_for_each(|found| {
            let read = snapshot.read(&found.path, found.origin);
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
        *outcome = snapshot.read(&found.path, found.origin);
    }
}
