//! The files that a tool looks at once.

use files::{Found, Notice, Operands, Ways};

use crate::tool::Tool;

/// The files that the operands mean: see [`files::find`]. What goes wrong is said on stderr. That there are no files
/// is said, too, and makes the exit code 1.
pub fn find(tool: &Tool, operands: &Operands, ways: Ways) -> Vec<Found> {
    let search = files::find(operands, ways);
    for problem in &search.problems {
        tool.tell(&problem.into());
    }
    if search.found.is_empty() {
        tool.tell(&Notice::NoFiles(&search.looked));
    }
    search.found
}
