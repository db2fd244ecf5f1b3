//! The Prometheus text exposition format, version 0.0.4.
//!
//! What a field of version 2 says of itself decides its type, its name and how the values of several files become
//! one: per command, unless somebody wants them per process or per file. Of version 1 nothing is known, so each
//! file has series of its own.

mod exposition;
mod family;
mod gather;
mod name;
mod series;
mod text;
mod untyped;

use std::ffi::{OsStr, OsString};
use std::fmt::Display;

use cli::{Labels, Output, Stop, Tool};
use figures::Tallied;

use crate::ahead::Files;
pub(crate) use exposition::Exposition;

/// What the names of numbers begin with of which nobody says what they are.
const PREFIX: &str = "mmstats_";

/// Whose values become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum By {
    /// Those of all files.
    Nothing,
    /// Those of all processes of a command, removed ones included.
    #[default]
    Command,
    /// Those of a process's threads.
    Process,
    /// Each file is for itself.
    File,
}

/// What is chosen for this format.
#[derive(Default)]
pub(crate) struct Choice {
    by: By,
    prefix: Option<String>,
}

impl Choice {
    /// Takes `--by`'s value.
    pub(crate) fn set_by(&mut self, value: &OsStr) -> Result<(), Stop> {
        self.by =
            cli::word("--by", value, &[("cmd", By::Command), ("pid", By::Process), ("file", By::File)])?;
        Ok(())
    }

    /// Takes `--metric-prefix`'s value.
    pub(crate) fn set_prefix(&mut self, value: &OsStr) -> Result<(), Stop> {
        let is_right = |text: &&str| {
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            text.bytes().all(is_name) && !text.starts_with(|first: char| first.is_ascii_digit())
        };
        let Some(prefix) = value.to_str().filter(is_right) else {
            let form = "ASCII letters, digits and _, not beginning with a digit";
            return Err(Stop::Usage(format!("--metric-prefix takes {form}, not {value:?}")));
        };
        self.prefix = Some(prefix.to_owned());
        Ok(())
    }

    /// What a field's name begins with.
    fn prefix(&self) -> &str {
        self.prefix.as_deref().unwrap_or_default()
    }

    /// The same where nobody says what it is.
    fn untyped_prefix(&self) -> &str {
        self.prefix.as_deref().unwrap_or(PREFIX)
    }
}

/// What is read.
pub(crate) struct Reading<'a> {
    pub(crate) tool: &'a Tool,
    pub(crate) files: &'a Files<'a>,
    pub(crate) operands: &'a [OsString],
    pub(crate) labels: &'a Labels,
    /// Leaves out the files of the dead.
    pub(crate) is_alive_wanted: bool,
}

/// Writes what the files say. `merges_all`: one series of all files.
pub(crate) fn write(
    reading: &Reading<'_>,
    choice: &Choice,
    merges_all: bool,
    out: &mut Output,
) -> Result<(), Stop> {
    let by = if merges_all { By::Nothing } else { choice.by };
    let complain = |what: &str, why: &dyn Display| reading.tool.error_at(what, why);
    gather::gather(reading, &complain, choice, by)?.write(out)
}

/// Writes what a function has made of the values of all files.
pub(crate) fn write_results(
    tool: &Tool,
    choice: &Choice,
    results: &[Tallied],
    out: &mut Output,
) -> Result<(), Stop> {
    let (labels, complain) = (Labels::default(), |what: &str, why: &dyn Display| tool.error_at(what, why));
    let mut exposition = Exposition::new(&complain, choice, &labels);
    results.iter().for_each(|result| exposition.add_result(result));
    exposition.write(out)
}
