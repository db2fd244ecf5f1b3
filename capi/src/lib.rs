//! `libmmstats`: what a program in C or C++ publishes through. `include/mmstats.h` says what each function does, and
//! mmstats(3) how they are used together.
//!
//! What C gets is a pointer to one of the types here, of which it knows nothing. What C gives back comes as
//! `Option<&T>`, so that a null pointer is `None`, and does nothing. A function that may fail catches panics, too, and
//! says what was wrong by `errno` and `mmstats_error`. A function that updates a value cannot fail.

#![deny(unsafe_code)]
// The names in Rust are those in C.
#![allow(clippy::must_use_candidate)]

mod bad;
#[macro_use]
mod border;
mod error;
mod fields;
mod handle;
mod options;
mod spec;
mod stats;
