//! Threads that end. A program may let the counts of an ended thread be added to one file of the whole
//! process, and then the thread's own file goes. What the thread had counted was shown long before, row
//! by row: the growth of the process's file must not show it once more.
//!
//! So the process's file, known by thread id 0, is not counted like the others. What it has grown by is
//! set against what the files that went had counted at last, process by process and column by column,
//! and only the rest is shown: the counts of threads that came and went between two rows.
//!
//! Files are not looked at all in one moment, so the two sides of one end may fall into two rows:
//!
//! - The file was seen to be gone before the growth was seen: it waits for the growth one row long.
//! - The growth was seen before the file was gone: then it is as large as what some file that is still
//!   there shows, or larger, and only then. Such growth is held back for one row.

use std::collections::HashMap;
use std::path::PathBuf;

/// The files of one process: their folder and its id.
pub(crate) type Process = (PathBuf, i128);

/// The accounts of all processes, a column each.
#[derive(Default)]
pub(crate) struct Ledger {
    accounts: HashMap<(Process, usize), Account>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Account {
    /// Of this row.
    growth: i128,
    gone: i128,
    /// Of the row before, and without a counterpart yet.
    held: i128,
    waiting: i128,
}

impl Ledger {
    /// The process's own file has grown.
    pub(crate) fn grown(&mut self, process: Process, column: usize, by: i128) {
        self.accounts.entry((process, column)).or_default().growth += by;
    }

    /// A thread's file has gone, and `counted` was its value.
    pub(crate) fn gone(&mut self, process: Process, column: usize, counted: i128) {
        self.accounts.entry((process, column)).or_default().gone += counted;
    }

    /// Ends a row: what is left to be shown, by column. `least` gives the smallest value above 0 that a
    /// thread's file of the process shows in the column.
    pub(crate) fn settle(
        &mut self,
        least: impl Fn(&Process, usize) -> Option<i128>,
        mut show: impl FnMut(usize, i128),
    ) {
        self.accounts.retain(|(process, column), account| {
            let rest = account.settle(|| least(process, *column));
            if rest != 0 {
                show(*column, rest);
            }
            account.held != 0 || account.waiting != 0
        });
    }
}

impl Account {
    fn settle(&mut self, least: impl FnOnce() -> Option<i128>) -> i128 {
        let Self { mut growth, mut gone, mut held, waiting } = std::mem::take(self);
        set_off(&mut held, &mut gone);
        set_off(&mut growth, &mut { waiting });
        set_off(&mut growth, &mut gone);
        self.waiting = gone;
        if growth > 0 && least().is_some_and(|least| least <= growth) {
            self.held = std::mem::take(&mut growth);
        }
        held + growth
    }
}

fn set_off(a: &mut i128, b: &mut i128) {
    let both = (*a).min(*b);
    *a -= both;
    *b -= both;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of (growth, gone, the least that a living thread shows), and what is shown.
    fn shown(rows: &[(i128, i128, Option<i128>)]) -> Vec<i128> {
        let mut account = Account::default();
        let rows = rows.iter().map(|&(growth, gone, least)| {
            account.growth += growth;
            account.gone += gone;
            account.settle(|| least)
        });
        rows.collect()
    }

    #[test]
    fn a_fold_nets_to_zero_in_one_row() {
        assert_eq!(shown(&[(500, 500, Some(3)), (0, 0, Some(3))]), [0, 0]);
    }

    #[test]
    fn a_fold_nets_to_zero_over_two_rows() {
        assert_eq!(shown(&[(0, 500, None), (500, 0, None), (0, 0, None)]), [0, 0, 0], "gone first");
        assert_eq!(shown(&[(500, 0, Some(490)), (0, 500, None), (0, 0, None)]), [0, 0, 0], "grown first");
    }

    #[test]
    fn what_the_thread_counted_after_its_last_look_is_shown() {
        assert_eq!(shown(&[(510, 500, Some(490)), (0, 0, Some(500))]), [10, 0]);
        assert_eq!(shown(&[(0, 500, None), (510, 0, None)]), [0, 10]);
        assert_eq!(shown(&[(510, 0, Some(490)), (0, 500, None)]), [0, 10]);
    }

    #[test]
    fn threads_that_came_and_went_between_two_rows_are_shown() {
        assert_eq!(shown(&[(7, 0, None)]), [7]);
        assert_eq!(shown(&[(7, 0, Some(8))]), [7]);
        assert_eq!(shown(&[(7, 0, Some(7)), (0, 0, Some(9))]), [0, 7], "a row later where it is not sure");
    }

    #[test]
    fn a_file_that_went_without_a_fold_swallows_nothing_for_long() {
        assert_eq!(shown(&[(0, 500, None), (0, 0, None), (500, 0, None)]), [0, 0, 500]);
    }
}
