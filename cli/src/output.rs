//! Standard output: buffered, every write checked, the last one, too.

use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::os::fd::AsFd;

use mmstats::Value;

use crate::escape::{escape, is_plain};
use crate::tool::Stop;

/// Where a tool's records go.
pub struct Output {
    writer: BufWriter<Box<dyn Write>>,
    is_terminal: bool,
}

/// Bytes gathered before they are written: as many as a pipe takes at once.
const BUFFER: usize = 64 * 1024;

impl Output {
    /// Standard output.
    ///
    /// # Errors
    /// [`Stop::Output`] if it is closed.
    pub fn standard() -> Result<Self, Stop> {
        let stdout = io::stdout();
        let is_terminal = stdout.is_terminal();
        // Rust's own stdout flushes every line.
        let file = File::from(stdout.as_fd().try_clone_to_owned().map_err(Stop::Output)?);
        Ok(Self { writer: BufWriter::with_capacity(BUFFER, Box::new(file)), is_terminal })
    }

    /// Some other place, which is no terminal.
    #[must_use]
    pub fn to(writer: Box<dyn Write>) -> Self {
        Self { writer: BufWriter::with_capacity(BUFFER, writer), is_terminal: false }
    }

    /// Whether a person looks at it.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// What `write!` calls.
    ///
    /// # Errors
    /// [`Stop::Output`].
    pub fn write_fmt(&mut self, arguments: fmt::Arguments<'_>) -> Result<(), Stop> {
        self.writer.write_fmt(arguments).map_err(Stop::Output)
    }

    /// Writes text that needs no formatting.
    ///
    /// # Errors
    /// [`Stop::Output`].
    #[inline]
    pub fn write_str(&mut self, text: &str) -> Result<(), Stop> {
        self.writer.write_all(text.as_bytes()).map_err(Stop::Output)
    }

    /// Writes what a file or a path says, escaped: see [`crate::escape()`].
    ///
    /// # Errors
    /// [`Stop::Output`].
    #[inline]
    pub fn write_escaped(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        if is_plain(bytes) {
            return self.writer.write_all(bytes).map_err(Stop::Output);
        }
        self.write_str(&escape(bytes))
    }

    /// Writes a value as [`Value`] shows itself, a text escaped.
    ///
    /// # Errors
    /// [`Stop::Output`].
    #[inline]
    pub fn write_value(&mut self, value: Value<'_>) -> Result<(), Stop> {
        match value {
            Value::Text(bytes) => self.write_escaped(bytes),
            Value::Signed(number) => self.write_str(itoa::Buffer::new().format(number)),
            Value::Unsigned(number) => self.write_str(itoa::Buffer::new().format(number)),
            Value::Bool(_) | Value::Float(_) | Value::Double(_) => self.write_fmt(format_args!("{value}")),
        }
    }

    /// Writes bytes that are no text: for a pipe or a file, since a terminal may act on them.
    ///
    /// # Errors
    /// [`Stop::Output`].
    pub fn write_bytes(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.writer.write_all(bytes).map_err(Stop::Output)
    }

    /// Writes what was gathered: at the end, and wherever somebody waits for it.
    ///
    /// # Errors
    /// [`Stop::Output`]: a full disk, a closed pipe.
    pub fn flush(&mut self) -> Result<(), Stop> {
        self.writer.flush().map_err(Stop::Output)
    }
}
