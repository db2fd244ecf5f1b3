//! Arithmetic over the fields of many files: sums, means, extremes, merging by what a field means, and comparisons
//! that lose no digit.

#![forbid(unsafe_code)]

mod aggregate;
mod compare;
mod compound;
mod distinct;
mod extreme;
mod function;
mod group;
mod numbers;
mod outcome;
pub mod part;
mod runs;
mod sample;
mod tally;
mod way;

pub use aggregate::{About, Aggregate, LeftOut, Tallied};
pub use compare::compare;
pub use compound::{Compound, Unlike};
pub use function::Function;
pub use outcome::Outcome;
pub use sample::{Sample, Source};
pub use tally::Tally;
