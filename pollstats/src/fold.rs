//! Threads that end. The counts of an ended thread are added to one file of the whole process, and then
//! the thread's own file goes (mmstats(5), "Threads that end"). What the thread had counted was shown
//! before, row by row: the growth of the process's file must not show it once more.
//!
//! Files are looked at one after the other, so a thread may be folded between two looks. The files' own
//! numbers tell what was seen: the process's file, read at number n, holds the counts of every thread whose
//! file, read after that, has a number from 1 to n. Of such a thread, what was shown is set against the
//! growth of the process's file. Any other thread is still to be counted by its own file, though its
//! name may be gone: a file that is open can be read to its end.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::amount::Amount;

/// The process id and the number that files which are folded into one have in common.
pub(crate) type Key = (i128, i128);

/// The files of threads that are folded into one file.
pub(crate) type Shared = Rc<RefCell<Group>>;

/// How many rows long what a thread has counted waits for the process's file to hold it. That file comes
/// to be seen a row later than the first thread is seen to be gone, at most.
const PATIENCE: u8 = 3;

/// All groups.
#[derive(Default)]
pub(crate) struct Ledger {
    groups: HashMap<Key, Shared>,
}

/// What is known of one group.
#[derive(Default)]
pub(crate) struct Group {
    /// The process's file was read at this number. `None` where it is not there, or does not count.
    pub(crate) number: Option<i128>,
    /// The same in the row before.
    pub(crate) settled: Option<i128>,
    /// The process's file has gone since the row before, with this number.
    pub(crate) last: Option<i128>,
    /// A fold was found under way at this number, and did not come to its end.
    pub(crate) stuck: Option<i128>,
    accounts: Vec<Account>,
    /// Threads whose files are gone, and whose counts the process's file does not hold yet.
    pending: Vec<Pending>,
}

/// One column of a group.
#[derive(Clone, Debug, Default)]
struct Account {
    /// By how much the process's file has grown.
    growth: Amount,
    /// How much of that was shown before.
    shown: Amount,
    /// What was shown too much in the row before, where it could not be known.
    debt: Amount,
    /// The class and the scale of the process's field, where the file says them.
    class: Option<(usize, f64)>,
}

/// What is left to be shown of a group: in which column, the class and scale of the field, and how much.
pub(crate) type Rest = (usize, Option<(usize, f64)>, Amount);

struct Pending {
    number: i128,
    shown: Vec<Amount>,
    rows: u8,
}

impl Ledger {
    pub(crate) fn group(&mut self, key: Key, columns: usize) -> Shared {
        let group = self.groups.entry(key).or_default();
        group.borrow_mut().accounts.resize(columns, Account::default());
        Rc::clone(group)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    pub(crate) fn groups(&self) -> impl Iterator<Item = &Shared> {
        self.groups.values()
    }

    /// Ends a row: what is left to be shown, by column.
    pub(crate) fn settle(&mut self, mut show: impl FnMut(Rest)) {
        self.groups.retain(|_, shared| {
            let mut group = shared.borrow_mut();
            group.settle(&mut show);
            Rc::strong_count(shared) > 1 || !group.pending.is_empty()
        });
    }
}

impl Group {
    /// Whether the process's file holds what a thread has counted whose file has this number.
    pub(crate) fn holds(&self, number: i128) -> bool {
        number != 0 && self.number.is_some_and(|held| number <= held)
    }

    /// Whether a thread can have been folded since the row before.
    pub(crate) fn has_moved(&self) -> bool {
        self.number != self.settled
    }

    /// The process's file has grown.
    pub(crate) fn grown(&mut self, column: usize, class: Option<(usize, f64)>, by: &Amount) {
        let account = &mut self.accounts[column];
        account.growth.add(by);
        account.class = class;
    }

    /// The process's file holds what was shown of a thread.
    pub(crate) fn folded(&mut self, shown: impl IntoIterator<Item = Amount>) {
        for (account, shown) in self.accounts.iter_mut().zip(shown) {
            account.shown.add(&shown);
        }
    }

    /// The process's file will hold, at `number`, what was shown of a thread whose file is gone.
    pub(crate) fn will_hold(&mut self, number: i128, shown: Vec<Amount>) {
        self.pending.push(Pending { number, shown, rows: PATIENCE });
    }

    fn settle(&mut self, mut show: impl FnMut(Rest)) {
        for mut pending in std::mem::take(&mut self.pending) {
            pending.rows -= 1;
            if self.holds(pending.number) {
                self.folded(pending.shown);
            } else if pending.rows > 0 {
                self.pending.push(pending);
            }
        }
        for (column, account) in self.accounts.iter_mut().enumerate() {
            let rest = account.settle();
            if !rest.is_zero() {
                show((column, account.class, rest));
            }
        }
        self.settled = self.number;
        self.last = None;
    }
}

impl Account {
    fn settle(&mut self) -> Amount {
        let Self { growth, mut shown, debt, class } = std::mem::take(self);
        self.class = class;
        let is_quiet = growth.is_zero() && shown.is_zero();
        shown.add(&debt);
        let (rest, missing) = growth.without(&shown);
        // A row is never negative. What was shown too much is paid in the next row, if that has anything to
        // pay with: more can only be a file that went without being folded.
        if !is_quiet {
            self.debt = missing;
        }
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(group: &mut Group, number: i128, growth: i128) -> i128 {
        group.number = Some(number);
        group.grown(0, None, &Amount::Integer(growth));
        let mut shown = Amount::Integer(0);
        group.settle(|(_, _, rest)| shown.add(&rest));
        match shown {
            Amount::Integer(shown) => shown,
            other => panic!("{other:?}"),
        }
    }

    fn group() -> Group {
        Group { accounts: vec![Account::default()], ..Group::default() }
    }

    #[test]
    fn what_was_shown_of_a_thread_is_not_shown_again() {
        let mut group = group();
        group.folded([Amount::Integer(500)]);
        assert_eq!(row(&mut group, 2, 510), 10, "what it counted after its last look");
        assert_eq!(row(&mut group, 4, 7), 7, "of a thread that came and went between two rows");
    }

    #[test]
    fn a_thread_that_is_gone_waits_for_the_process_to_have_its_counts() {
        let mut group = group();
        group.will_hold(4, vec![Amount::Integer(500)]);
        assert_eq!(row(&mut group, 2, 0), 0);
        assert_eq!(row(&mut group, 4, 510), 10);
        assert_eq!(row(&mut group, 6, 500), 500, "and only once");
    }

    #[test]
    fn a_thread_is_held_from_its_number_on() {
        let mut group = group();
        assert!(!group.holds(2), "there is no file of the process");
        group.number = Some(4);
        assert!(group.holds(2) && group.holds(4));
        assert!(!group.holds(6) && !group.holds(0));
    }

    #[test]
    fn no_row_is_negative() {
        let mut group = group();
        group.folded([Amount::Integer(500)]);
        assert_eq!(row(&mut group, 2, 400), 0);
        assert_eq!(row(&mut group, 4, 150), 50, "it is paid back");
        group.folded([Amount::Integer(500)]);
        assert_eq!(row(&mut group, 6, 0), 0);
        assert_eq!(row(&mut group, 6, 0), 0);
        assert_eq!(row(&mut group, 8, 30), 30, "but not for ever");
    }
}
