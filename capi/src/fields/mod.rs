//! The kinds of fields: for each, how it is added, and what its handle does.
//!
//! A handle begins on a cache line of its own: threads that update different ones do not wait for each other.

mod average;
mod boolean;
mod counter;
mod gauge;
mod histogram;
mod moving;
mod recent;
mod statics;
mod text;
mod timer;
mod timestamp;
mod updown;
mod window;
