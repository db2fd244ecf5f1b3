//! A core for the reader and another for the writer: on one core they would take turns, and a reader
//! that is never at work at the same time as its writer finds nothing wrong.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// The two, where this process may use two.
pub(crate) struct Cores(Option<[CpuSet; 2]>);

impl Cores {
    pub(crate) fn find() -> Self {
        let mut allowed = Vec::new();
        if let Ok(set) = sched_getaffinity(Pid::from_raw(0)) {
            allowed.extend((0..CpuSet::count()).filter(|&core| set.is_set(core).unwrap_or(false)));
        }
        let one = |core: &usize| {
            let mut set = CpuSet::new();
            set.set(*core).ok().map(|()| set)
        };
        let two: Vec<_> = allowed.iter().filter_map(one).take(2).collect();
        Self(two.try_into().ok())
    }

    /// From now on this process, and what it starts, runs where the reader does.
    pub(crate) fn take_readers(&self) {
        self.take(0);
    }

    /// From now on this process, and what it starts, runs where the writer does.
    pub(crate) fn take_writers(&self) {
        self.take(1);
    }

    fn take(&self, number: usize) {
        if let Some(cores) = &self.0 {
            // Where it is not allowed, the races are less of a race, and `changed` shows it.
            let _ = sched_setaffinity(Pid::from_raw(0), &cores[number]);
        }
    }
}
