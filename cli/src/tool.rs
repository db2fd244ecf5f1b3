//! A run of a tool: its errors on stderr, its exit code at the end.

use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use mmstats::plain;

use crate::escape::{escape, escape_path};
use crate::output::Output;
use crate::stop::Stop;

/// The tool that runs, and whether something went wrong so far.
pub struct Tool {
    name: &'static str,
    failed: Cell<bool>,
    /// How much is said of what is no error.
    verbosity: Cell<u8>,
    /// What was said, where that does not go to stderr.
    said: Option<RefCell<Vec<String>>>,
}

/// Runs a tool from its beginning to its exit code: 0 all well, 1 something could not be read or done, 2
/// the command line makes no sense; a tool may have codes of its own. A closed pipe ends it by `SIGPIPE`, as
/// it ends `cat`, and a signal that it caught by that signal.
pub fn run(name: &'static str, main: impl FnOnce(&Tool) -> Result<(), Stop>) -> ExitCode {
    let tool = Tool { name, failed: Cell::new(false), verbosity: Cell::new(0), said: None };
    match main(&tool) {
        Ok(()) => {}
        Err(Stop::Usage(message)) => {
            tool.say(&message);
            // Nothing is left to be done about a stderr that is closed.
            let _ = writeln!(io::stderr(), "Try '{name} --help'.");
            return ExitCode::from(2);
        }
        Err(Stop::Output(error)) if is_without_reader(&error) => {
            let _ = signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGPIPE);
            return ExitCode::FAILURE;
        }
        Err(Stop::Output(error)) => tool.error_at("standard output", &plain(&error)),
        Err(Stop::Failed) => tool.failed.set(true),
        Err(Stop::Signal(signal)) => {
            // So the shell learns that it was interrupted, and stops a loop around it.
            let _ = signal_hook::low_level::emulate_default_handler(signal);
            return ExitCode::FAILURE;
        }
        Err(Stop::Exit(code)) => return ExitCode::from(code),
    }
    if tool.failed.get() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

impl Tool {
    /// One that keeps what it has to say: for a part of a program that goes on.
    #[must_use]
    pub fn silent(name: &'static str) -> Self {
        let said = Some(RefCell::default());
        Self { name, failed: Cell::new(false), verbosity: Cell::new(0), said }
    }

    /// What a silent one has to say, line by line, without its name.
    #[must_use]
    pub fn take_said(&self) -> Vec<String> {
        self.said.as_ref().map(RefCell::take).unwrap_or_default()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Prints `text` for `--help`. What it gives means that the command line asks for nothing more.
    ///
    /// # Errors
    /// [`Stop::Output`].
    pub fn help<T>(&self, text: &str) -> Result<Option<T>, Stop> {
        let mut out = Output::standard()?;
        out.write_str(text)?;
        out.flush()?;
        Ok(None)
    }

    /// Prints name and version for `--version`; the whole suite has one. Otherwise as [`Tool::help`].
    ///
    /// # Errors
    /// [`Stop::Output`].
    pub fn version<T>(&self) -> Result<Option<T>, Stop> {
        self.help(&format!("{} {}\n", self.name, env!("CARGO_PKG_VERSION")))
    }

    /// Reports `TOOL: PATH: REASON` and goes on: the exit code will be 1.
    pub fn error(&self, path: &Path, reason: &dyn Display) {
        self.error_at(&escape_path(path), reason);
    }

    /// Reports an error of the library.
    pub fn report(&self, error: &mmstats::Error) {
        self.error(error.path(), &error.reason());
    }

    /// Reports about something that is not a file.
    pub fn error_at(&self, what: &str, reason: &dyn Display) {
        self.failed.set(true);
        self.say(&format!("{what}: {reason}"));
    }

    /// Says something on stderr, in one line. The exit code stays.
    pub fn say(&self, message: &str) {
        let message = escape(message.as_bytes());
        if let Some(said) = &self.said {
            return said.borrow_mut().push(message.into_owned());
        }
        // Nothing is left to be done about a stderr that is closed.
        let _ = writeln!(io::stderr(), "{}: {message}", self.name);
    }

    /// How often `-v` was given.
    #[must_use]
    pub fn verbosity(&self) -> u8 {
        self.verbosity.get()
    }

    /// Sets it: see [`Tool::tell`].
    pub fn set_verbosity(&self, verbosity: u8) {
        self.verbosity.set(verbosity);
    }

    /// Reports that a file's value cannot be merged with those of others, and so is left out. `why` is as
    /// [`figures::LeftOut`] says it.
    pub fn left_out(&self, path: &Path, label: &[u8], why: &dyn Display) {
        let label = escape(label);
        self.error(path, &format!("{label} is {why}: left out"));
    }

    /// Makes the exit code 1.
    pub fn fail(&self) {
        self.failed.set(true);
    }
}

/// Whether nobody reads standard output any more. A network connection whose reader has gone gives an error of its
/// own.
fn is_without_reader(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}
