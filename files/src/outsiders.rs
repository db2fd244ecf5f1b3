//! Files that are there and not followed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mmstats::{Error, ErrorKind, Origin};

use crate::member::{Left, Member};
use crate::notice::{Hear, Notice};
use crate::search::Found;
use crate::state::State;

/// How often dead files are asked whether somebody writes to them again.
const REVIVALS: Duration = Duration::from_millis(200);

/// Why a file is not followed, and whether it is an operand.
#[derive(Clone, PartialEq)]
pub(crate) enum Outsider {
    Unreadable {
        reason: String,
        is_named: bool,
    },
    /// `state` is what it was before it was judged: a writer that begins again may write to the same file.
    Dead {
        state: Option<State>,
        is_named: bool,
    },
}

impl Outsider {
    /// A file that cannot be read.
    pub(crate) fn unreadable(error: &Error, is_named: bool) -> Self {
        Self::Unreadable { reason: error.reason().to_string(), is_named }
    }

    /// A file without a beginning. Its writer may have come no further yet: if it is still like this at the next
    /// look, that is reported.
    pub(crate) fn perhaps_begun(is_named: bool) -> Self {
        Self::Unreadable { reason: String::new(), is_named }
    }

    pub(crate) fn is_dead(&self) -> bool {
        matches!(self, Self::Dead { .. })
    }

    pub(crate) fn is_named(&self) -> bool {
        let (Self::Unreadable { is_named, .. } | Self::Dead { is_named, .. }) = self;
        *is_named
    }

    /// How carefully to open it.
    pub(crate) fn origin(&self) -> Origin {
        if self.is_named() { Origin::Named } else { Origin::Found }
    }
}

/// All of them, by path.
pub(crate) struct Outsiders {
    known: HashMap<PathBuf, Outsider>,
    /// When the dead were asked last.
    asked: Instant,
}

impl Outsiders {
    pub(crate) fn new() -> Self {
        Self { known: HashMap::new(), asked: Instant::now() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    pub(crate) fn has_dead(&self) -> bool {
        self.known.values().any(Outsider::is_dead)
    }

    pub(crate) fn is_dead(&self, path: &Path) -> bool {
        self.known.get(path).is_some_and(Outsider::is_dead)
    }

    pub(crate) fn insert(&mut self, path: PathBuf, outsider: Outsider) {
        self.known.insert(path, outsider);
    }

    /// A followed file could not be looked at any more: why it leaves.
    pub(crate) fn turn_away<S>(&mut self, member: &Member<S>, error: &Error, hear: &mut Hear<'_>) -> Left {
        let path = member.file.path();
        if error.is_not_found() {
            return Left::Removed;
        }
        // Its writer may be about to begin again, in the same file.
        if error.kind() == ErrorKind::Version {
            self.insert(path.to_owned(), Outsider::perhaps_begun(member.is_named));
            return Left::Removed;
        }
        hear(&Notice::Unreadable(error));
        self.insert(path.to_owned(), Outsider::unreadable(error, member.is_named));
        Left::Broken
    }

    /// A file could not be followed. `known` is what was known of it, if it was here before; `has_looked` says whether
    /// this is not the first look.
    pub(crate) fn refuse(
        &mut self,
        found: &Found,
        error: &Error,
        is_named: bool,
        known: Option<&Outsider>,
        has_looked: bool,
        hear: &mut Hear<'_>,
    ) {
        let mut outsider = Outsider::unreadable(error, is_named);
        // Gone since it was found, or not back yet: a process ends and begins, which is no error.
        let is_quiet = error.is_not_found() && (!is_named || has_looked);
        let was_unreadable = known.is_some_and(|known| !known.is_dead());
        if error.kind() == ErrorKind::Version && has_looked && !was_unreadable {
            outsider = Outsider::perhaps_begun(is_named);
        } else if !is_quiet && known != Some(&outsider) {
            hear(&Notice::Unreadable(error));
        }
        // What a process has mapped is found by the process alone.
        if (!error.is_not_found() && found.mapped.is_none()) || is_named {
            self.insert(found.path.clone(), outsider);
        }
    }

    /// Takes all of them out, to be compared with the files that are there.
    pub(crate) fn take(&mut self) -> HashMap<PathBuf, Outsider> {
        std::mem::take(&mut self.known)
    }

    /// Puts back those that it cannot be said of whether they are still there.
    pub(crate) fn extend(&mut self, others: impl Iterator<Item = (PathBuf, Outsider)>) {
        self.known.extend(others);
    }

    /// Takes out those that are worth another try: what could not be read, since it may have been half written; and
    /// from time to time what was dead, if somebody has written to it since. No name comes or goes where a writer
    /// begins again in the same file.
    pub(crate) fn due(&mut self) -> HashMap<PathBuf, Outsider> {
        let asks = self.asked.elapsed() >= REVIVALS;
        if !self.known.values().any(|outsider| asks || !outsider.is_dead()) {
            return HashMap::new();
        }
        if asks {
            self.asked = Instant::now();
        }
        let is_due = |path: &Path, outsider: &Outsider| match outsider {
            Outsider::Unreadable { .. } => true,
            Outsider::Dead { state, .. } => {
                asks && (state.is_none() || *state != State::at(path, outsider.origin()))
            }
        };
        let (due, others) = self.take().into_iter().partition(|(path, outsider)| is_due(path, outsider));
        self.known = others;
        due
    }
}
