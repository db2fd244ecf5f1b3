//! Writers and readers of stats files against each other.

fn main() {}
