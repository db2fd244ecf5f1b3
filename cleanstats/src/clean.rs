//! Look, judge, archive, remove.

use std::thread;
use std::time::{Duration, Instant};

use cli::{Stop, Tool, plain};
use files::State;
use mmstats::live::{Clues, Judge, Life, Verdict};
use mmstats::{ErrorKind, Snapshot};

use crate::archive::Archive;
use crate::departed::{Keeper, Processes, is_departed};
use crate::gather::Candidate;
use crate::look::{Look, look};
use crate::record::{Kept, Records};
use crate::removal::{Aside, Removal, finish, give_back, open_again, remove, set_aside};
use crate::{Request, choice::Choice};

/// How long a writer may take from making its file to locking it. It takes microseconds.
const BIRTH: Duration = Duration::from_secs(1);
/// How many files are archived before the archive is synced and they are removed.
const AT_ONCE: usize = 256;

/// Deals with candidates, one batch after another.
pub(crate) struct Cleaner<'a> {
    pub(crate) tool: &'a Tool,
    choice: &'a Choice,
    pub(crate) dry_run: bool,
    unknown: bool,
    archive: Option<Archive>,
    archive_failed: bool,
    /// Whether counts are kept.
    pub(crate) folds: bool,
    processes: Processes,
    records: Records,
    pub(crate) snapshot: Snapshot,
}

/// A file that is to go.
pub(crate) struct Condemned {
    pub(crate) state: State,
    life: Life,
    reason: String,
    /// When it was found to be empty and unlocked.
    empty_since: Option<Instant>,
    /// Whether it has its own name.
    pub(crate) is_published: bool,
    /// Once its values are in the archive.
    aside: Option<Aside>,
}

/// What is to become of a candidate.
pub(crate) enum Sentence {
    Remove(Condemned),
    Keep(Kept, String),
    /// It should go, but its values cannot be kept: the error is said already.
    CannotArchive,
    /// The same of its counts.
    CannotFold,
    /// It was to go, and that is settled otherwise.
    Settled(Removal),
    Gone,
}

impl<'a> Cleaner<'a> {
    pub(crate) fn new(tool: &'a Tool, request: &'a Request, records: Records) -> Self {
        let archive = request.archive.as_deref().map(Archive::new);
        let Request { choice, dry_run, unknown, .. } = request;
        Self {
            tool,
            choice,
            dry_run: *dry_run,
            unknown: *unknown,
            archive,
            archive_failed: false,
            folds: request.fold,
            processes: Processes::new(),
            records,
            snapshot: Snapshot::new(),
        }
    }

    pub(crate) fn clean(&mut self, batch: &[Candidate]) -> Result<(), Stop> {
        // All are looked at before the first is judged, so that one walk through /proc does.
        let looks: Vec<_> =
            batch.iter().map(|candidate| (candidate, self.look(candidate), Instant::now())).collect();
        let judge = Judge::thorough();
        let mut looks = looks.into_iter().peekable();
        while looks.peek().is_some() {
            let mut sentences: Vec<_> = looks
                .by_ref()
                .take(AT_ONCE)
                .map(|(candidate, look, at)| (candidate, self.sentence(&judge, candidate, look, at)))
                .collect();
            // Before the first file is gone or has another name: a reader must find every count in one place.
            let mut processes = std::mem::take(&mut self.processes);
            let keeper = self.fold_all(&mut sentences, &mut processes);
            self.archive_all(&mut sentences);
            for (candidate, sentence) in sentences {
                self.execute(candidate, sentence)?;
            }
            keeper.into_iter().for_each(Keeper::settle);
            self.processes = processes;
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<(), Stop> {
        self.records.finish()
    }

    fn look(&mut self, candidate: &Candidate) -> Look {
        let look = look(candidate, self.choice, &mut self.snapshot);
        // It has no writer, and stays all the same.
        if matches!(look, Look::Stats(..)) && is_departed(candidate, &self.snapshot) {
            return Look::PassedOver("it has the counts of removed files");
        }
        look
    }

    fn sentence(&self, judge: &Judge, candidate: &Candidate, look: Look, at: Instant) -> Sentence {
        let path = &candidate.path;
        match look {
            Look::Stats(state, clues) => {
                let empty_since = (candidate.is_temporary() && state.is_empty()).then_some(at);
                let is_published = !candidate.is_temporary();
                self.judge(judge, state, &clues, empty_since, is_published)
            }
            Look::PassedOver(reason) => Sentence::Keep(Kept::PassedOver, reason.to_owned()),
            Look::NotStats(reason) => Sentence::Keep(Kept::NotStats, reason),
            Look::Closed(reason) => Sentence::Keep(Kept::Unknown, reason),
            Look::Failed(reason) => {
                self.tool.error(path, &reason);
                Sentence::Keep(Kept::Failed, reason)
            }
            Look::Gone if candidate.is_named => {
                self.tool.error(path, &"it vanished");
                Sentence::Gone
            }
            Look::Gone => Sentence::Gone,
        }
    }

    fn judge(
        &self,
        judge: &Judge,
        state: State,
        clues: &Clues,
        empty_since: Option<Instant>,
        is_published: bool,
    ) -> Sentence {
        let Verdict { life, evidence, .. } = judge.decide(clues);
        let reason = match life {
            Life::Alive => return Sentence::Keep(Kept::Alive, evidence.to_string()),
            Life::Dead => evidence.to_string(),
            Life::Unknown if self.unknown => format!("unknown: {evidence}"),
            // What is not known to be dead stays.
            _ => return Sentence::Keep(Kept::Unknown, evidence.to_string()),
        };
        Sentence::Remove(Condemned { state, life, reason, empty_since, is_published, aside: None })
    }

    /// Brings the values of all that are to go to disk. What cannot be archived stays, and what cannot be
    /// removed is not archived: it would be again in every run.
    fn archive_all(&mut self, sentences: &mut [(&Candidate, Sentence)]) {
        let Some(archive) = self.archive.as_mut().filter(|_| !self.dry_run) else { return };
        for (candidate, sentence) in &mut *sentences {
            let Sentence::Remove(condemned) = sentence else { continue };
            if self.archive_failed {
                *sentence = Sentence::CannotArchive;
                continue;
            }
            let file = match open_again(candidate, &condemned.state) {
                Ok(file) => file,
                Err(otherwise) => {
                    *sentence = Sentence::Settled(otherwise);
                    continue;
                }
            };
            match self.snapshot.read_file(file, &candidate.path) {
                Ok(()) => {}
                // A file that its writer never got to fill.
                Err(error) if error.kind() == ErrorKind::Version => continue,
                Err(error) => {
                    self.tool.report(&error);
                    *sentence = Sentence::CannotArchive;
                    continue;
                }
            }
            let Some(file) = self.snapshot.file() else { continue };
            let aside = match set_aside(candidate, &condemned.state, file) {
                Ok(aside) => aside,
                Err(otherwise) => {
                    *sentence = Sentence::Settled(otherwise);
                    continue;
                }
            };
            if let Err(error) = archive.append(&self.snapshot, condemned.life) {
                self.tool.error(archive.path(), &plain(&error));
                self.archive_failed = true;
                *sentence = cannot_archive(candidate, &aside);
                continue;
            }
            condemned.aside = Some(aside);
        }
        if let Err(error) = archive.sync() {
            self.tool.error(archive.path(), &plain(&error));
            self.archive_failed = true;
            for (candidate, sentence) in sentences {
                if let Sentence::Remove(Condemned { aside, .. }) = sentence {
                    *sentence = match aside {
                        Some(aside) => cannot_archive(candidate, aside),
                        None => Sentence::CannotArchive,
                    };
                }
            }
        }
    }

    fn execute(&mut self, candidate: &Candidate, sentence: Sentence) -> Result<(), Stop> {
        let path = &candidate.path;
        let condemned = match sentence {
            Sentence::Gone => return Ok(()),
            Sentence::Settled(removal) => return self.conclude(candidate, removal, ""),
            Sentence::Keep(kept, reason) => return self.records.kept(path, kept, &reason),
            Sentence::CannotArchive => {
                return self.records.kept(path, Kept::Failed, "it could not be archived");
            }
            Sentence::CannotFold => {
                return self.records.kept(path, Kept::Failed, "its counts could not be kept");
            }
            Sentence::Remove(condemned) => condemned,
        };
        if self.dry_run {
            return self.records.removed(path, &condemned.reason);
        }
        if let Some(since) = condemned.empty_since {
            // If a writer is just being born in a place where it cannot be seen, it fills the file now.
            thread::sleep(BIRTH.saturating_sub(since.elapsed()));
        }
        let Condemned { state, aside, .. } = condemned;
        let removal = match aside {
            Some(aside) => finish(candidate, &state, aside),
            None => remove(candidate, &state),
        };
        self.conclude(candidate, removal, &condemned.reason)
    }

    fn conclude(&mut self, candidate: &Candidate, removal: Removal, reason: &str) -> Result<(), Stop> {
        let path = &candidate.path;
        match removal {
            Removal::Done => self.records.removed(path, reason),
            Removal::Gone => Ok(()),
            Removal::Changed => self.records.kept(path, Kept::Alive, "it changed while it was judged"),
            Removal::Failed(reason) => {
                self.tool.error(path, &reason);
                self.records.kept(path, Kept::Failed, &reason)
            }
        }
    }
}

/// Gives a file its name again, whose values are not on disk.
fn cannot_archive(candidate: &Candidate, aside: &Aside) -> Sentence {
    give_back(candidate, aside).map_or(Sentence::CannotArchive, Sentence::Settled)
}
