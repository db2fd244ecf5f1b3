//! The reader: a snapshot of a file, and the labelled values in it. Safe code only.
//!
//! The file is copied with `pread` in whole pages into a page-aligned buffer and never mapped, so a file
//! that shrinks under the reader is an error and not a signal. A writer may be at work all the while,
//! therefore everything is looked at twice or more. One such copy is a look. Nothing is known of the order
//! in which the kernel copies within a look: processors copy large blocks as fast as they can, and a word
//! that was stored earlier has been seen older than one that was stored later. What lies in one word is
//! whole, and each load of a look comes after all loads of the look before. All that follows rests on
//! these two, and on the order of the writer's stores (`slot.rs`).
//!
//! - The label size is stored after the rest of a field. So where the first look sees it, the second sees
//!   the whole field, and two looks that agree make sure that label, type and the rest of the head are
//!   whole. What makes no sense in the first look must do so in the second, too.
//! - A number on its natural boundary is never torn. Our writers store it in place. Others may alternate between
//!   two buffers, as the original does, and index and value are not seen at one moment. Where two looks
//!   agree on both, the number counts: a reader that sees the same value in both has the index of the second look
//!   from after the value was stored, so it was published. Otherwise three looks are needed: the first
//!   one's index names a buffer, and the second look's value in it is not older than that. It counts if
//!   the third look's index names the same buffer (then whatever was in it has been published), or if the
//!   buffer holds something else by then (then the value was overwritten, and a writer overwrites only what it has
//!   published before). Otherwise it may be a value that is not published yet, and showing it could
//!   make a counter seem to run backwards later.
//! - Everything else in two buffers (text, numbers off their boundary) counts if index and bytes agree
//!   over four looks. Text of ours has a count of its updates among these bytes, which makes that certain
//!   (`LOOKS_AT_WORDS` says how); where no two texts are the same, three would do. Text
//!   that leaves no room for a count, where values that repeat at full speed can be torn alike in several
//!   looks, must agree over eight.
//!
//! So where two looks saw the same bytes, every number counts, and the fields need not be gone through one
//! by one: most files are at rest for the moment that it takes. The third and fourth look are at those
//! pages only that have text which can change. What does not count is looked at again, a
//! bounded number of times.
//!
//! Version 2 is made so that less is needed: see [`format::v2`](crate::format::v2). The first look says which records
//! there are, the second what is in them, numbers and histograms included, and a third one comes after it for those
//! values that take several stores (`look_v2.rs`, `settle_v2.rs`). Only where these looks do not fit together, a value
//! is looked at again.
//!
//! `proof/races/tests/orders.rs` tries every interleaving and every order within a look, and finds a value that
//! was torn or not published, or one that runs backwards, as soon as a look or an order is left out.

mod about;
mod alike_v2;
mod field;
mod follow;
mod list_v1;
mod list_v2;
mod look;
mod look_v2;
mod meaning;
mod open;
mod pages;
pub(crate) mod parts;
mod settle_v1;
mod settle_v2;
mod snapshot;

pub use field::SnapshotField;
pub use follow::{Certainty, FieldSet, Followed, FollowedField, Observation, Observer};
pub use meaning::Meaning;
pub(crate) use open::open;
pub(crate) use pages::Pages;
pub use parts::Part;
pub use snapshot::{Origin, Snapshot};
