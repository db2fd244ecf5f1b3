//! Sets of stats files that come and go: the files that operands mean, found once ([`find`]) or followed for hours
//! ([`Roster`]).
//!
//! Nothing here writes anywhere. What is worth a word is handed over as a [`Notice`]: a tool writes it to stderr, a
//! server may do something else with it.

#![forbid(unsafe_code)]

mod coroner;
mod folds;
mod limit;
mod member;
mod name;
mod notice;
mod operands;
mod outsiders;
mod pattern;
mod places;
mod processes;
mod questions;
mod roster;
mod search;
mod source;
mod state;
mod threads;
mod visitor;

pub use folds::{Fold, Folds};
pub use limit::descriptors;
pub use member::{Left, Member, Writer};
pub use mmstats::departed::{
    DEPARTED_LABEL, command, command_of, departed, departed_name, identity, is_departed, listed, place_of,
    state_of,
};
pub use name::{directory_of, is_stats_name};
pub use notice::{Hear, Notice};
pub use operands::Operands;
pub use pattern::expand;
pub use processes::{Mapped, Process};
pub use roster::Roster;
pub use search::{Found, Problem, Search, Ways, find};
pub use source::Source;
pub use state::State;
pub use threads::{Group, Groups, Thread, Threaded, settle};
pub use visitor::Visitor;
