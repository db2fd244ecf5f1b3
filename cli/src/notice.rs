//! What happens to files, in words.

use std::io;
use std::path::PathBuf;

use files::Notice;
use mmstats::plain;

use crate::escape::escape_path;
use crate::tool::Tool;

impl Tool {
    /// Says on stderr what is worth it: errors in any case, with verbosity 1 which files are left out, with 2 which
    /// join and leave.
    pub fn tell(&self, notice: &Notice<'_>) {
        let say = |verbosity, path, what| {
            if self.verbosity() >= verbosity {
                self.say(&format!("{}: {what}", escape_path(path)));
            }
        };
        match *notice {
            Notice::Unlisted(path, error) => self.error(path, &plain(error)),
            Notice::Pattern(what) => self.error_at("MMSTATS_GLOB", &what),
            Notice::Process(pid, error) => self.error_at(&format!("process {pid}"), &of_process(error)),
            Notice::Hidden(count) => self.error_at(&hidden(count), &"Permission denied"),
            Notice::Unreadable(error) => self.report(error),
            Notice::LeftOut(path) => say(1, path, "left out: its process has ended"),
            Notice::Departed(_) => {}
            Notice::Joins(path) => say(2, path, "joins"),
            Notice::Gone(path) => say(2, path, "leaves: the file is gone"),
            Notice::Died(path) => say(2, path, "leaves: its process has ended"),
            Notice::NoFiles(looked) => {
                self.say(&format!("no stats files found: looked for {}", names(looked)));
                self.fail();
            }
            Notice::NoLivingFiles(looked) => {
                self.say(&format!(
                    "no stats files of living processes found: looked for {} (a file that is named is read in any case)",
                    names(looked)
                ));
                self.fail();
            }
        }
    }
}

/// What is wrong with a process that was asked for.
#[must_use]
pub fn of_process(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::NotFound { "no such process".to_owned() } else { plain(error) }
}

/// That so many processes may not be looked at.
#[must_use]
pub fn hidden(count: usize) -> String {
    let processes = if count == 1 { "process" } else { "processes" };
    format!("{count} {processes} may not be looked at")
}

fn names(looked: &[PathBuf]) -> String {
    let names: Vec<_> = looked.iter().map(|path| escape_path(path)).collect();
    names.join(" ")
}
