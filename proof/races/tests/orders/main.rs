//! Every interleaving of a small case, and every stale value that the memory model lets a load see: the
//! stores of `slot.rs` and `segment.rs` in `mmstats/src/write/memory/` against the looks of `mmstats/src/read/`.
//!
//! What is here is a model, since neither a mapping nor `pread` exists under loom. How it corresponds:
//!
//! | here | there |
//! |---|---|
//! | [`field::Field::update`] | `TextSlot::set`, the count of updates included; without one, a number of a writer that alternates as the original does, in order |
//! | [`single::in_place`] | `WordSlot::set`: one word, one store |
//! | [`field::Field::look`] | the copy that a `pread` makes, in any order: loads that nothing keeps in order |
//! | `fence(Acquire)` after a look | the one in `Pages::fill` of `read/pages.rs`, after every `pread` |
//! | [`field::agree`], [`field::is_published`] | their like in `read/settle_v1.rs` |
//! | [`field::Field::number`], [`field::Field::text`] | `settle` there, of as many looks as it needs at least: each further one is the same again, from its second look on |
//! | [`single::append`] | `Segment::fill`, then `Segment::publish`, against the heads in two looks of `read/list_v1.rs`; in version 2 `Segment::publish_record`, against `read/look_v2.rs` |
//! | [`single::grow`] | the same, against a follower that looks on: `describe_v2` in `read/follow/v2.rs` |
//! | [`single::mark`] | `fork_mark` in `segment.rs`, and `is_home` of what another thread was handed |
//!
//! In loom, a relaxed load may see any value that a load before it has not ruled out. So the loads of one
//! look see what they would see in every order, however they are written down here.
//!
//! Each protocol is also weakened in one place, and then the same model must find it failing: otherwise
//! it could not find anything.

#![cfg(target_pointer_width = "64")] // loom's; what is tried is a model, the same on every machine.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod buffered;
mod field;
mod single;
