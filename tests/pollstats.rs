//! pollstats as a user runs it.
