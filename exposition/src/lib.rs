//! The Prometheus text exposition format, version 0.0.4.
//!
//! What a field of version 2 says of itself decides its type, its name and how the values of several files become
//! one: per command, unless somebody wants them per process or per file. Of version 1 nothing is known, so each
//! file has series of its own.

#![forbid(unsafe_code)]

mod ahead;
mod exposition;
mod family;
mod gather;
mod heads;
mod held;
mod name;
mod removed;
mod rows;
mod series;
mod sheet;
mod text;
mod together;
mod untyped;

use std::ffi::OsStr;
use std::fmt::Display;

use cli::{Labels, Output, Stop, Tool};
use figures::{Function, Tallied};
use mmstats::{Snapshot, SnapshotField};

pub use ahead::{Files, Show};
pub use exposition::{Complain, Exposition};
pub use removed::{Counted, gather};
pub use together::Together;

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
pub struct Choice {
    by: By,
    prefix: Option<String>,
}

impl Choice {
    /// Takes `--by`'s value.
    ///
    /// # Errors
    /// [`Stop::Usage`].
    pub fn set_by(&mut self, value: &OsStr) -> Result<(), Stop> {
        self.by =
            cli::word("--by", value, &[("cmd", By::Command), ("pid", By::Process), ("file", By::File)])?;
        Ok(())
    }

    /// Takes `--metric-prefix`'s value.
    ///
    /// # Errors
    /// [`Stop::Usage`].
    pub fn set_prefix(&mut self, value: &OsStr) -> Result<(), Stop> {
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
pub struct Reading<'a> {
    /// What says what is wrong.
    pub tool: &'a Tool,
    /// The files that were found.
    pub files: &'a Files<'a>,
    /// The labels that are wanted.
    pub labels: &'a Labels,
    /// Leaves out the files of the dead.
    pub is_alive_wanted: bool,
}

/// Writes what the files say, or what a function makes of the values of all of them.
///
/// # Errors
/// [`Stop::Output`], or [`Stop::Failed`] if what is wrong was said already.
pub fn write(
    reading: &Reading<'_>,
    choice: &Choice,
    function: Option<Function>,
    out: &mut Output,
) -> Result<(), Stop> {
    let function = match function {
        None | Some(Function::Auto) => return write_kinds(reading, choice, function.is_some(), out),
        Some(function) => function,
    };
    let together = Together::read(reading, function)?;
    write_results(reading.tool, choice, &together.results(), out)
}

/// The fields of a file that could be read; the others are reported.
pub fn fields<'a>(tool: &'a Tool, snapshot: &'a Snapshot) -> impl Iterator<Item = SnapshotField<'a>> {
    snapshot.fields().filter_map(|field| field.map_err(|error| tool.report(&error)).ok())
}

/// Writes what the files say, each field merged as its kind has it. `merges_all`: one series of all files.
fn write_kinds(
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
fn write_results(tool: &Tool, choice: &Choice, results: &[Tallied], out: &mut Output) -> Result<(), Stop> {
    let (labels, complain) = (Labels::default(), |what: &str, why: &dyn Display| tool.error_at(what, why));
    let mut exposition = Exposition::new(&complain, choice, &labels);
    results.iter().for_each(|result| exposition.add_result(result));
    exposition.write(out)
}
