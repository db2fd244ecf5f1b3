//! Which of the followed files are asked whether their writers have died.
//!
//! To ask a file costs about a quarter of what a look at it costs, so not all are asked at each look. But all
//! files of a process die in one moment, and what a dead process left must not be shown as if it lived:
//!
//! - Of each process one file is asked at each look.
//! - Where a file is found dead, all of its process are asked at once.
//! - Beside that all files have their turns, a few at each look: process ids may be the same in two
//!   containers, and a file may be dead though its process lives.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::coroner::{Coroner, Thoroughness};
use crate::member::Member;

/// How many files have their turn at each look: this many, or one in [`ROUNDS`].
const TURNS: usize = 32;
const ROUNDS: usize = 64;

/// Which files are asked next.
#[derive(Default)]
pub(crate) struct Questions {
    /// For each process, as far as files tell whose they are, the numbers of its files. `None` if members
    /// have come or gone since.
    processes: Option<Vec<Vec<usize>>>,
    look: usize,
    next_turn: usize,
}

impl Questions {
    /// Members have come or gone.
    pub(crate) fn regroup(&mut self) {
        self.processes = None;
    }

    /// Asks, before a look: the numbers of the members that have died, in order.
    pub(crate) fn ask<S>(&mut self, members: &mut [Member<S>], coroner: &mut Coroner) -> BTreeSet<usize> {
        let mut dead = BTreeSet::new();
        if members.is_empty() {
            return dead;
        }
        coroner.begin();
        self.look = self.look.wrapping_add(1);
        let processes = self.processes.get_or_insert_with(|| processes(members));
        for files in processes.iter() {
            let number = files[self.look % files.len()];
            if members[number].is_out_of_sight {
                continue;
            }
            if coroner.has_died(&mut members[number], Thoroughness::Suspicious) {
                dead.insert(number);
            } else if members[number].is_out_of_sight {
                // What hides one hides all: they are asked in their turns.
                files.iter().for_each(|&file| members[file].is_out_of_sight = true);
            }
        }
        let count = members.len();
        let turns = TURNS.max(count / ROUNDS).min(count);
        for turn in 0..turns {
            let number = (self.next_turn + turn) % count;
            // A process id that went to another process is found out by a close look only.
            let how = if turn == 0 { Thoroughness::Close } else { Thoroughness::Suspicious };
            if !dead.contains(&number) && coroner.has_died(&mut members[number], how) {
                dead.insert(number);
            }
        }
        self.next_turn = (self.next_turn + if turns == count { 1 } else { turns }) % count;
        let pids: BTreeSet<_> = dead.iter().filter_map(|&number| members[number].writer.pid).collect();
        if pids.is_empty() {
            return dead;
        }
        for (number, member) in members.iter_mut().enumerate() {
            let is_suspect = member.writer.pid.is_some_and(|pid| pids.contains(&pid));
            if is_suspect && !dead.contains(&number) && coroner.has_died(member, Thoroughness::Close) {
                dead.insert(number);
            }
        }
        dead
    }
}

/// Files that one process has made, as they say: in two directories it may be two processes in two
/// containers.
fn processes<S>(members: &[Member<S>]) -> Vec<Vec<usize>> {
    let mut processes: BTreeMap<(i128, Option<&Path>), Vec<usize>> = BTreeMap::new();
    for (number, member) in members.iter().enumerate() {
        if let Some(pid) = member.writer.pid {
            processes.entry((pid, member.file.path().parent())).or_default().push(number);
        }
    }
    processes.into_values().collect()
}
