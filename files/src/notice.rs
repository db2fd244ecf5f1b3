//! What is worth a word about a set of files.

use std::io;
use std::path::{Path, PathBuf};

use mmstats::Error;

use crate::search::Problem;

/// What happened, handed over in the moment when it was found out.
#[derive(Clone, Copy, Debug)]
pub enum Notice<'a> {
    /// A directory that could not be listed, or a match of `MMSTATS_GLOB` that could not be looked at.
    Unlisted(&'a Path, &'a io::Error),
    /// What is wrong with `MMSTATS_GLOB`, in words.
    Pattern(&'a str),
    /// A process that was asked for and is not there, or may not be looked at.
    Process(u32, &'a io::Error),
    /// So many processes may not be looked at.
    Hidden(usize),
    /// A file that could not be read, or a field of it.
    Unreadable(&'a Error),
    /// A file that is not followed, since its process has ended.
    LeftOut(&'a Path),
    /// A file that holds the counts of removed files. It is not followed, and this comes with every change of it.
    Departed(&'a Path),
    /// A file that is followed from now on.
    Joins(&'a Path),
    /// A followed file whose name is gone, or leads to another file.
    Gone(&'a Path),
    /// A followed file whose process has ended.
    Died(&'a Path),
    /// There are no stats files. These were looked for.
    NoFiles(&'a [PathBuf]),
    /// There are stats files, all of processes that have ended. These were looked for.
    NoLivingFiles(&'a [PathBuf]),
}

/// What notices are handed to.
pub type Hear<'a> = dyn FnMut(&Notice<'_>) + 'a;

impl<'a> From<&'a Problem> for Notice<'a> {
    fn from(problem: &'a Problem) -> Self {
        match problem {
            Problem::Unlisted(path, error) => Self::Unlisted(path, error),
            Problem::Pattern(what) => Self::Pattern(what),
            Problem::Process(pid, error) => Self::Process(*pid, error),
            Problem::Hidden(count) => Self::Hidden(*count),
        }
    }
}
