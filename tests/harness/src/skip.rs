//! What a machine lacks is said in one line, and the test returns.

use std::io::Write;

/// Says that a test is skipped, past cargo's own harness, which keeps what passing tests print.
#[allow(clippy::explicit_write)] // eprintln! would be kept from sight.
pub fn skip(reason: &str) {
    writeln!(std::io::stderr(), "skipped: {reason}").unwrap();
}

/// Whether `program` is installed; says that the test is skipped where not.
pub fn has(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let there = std::env::split_paths(&paths).any(|dir| dir.join(program).exists());
    if !there {
        skip(&format!("{program} is not installed"));
    }
    there
}
