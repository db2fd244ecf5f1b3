//! Handles that several threads use at the same time: each update is one atomic operation, or a few.
//!
//! The file has the same bytes as with the handles for one thread. What makes such an update dearer is the atomic
//! operation, and the cache line that moves between the processors whose threads update it.

pub(super) mod counter;
pub(super) mod gauge;
pub(super) mod histogram;
pub(super) mod updown;
