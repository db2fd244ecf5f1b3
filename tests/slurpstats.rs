//! slurpstats as a user runs it.

#[test]
fn placeholder() {}
