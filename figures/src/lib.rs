//! Arithmetic over the fields of many files: sums, means, extremes, and comparisons that lose no digit.

#![forbid(unsafe_code)]

mod aggregate;
mod compare;
mod extreme;
mod function;
mod outcome;
mod tally;

pub use aggregate::{Aggregate, Tallied};
pub use compare::compare;
pub use function::Function;
pub use outcome::Outcome;
pub use tally::Tally;
