//! The end of a row for files that are folded into one another: which of them gives what to it. `fold.rs` has the
//! reasons.

use std::rc::Rc;

use cli::Stop;
use files::{Groups, Member, Roster, Threaded};
use mmstats::Observation;

use crate::amount::Amount;
use crate::fold::{Accounts, Thread};
use crate::poll::{Gives, Poll};
use crate::polled::PolledFile;

impl Threaded for Poll {
    type More = Accounts;

    fn thread(state: &PolledFile) -> Option<&Thread> {
        state.thread.as_ref()
    }

    fn thread_mut(state: &mut PolledFile) -> Option<&mut Thread> {
        state.thread.as_mut()
    }

    fn counts(state: &PolledFile) -> bool {
        state.counts
    }

    fn groups(&mut self) -> &mut Groups<Accounts> {
        &mut self.ledger.0
    }
}

impl Poll {
    /// Takes the values of all groups into the row.
    pub(crate) fn settle(&mut self, roster: &mut Roster<PolledFile>) -> Result<(), Stop> {
        files::settle(roster, self)?;
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

    /// Takes a file's values into the row, whichever file has them.
    fn take(&mut self, member: &mut Member<PolledFile>) {
        let Some(thread) = &mut member.state.thread else { return };
        if thread.is_process {
            let gives = if thread.is_read() { Gives::All } else { Gives::Values };
            return self.count(member, Observation::Changed, gives);
        }
        let group = Rc::clone(&thread.group);
        let is_held = {
            let group = group.borrow();
            group.holds(thread.number(&member.file)) || (thread.is_lost() && group.number.is_some())
        };
        if thread.is_folded || (is_held && !member.state.is_known) {
            thread.is_folded = true;
            return;
        }
        thread.is_folded = is_held;
        if !thread.is_lost() {
            // Its last counts, too: all that was shown is set against the growth of the process's file.
            let gives = if is_held { Gives::Changes } else { Gives::All };
            self.count(member, Observation::Changed, gives);
        }
        if is_held && member.state.counts {
            group.borrow_mut().more.folded(member.state.shown());
        }
    }

    /// Takes the last counts of a file that goes.
    pub(crate) fn depart(&mut self, member: &mut Member<PolledFile>) {
        let Some(thread) = &member.state.thread else { return };
        let (group, number) = (Rc::clone(&thread.group), thread.number(&member.file));
        if thread.is_process {
            if number % 2 == 0 {
                group.borrow_mut().has_left(number);
                self.count(member, Observation::Changed, Gives::Changes);
            }
            return;
        }
        if thread.is_folded {
            return;
        }
        // One that could not be looked at to the end is taken for one that was folded.
        let is_seen = member.file.is_open() && !thread.is_lost();
        let number = if is_seen { number } else { 1 };
        self.count(member, Observation::Changed, Gives::Changes);
        if number != 0 && member.state.counts {
            group.borrow_mut().more.will_hold(number, member.state.shown().collect());
        }
    }
}
