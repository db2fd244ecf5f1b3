//! Finding out whether the writer of a followed file has died.

use std::path::Path;
use std::time::{Duration, Instant};

use mmstats::Snapshot;
use mmstats::live::{Judge, Life};

use crate::member::Member;

/// How long one walk through `/proc` serves.
const WALK_SERVES: Duration = Duration::from_secs(10);

/// How closely a file is looked at to find out whether its writer has died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thoroughness {
    /// Only if the first glance speaks for it.
    Suspicious,
    /// In any case, as far as there is more to see.
    Close,
}

/// Judges files for hours, and does not walk through `/proc` for each.
pub(crate) struct Coroner {
    judge: Judge,
    walked: Instant,
    /// When this look at all files began.
    began: Instant,
}

impl Coroner {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self { judge: Judge::new(), walked: now, began: now }
    }

    /// A look at all files begins.
    pub(crate) fn begin(&mut self) {
        self.began = Instant::now();
    }

    /// Whether the writer of a file is dead.
    pub(crate) fn is_dead(&mut self, snapshot: &Snapshot) -> bool {
        if self.walked.elapsed() > WALK_SERVES {
            self.renew();
        }
        self.judge.judge(snapshot).life == Life::Dead
    }

    /// Whether a member's writer has died since it joined.
    pub(crate) fn has_died<S>(&mut self, member: &mut Member<S>, how: Thoroughness) -> bool {
        if member.was_dead {
            return false;
        }
        let Some(is_suspect) = is_suspect(member) else { return false };
        // A lock that is held says all.
        if !is_suspect && (member.writer.locks || how == Thoroughness::Suspicious) {
            member.is_out_of_sight = false;
            return false;
        }
        let mut snapshot = Snapshot::new();
        if member.read(&mut snapshot).is_err() {
            return false;
        }
        // The first time, what was seen before this look does not count: its process lived then.
        let is_dead = if is_suspect && !member.is_out_of_sight {
            self.is_dead_now(&snapshot)
        } else {
            self.is_dead(&snapshot)
        };
        member.is_out_of_sight = is_suspect && !is_dead;
        is_dead
    }

    /// The same by nothing that was seen before this look.
    fn is_dead_now(&mut self, snapshot: &Snapshot) -> bool {
        if self.walked < self.began {
            self.renew();
        }
        self.judge.judge(snapshot).life == Life::Dead
    }

    fn renew(&mut self) {
        (self.judge, self.walked) = (Judge::new(), Instant::now());
    }
}

/// What the first glance says: whether its lock, or its process where it takes none, is gone. `None` if there is
/// nothing to glance at.
fn is_suspect<S>(member: &Member<S>) -> Option<bool> {
    if member.writer.locks {
        return member.file.is_locked().ok().map(|is_locked| !is_locked);
    }
    let pid = member.writer.pid?;
    Some(!Path::new(&format!("/proc/{pid}")).exists())
}
