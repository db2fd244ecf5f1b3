//! Files whose threads end while somebody reads: each thread's counts once (mmstats(5), "Threads that end").
//!
//! A thread that ends is folded: its counts are added to its process's file, and its own file goes. A reader that
//! takes one file after the other may meet them in both, or in neither. So the files of such groups are only kept
//! open when they are met ([`Folds::keep`]), and read in the end ([`Folds::read`]): first the process's file, until
//! it does not change any more and no fold is under way, and then those of the threads, of which each says whether
//! the process's file had its counts by then. A file that is open can be read although its name has gone.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use mmstats::{Error, FOLD_LABEL, FOLDED_LABEL, Origin, Snapshot};

use crate::limit::open_files;
use crate::processes::Process;
use crate::search::Found;

/// How long folds are waited for, in all. One takes a microsecond, unless its thread has lost the processor.
const WAIT: Duration = Duration::from_secs(1);
/// How long the processor is left to whoever folds.
const PAUSE: Duration = Duration::from_micros(50);

/// The files of threads that are folded, and of the processes into whose files.
#[derive(Default)]
pub struct Folds {
    groups: BTreeMap<(i128, i128), Group>,
    /// How many files are open, and how many may be; counted when the first is.
    open: usize,
    room: Option<usize>,
    has_late: bool,
}

/// The files that are folded into one.
#[derive(Default)]
struct Group {
    processes: Vec<Kept>,
    threads: Vec<Kept>,
}

struct Kept {
    found: Found,
    /// `None` where the system lets no more be open.
    file: Option<File>,
}

/// What is told of a file while the groups are read.
pub enum Fold<'a> {
    /// It counts. The process is the one that it was found in, if so.
    Counts(&'a Snapshot, Option<&'a Process>),
    /// It cannot be read.
    Failed(Error),
    /// A fold into this file does not come to its end: some of a thread's counts may be missing, or be there twice.
    Unfinished(&'a Path),
}

impl Folds {
    /// Nothing kept yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps the snapshot's file for later if it is one of a group. False if it is not: then it can be taken as it is.
    pub fn keep(&mut self, snapshot: &Snapshot, found: &Found) -> bool {
        let Some(fold) = number(snapshot, FOLD_LABEL) else { return false };
        let Some(pid) = number(snapshot, "sys.pid") else { return false };
        // In two containers there may be two processes with the same.
        let pid = found.process().map_or(pid, |process| process.pid().into());
        let is_process = number(snapshot, "sys.tid") == Some(0);
        self.has_late |= !is_process && folded(snapshot) != 0;
        let room = *self.room.get_or_insert_with(open_files);
        let file = snapshot.file().filter(|_| self.open < room).and_then(|file| file.try_clone().ok());
        self.open += usize::from(file.is_some());
        let group = self.groups.entry((pid, fold)).or_default();
        let kept = Kept { found: found.clone(), file };
        if is_process {
            group.processes.push(kept);
        } else {
            group.threads.push(kept);
        }
        true
    }

    /// Whether a thread was folded into a file of which nothing is known: its process's file was made after the
    /// directory was listed.
    #[must_use]
    pub fn lacks_process(&self) -> bool {
        self.has_late && self.groups.values().any(|group| group.processes.is_empty())
    }

    /// Whether the snapshot is of a process's file into which threads are folded.
    #[must_use]
    pub fn is_process(snapshot: &Snapshot) -> bool {
        number(snapshot, FOLD_LABEL).is_some() && number(snapshot, "sys.tid") == Some(0)
    }

    /// Reads all that was kept, and gives each file that counts to `show`.
    ///
    /// # Errors
    /// What `show` gives.
    pub fn read<E>(self, show: &mut dyn FnMut(Fold<'_>) -> Result<(), E>) -> Result<(), E> {
        let (mut snapshot, end) = (Snapshot::new(), Instant::now() + WAIT);
        for group in self.groups.into_values() {
            group.read(&mut snapshot, end, show)?;
        }
        Ok(())
    }
}

impl Group {
    fn read<E>(
        self,
        snapshot: &mut Snapshot,
        end: Instant,
        show: &mut dyn FnMut(Fold<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        // The counts of which folds the process's file has.
        let mut held = 0;
        for process in &self.processes {
            match process.settle(snapshot, end) {
                Ok(is_settled) => {
                    held = held.max(folded(snapshot));
                    if !is_settled {
                        show(Fold::Unfinished(&process.found.path))?;
                    }
                    show(Fold::Counts(snapshot, process.found.process()))?;
                }
                Err(error) => process.tell(error, show)?,
            }
        }
        for thread in &self.threads {
            match thread.read(snapshot) {
                // What is not 0 was stored before the counts went over.
                Ok(()) if (1..=held).contains(&folded(snapshot)) => {}
                Ok(()) => show(Fold::Counts(snapshot, thread.found.process()))?,
                Err(error) => thread.tell(error, show)?,
            }
        }
        Ok(())
    }
}

impl Kept {
    fn read(&self, snapshot: &mut Snapshot) -> Result<(), Error> {
        match self.file.as_ref().and_then(|file| file.try_clone().ok()) {
            Some(file) => snapshot.read_file(file, &self.found.path),
            None => self.found.read(snapshot),
        }
    }

    /// Reads it as it was at one moment with no fold under way. False if there was no such moment until the end of
    /// the time.
    ///
    /// The bytes are looked at before and after. If they are the same, so is the number among them, which every
    /// fold changes before and after everything else, and so all loads in between are of the time between two folds.
    fn settle(&self, snapshot: &mut Snapshot, end: Instant) -> Result<bool, Error> {
        self.read(snapshot)?;
        let (mut before, mut after) = (Vec::new(), Vec::new());
        loop {
            let is_same = look(snapshot, &mut before).is_ok() && {
                self.read(snapshot)?;
                look(snapshot, &mut after).is_ok() && before == after
            };
            let is_under_way = folded(snapshot) % 2 != 0;
            if is_same && !is_under_way {
                return Ok(true);
            }
            if Instant::now() > end {
                return Ok(false);
            }
            if is_under_way {
                // Only to yield would not do where its thread waits for this very processor among many.
                std::thread::sleep(PAUSE);
            }
        }
    }

    /// A file that has gone was folded before its process's file was read.
    fn tell<E>(&self, error: Error, show: &mut dyn FnMut(Fold<'_>) -> Result<(), E>) -> Result<(), E> {
        if error.is_not_found() && self.found.origin == Origin::Found {
            Ok(())
        } else {
            show(Fold::Failed(error))
        }
    }
}

fn number(snapshot: &Snapshot, label: &str) -> Option<i128> {
    snapshot.find(label)?.value().as_integer()
}

/// The number of the fold.
fn folded(snapshot: &Snapshot) -> i128 {
    number(snapshot, FOLDED_LABEL).unwrap_or(0)
}

/// The file's bytes as they are now, as far as the snapshot holds them.
fn look(snapshot: &Snapshot, bytes: &mut Vec<u8>) -> io::Result<()> {
    bytes.resize(snapshot.bytes().len(), 0);
    let file = snapshot.file().ok_or(io::ErrorKind::NotFound)?;
    let mut at = 0;
    while at < bytes.len() {
        match file.read_at(&mut bytes[at..], at as u64) {
            Ok(0) => break,
            Ok(count) => at += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(at);
    Ok(())
}
