//! The counts of files that were removed.
//!
//! Who removes the file of a program that has ended, `cleanstats --fold` or
//! [`Options::fold_dead`](crate::Options::fold_dead), adds the file's counters, means and histograms to one file per
//! command and owner, so that a sum over the command does not fall. The name of that file is
//! `CMD-departed-UID.mmstats`.
//!
//! A removed file's counts must be seen exactly once. So the file of the departed has a list of the files that it
//! holds and that may still be there: it is put in place first, as a whole, and only then these are removed. A reader
//! passes over a file that is on the list. If the number of the file of the departed is another one after everything
//! was read than before, counts may have moved meanwhile, and the reader begins again.

mod dead;
mod directory;
mod keeper;
mod name;
mod totals;

pub(crate) use dead::fold_dead;
pub use directory::{Directory, Entry, reader};
pub use keeper::{Keeper, Processes};
pub use name::{
    DEPARTED_LABEL, command, command_of, departed, departed_name, identity, is_departed, listed, place_of,
    state_of,
};
