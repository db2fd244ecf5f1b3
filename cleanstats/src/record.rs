//! What is said on standard output: one record per file, and a summary.

use std::path::Path;

use cli::{Color, Output, Stop, When, escape, escape_path};

use crate::Voice;

/// Why a file is kept, as the summary counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    Alive,
    Unknown,
    NotStats,
    PassedOver,
    /// It should have been removed.
    Failed,
}

/// How many files of each kind there were.
#[derive(Default)]
struct Counts {
    removed: usize,
    alive: usize,
    unknown: usize,
    not_stats: usize,
    passed_over: usize,
    failed: usize,
}

/// Writes records, and counts.
pub(crate) struct Records {
    out: Output,
    color: Color,
    voice: Voice,
    /// What is said about a file that goes.
    removed: &'static str,
    counts: Counts,
}

impl Records {
    pub(crate) fn new(out: Output, voice: Voice, color: When, dry_run: bool) -> Self {
        let color = color.decide(out.is_terminal());
        let removed = if dry_run { "would remove" } else { "removed" };
        Self { out, color, voice, removed, counts: Counts::default() }
    }

    /// A file that is gone now, or would be.
    pub(crate) fn removed(&mut self, path: &Path, reason: &str) -> Result<(), Stop> {
        self.counts.removed += 1;
        if self.voice == Voice::Quiet {
            return Ok(());
        }
        self.record(self.removed, path, reason)
    }

    /// A file that stays.
    pub(crate) fn kept(&mut self, path: &Path, kept: Kept, reason: &str) -> Result<(), Stop> {
        let (count, what) = match kept {
            Kept::Alive => (&mut self.counts.alive, "alive: "),
            Kept::Unknown => (&mut self.counts.unknown, "unknown: "),
            Kept::NotStats => (&mut self.counts.not_stats, ""),
            Kept::PassedOver => (&mut self.counts.passed_over, "passed over: "),
            Kept::Failed => (&mut self.counts.failed, "failed: "),
        };
        *count += 1;
        if self.voice != Voice::Verbose {
            return Ok(());
        }
        self.record("kept", path, &format!("{what}{reason}"))
    }

    fn record(&mut self, what: &str, path: &Path, reason: &str) -> Result<(), Stop> {
        let (what, path) = (self.color.label(what), self.color.head(escape_path(path)));
        writeln!(self.out, "{what}\t{path}\t{}", escape(reason.as_bytes()))
    }

    /// The summary, where somebody looks for it.
    pub(crate) fn finish(mut self) -> Result<(), Stop> {
        let wanted = match self.voice {
            Voice::Quiet => false,
            Voice::Plain => self.out.is_terminal(),
            Voice::Verbose => true,
        };
        if wanted {
            let Counts { removed, alive, unknown, .. } = self.counts;
            write!(self.out, "{} {removed}, alive {alive}, unknown {unknown}", self.removed)?;
            let others = [
                ("no stats file", self.counts.not_stats),
                ("passed over", self.counts.passed_over),
                ("failed", self.counts.failed),
            ];
            for (what, count) in others.into_iter().filter(|(_, count)| *count > 0) {
                write!(self.out, ", {what} {count}")?;
            }
            self.out.write_str("\n")?;
        }
        self.out.flush()
    }
}
