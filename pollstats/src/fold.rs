//! Threads that end. The counts of an ended thread are added to one file of the whole process, and then
//! the thread's own file goes (mmstats(5), "Threads that end"). What the thread had counted was shown
//! before, row by row: the growth of the process's file must not show it once more, so what was shown of a thread that
//! it holds is set against that growth. Which threads it holds, `files` finds out.

use files::{Groups, Writer};

use crate::amount::Amount;

/// The files of threads that are folded into one file.
pub(crate) type Group = files::Group<Accounts>;
pub(crate) type Thread = files::Thread<Accounts>;

/// How many rows long what a thread has counted waits for the process's file to hold it, rows apart in which that file
/// could not be read. It comes to be seen a row later than the first thread is seen to be gone, at most.
const PATIENCE: u8 = 3;

/// All groups.
#[derive(Default)]
pub(crate) struct Ledger(pub(crate) Groups<Accounts>);

/// What is to be shown of a group.
#[derive(Default)]
pub(crate) struct Accounts {
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
    /// What a file is in its group, if it is in one.
    pub(crate) fn thread_of(&mut self, writer: &Writer, columns: usize) -> Option<Thread> {
        let thread = self.0.thread_of(writer)?;
        thread.group.borrow_mut().more.accounts.resize(columns, Account::default());
        Some(thread)
    }

    /// Ends a row: what is left to be shown, by column.
    pub(crate) fn settle(&mut self, mut show: impl FnMut(Rest)) {
        self.0.end(|group| {
            settle(group, &mut show);
            !group.more.pending.is_empty()
        });
    }
}

fn settle(group: &mut Group, mut show: impl FnMut(Rest)) {
    for mut pending in std::mem::take(&mut group.more.pending) {
        // A fold whose thread has lost the processor may take many rows.
        pending.rows -= u8::from(group.stuck.is_none());
        if group.holds(pending.number) {
            group.more.folded(pending.shown);
        } else if pending.rows > 0 {
            group.more.pending.push(pending);
        }
    }
    for (column, account) in group.more.accounts.iter_mut().enumerate() {
        let rest = account.settle();
        if !rest.is_zero() {
            show((column, account.class, rest));
        }
    }
}

impl Accounts {
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
        group.more.grown(0, None, &Amount::Integer(growth));
        let mut shown = Amount::Integer(0);
        settle(group, |(_, _, rest)| shown.add(&rest));
        match shown {
            Amount::Integer(shown) => shown,
            other => panic!("{other:?}"),
        }
    }

    fn group() -> Group {
        let mut group = Group::default();
        group.more.accounts.push(Account::default());
        group
    }

    #[test]
    fn what_was_shown_of_a_thread_is_not_shown_again() {
        let mut group = group();
        group.more.folded([Amount::Integer(500)]);
        assert_eq!(row(&mut group, 2, 510), 10, "what it counted after its last look");
        assert_eq!(row(&mut group, 4, 7), 7, "of a thread that came and went between two rows");
    }

    #[test]
    fn a_thread_that_is_gone_waits_for_the_process_to_have_its_counts() {
        let mut group = group();
        group.more.will_hold(4, vec![Amount::Integer(500)]);
        assert_eq!(row(&mut group, 2, 0), 0);
        assert_eq!(row(&mut group, 4, 510), 10);
        assert_eq!(row(&mut group, 6, 500), 500, "and only once");
    }

    #[test]
    fn a_fold_that_does_not_end_is_waited_for() {
        let mut group = group();
        group.more.will_hold(4, vec![Amount::Integer(500)]);
        group.stuck = Some(3);
        for _ in 0..2 * PATIENCE {
            assert_eq!(row(&mut group, 2, 0), 0);
        }
        group.stuck = None;
        assert_eq!(row(&mut group, 4, 510), 10);
    }

    #[test]
    fn no_row_is_negative() {
        let mut group = group();
        group.more.folded([Amount::Integer(500)]);
        assert_eq!(row(&mut group, 2, 400), 0);
        assert_eq!(row(&mut group, 4, 150), 50, "it is paid back");
        group.more.folded([Amount::Integer(500)]);
        assert_eq!(row(&mut group, 6, 0), 0);
        assert_eq!(row(&mut group, 6, 0), 0);
        assert_eq!(row(&mut group, 8, 30), 30, "but not for ever");
    }
}
