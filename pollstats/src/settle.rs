//! The end of a row for files that are folded into one another: in which order they are looked at once
//! more, and which of them hold what counts. `fold.rs` has the reasons.

use std::rc::Rc;
use std::time::{Duration, Instant};

use cli::Stop;
use files::{Member, Roster};
use mmstats::Observation;

use crate::amount::Amount;
use crate::poll::{Gives, Poll};
use crate::polled::PolledFile;

/// How often the files of a group are looked at anew because one of them has gone meanwhile. Only files
/// that are not kept open can go so.
const ROUNDS: usize = 8;
/// How long a row waits for a fold to end, which takes a microsecond unless its thread has lost the
/// processor. A thread that was stopped is waited for once.
const WAIT: Duration = Duration::from_millis(250);
/// How many looks in a row find nothing new where the values are of one moment: the first and the last may
/// have seen their bytes in any order, but all of the one between lies between them.
const AGREEING: u8 = 2;

impl Poll {
    /// Takes the values of all groups into the row.
    pub(crate) fn settle(&mut self, roster: &mut Roster<PolledFile>) -> Result<(), Stop> {
        if self.ledger.is_empty() {
            return Ok(());
        }
        for _ in 0..ROUNDS {
            self.read_processes(roster)?;
            // What has no number was not folded when its file was looked at, and that was before the
            // process's file was read: so it is looked at again, unless no fold has come since the last row.
            let lost = count_lost(roster);
            roster.look_again(self, may_be_folded)?;
            if count_lost(roster) == lost {
                break;
            }
        }
        for member in roster.members_mut() {
            self.take(member);
        }
        let tallies = &mut self.tallies;
        self.ledger.settle(|(column, class, rest)| match (class, rest) {
            (Some((class, scale)), rest) => tallies[column].class(class).add_more(&rest.in_unit(scale)),
            (None, Amount::Integer(rest)) => tallies[column].add_change(rest),
            // A file that says nothing about its fields counts integers only.
            (None, _) => {}
        });
        Ok(())
    }

    /// Reads the processes' files, each as it was at one moment with no fold under way.
    fn read_processes(&mut self, roster: &mut Roster<PolledFile>) -> Result<(), Stop> {
        let began = Instant::now();
        for thread in roster.members_mut().iter_mut().filter_map(|member| member.state.thread.as_mut()) {
            (thread.agreeing, thread.is_read) = (0, false);
        }
        loop {
            roster.look_again(self, is_unread)?;
            let mut is_waited_for = false;
            for member in roster.members_mut() {
                let Some(thread) = &mut member.state.thread else { continue };
                let number = thread.number(&member.file);
                thread.is_read = thread.is_process && thread.agreeing >= AGREEING && number % 2 == 0;
                let is_stuck = thread.group.borrow().stuck == Some(number);
                is_waited_for |= thread.is_process && !thread.is_read && !thread.is_lost && !is_stuck;
            }
            if !is_waited_for || began.elapsed() > WAIT {
                break;
            }
            std::thread::yield_now();
        }
        for group in self.ledger.groups() {
            let mut group = group.borrow_mut();
            group.number = group.last;
        }
        for member in roster.members() {
            let Some(thread) = member.state.thread.as_ref().filter(|thread| thread.is_process) else {
                continue;
            };
            let (number, mut group) = (thread.number(&member.file), thread.group.borrow_mut());
            group.stuck = (!thread.is_read).then_some(number);
            if member.state.counts {
                // What could not be read counts as it was in the row before.
                group.number = if thread.is_read { Some(number) } else { group.settled };
            }
        }
        Ok(())
    }

    /// Takes a file's values into the row, whichever file has them.
    fn take(&mut self, member: &mut Member<PolledFile>) {
        let Some(thread) = &mut member.state.thread else { return };
        if thread.is_process {
            let gives = if thread.is_read { Gives::All } else { Gives::Values };
            return self.count(member, Observation::Changed, gives);
        }
        let group = Rc::clone(&thread.group);
        let is_held = {
            let group = group.borrow();
            group.holds(thread.number(&member.file)) || (thread.is_lost && group.number.is_some())
        };
        if thread.is_folded || (is_held && !member.state.is_known) {
            thread.is_folded = true;
            return;
        }
        thread.is_folded = is_held;
        if !thread.is_lost {
            // Its last counts, too: all that was shown is set against the growth of the process's file.
            let gives = if is_held { Gives::Changes } else { Gives::All };
            self.count(member, Observation::Changed, gives);
        }
        if is_held && member.state.counts {
            group.borrow_mut().folded(member.state.shown());
        }
    }

    /// Takes the last counts of a file that goes.
    pub(crate) fn depart(&mut self, member: &mut Member<PolledFile>) {
        let Some(thread) = &member.state.thread else { return };
        let (group, number) = (Rc::clone(&thread.group), thread.number(&member.file));
        if thread.is_process {
            if number % 2 == 0 {
                group.borrow_mut().last = Some(number);
                self.count(member, Observation::Changed, Gives::Changes);
            }
            return;
        }
        if thread.is_folded {
            return;
        }
        // One that could not be looked at to the end is taken for one that was folded.
        let is_seen = member.file.is_open() && !thread.is_lost;
        let number = if is_seen { number } else { 1 };
        self.count(member, Observation::Changed, Gives::Changes);
        if number != 0 && member.state.counts {
            group.borrow_mut().will_hold(number, member.state.shown().collect());
        }
    }
}

/// Whether it is a process's file that has not been read as it was at one moment.
fn is_unread(member: &Member<PolledFile>) -> bool {
    let thread = member.state.thread.as_ref();
    thread.is_some_and(|thread| thread.is_process && !thread.is_read && !thread.is_lost)
}

/// Whether it is the file of a thread that may have been folded since it was looked at.
fn may_be_folded(member: &Member<PolledFile>) -> bool {
    member.state.thread.as_ref().is_some_and(|thread| {
        let is_open = !thread.is_process && !thread.is_lost && !thread.is_folded;
        is_open && thread.group.borrow().has_moved()
    })
}

fn count_lost(roster: &Roster<PolledFile>) -> usize {
    let threads = roster.members().iter().filter_map(|member| member.state.thread.as_ref());
    threads.filter(|thread| thread.is_lost).count()
}
