//! How large the window is. Asked again whenever it matters, since it may change at any time.

use std::io;

/// Columns and rows of the terminal that standard output is, if it is one that says.
#[must_use]
pub fn window() -> Option<(usize, usize)> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    let (columns, rows) = (usize::from(size.ws_col), usize::from(size.ws_row));
    (columns > 0 && rows > 0).then_some((columns, rows))
}
