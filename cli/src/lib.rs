//! How a tool of the suite behaves: which files it looks at, what may reach its output, how it reports
//! what went wrong, and how it ends. Each tool has its own options; this is the contract they share.

// Not `forbid`: the macro that names a function to be run before `main` allows it for itself.
#![deny(unsafe_code)]

mod aggregate;
mod closed;
mod color;
mod escape;
mod json;
mod limit;
mod member;
mod number;
mod objects;
mod operands;
mod output;
mod pattern;
mod places;
mod questions;
mod roster;
mod terminal;
mod ticker;
mod time;
mod tool;
mod width;

pub use aggregate::{Aggregate, Function, Outcome, Tallied};
pub use color::{Color, When};
pub use escape::{escape, escape_path};
pub use json::Json;
pub use limit::descriptors;
pub use member::{Left, Member, Visitor, Writer};
pub use number::compare;
pub use objects::Objects;
pub use operands::{Found, find, find_by_name};
pub use output::{Output, push_number};
pub use pattern::expand;
pub use roster::Roster;
pub use terminal::window;
pub use ticker::{Ticker, seconds};
pub use time::Timestamp;
pub use tool::{Stop, Tool, plain, run};
pub use width::{beginning, end, width};
