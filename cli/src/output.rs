//! Standard output: buffered, every write checked, the last one, too.

use std::fmt;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;

use mmstats::Value;
use nix::errno::Errno;

use crate::escape::{escape, is_plain};
use crate::stop::Stop;

/// Where a tool's records go.
pub struct Output {
    gathered: Vec<u8>,
    writer: Box<dyn Write>,
    is_terminal: bool,
}

/// Bytes gathered before they are written: as many as a pipe takes at once.
const BUFFER: usize = 64 * 1024;

impl Output {
    /// Standard output. If it was closed when the program began, the first write fails: a tool
    /// that has nothing to write does not need it.
    ///
    /// # Errors
    /// [`Stop::Output`] if there is no descriptor left.
    pub fn standard() -> Result<Self, Stop> {
        if closed::stdout() {
            return Ok(Self::to(Box::new(Closed)));
        }
        let stdout = io::stdout();
        let is_terminal = stdout.is_terminal();
        // Rust's own stdout flushes every line.
        let file = File::from(stdout.as_fd().try_clone_to_owned().map_err(Stop::Output)?);
        let mut output = Self::to(Box::new(file));
        output.is_terminal = is_terminal;
        Ok(output)
    }

    /// Some other place, which is no terminal.
    #[must_use]
    pub fn to(writer: Box<dyn Write>) -> Self {
        Self { gathered: Vec::with_capacity(2 * BUFFER), writer, is_terminal: false }
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
        // Memory takes whatever is written to it.
        self.gather(|out| drop(out.write_fmt(arguments)))
    }

    /// Writes text that needs no formatting.
    ///
    /// # Errors
    /// [`Stop::Output`].
    #[inline]
    pub fn write_str(&mut self, text: &str) -> Result<(), Stop> {
        self.write_bytes(text.as_bytes())
    }

    /// Writes what a file or a path says, escaped: see [`crate::escape()`].
    ///
    /// # Errors
    /// [`Stop::Output`].
    #[inline]
    pub fn write_escaped(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.gather(|out| push_escaped(out, bytes))
    }

    /// Writes a value as [`Value`] shows itself, a text escaped.
    ///
    /// # Errors
    /// [`Stop::Output`].
    #[inline]
    pub fn write_value(&mut self, value: Value<'_>) -> Result<(), Stop> {
        self.gather(|out| push_value(out, value))
    }

    /// Writes what `push` appends.
    ///
    /// # Errors
    /// [`Stop::Output`].
    #[inline]
    pub fn gather(&mut self, push: impl FnOnce(&mut Vec<u8>)) -> Result<(), Stop> {
        push(&mut self.gathered);
        if self.gathered.len() < BUFFER { Ok(()) } else { self.pour() }
    }

    /// Writes bytes as they are. What is no text is for a pipe or a file, since a terminal may act on it.
    ///
    /// # Errors
    /// [`Stop::Output`].
    #[inline]
    pub fn write_bytes(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.gather(|out| out.extend_from_slice(bytes))
    }

    /// Writes a byte of ASCII.
    ///
    /// # Errors
    /// [`Stop::Output`].
    #[inline]
    pub fn write_byte(&mut self, byte: u8) -> Result<(), Stop> {
        self.gather(|out| out.push(byte))
    }

    /// Writes out what is gathered.
    #[cold]
    fn pour(&mut self) -> Result<(), Stop> {
        // To write nothing is no error, wherever it goes.
        let written = if self.gathered.is_empty() { Ok(()) } else { self.writer.write_all(&self.gathered) };
        // Also what could not be written: nobody tries again.
        self.gathered.clear();
        written.map_err(Stop::Output)
    }

    /// Writes what was gathered: at the end, and wherever somebody waits for it.
    ///
    /// # Errors
    /// [`Stop::Output`]: a full disk, a closed pipe.
    pub fn flush(&mut self) -> Result<(), Stop> {
        self.pour()?;
        self.writer.flush().map_err(Stop::Output)
    }
}

/// Appends what a file or a path says, escaped: see [`crate::escape()`].
#[inline]
pub fn push_escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    if is_plain(bytes) {
        return out.extend_from_slice(bytes);
    }
    out.extend_from_slice(escape(bytes).as_bytes());
}

/// Appends a value as [`Value`] shows itself, a text escaped.
#[inline]
pub fn push_value(out: &mut Vec<u8>, value: Value<'_>) {
    match value {
        Value::Text(bytes) => push_escaped(out, bytes),
        number => push_number(out, number),
    }
}

/// Appends a number or a bool as [`Value`] shows itself.
#[inline]
pub fn push_number(out: &mut Vec<u8>, value: Value<'_>) {
    match value {
        Value::Signed(number) => out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
        Value::Unsigned(number) => out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
        // Memory takes whatever is written to it.
        value => drop(write!(out, "{value}")),
    }
}

/// Takes nothing, as a descriptor does that is closed.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(Errno::EBADF.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // What is left when a tool gives up half-way; its error is said already.
        let _ = self.flush();
    }
}
