//! Where files are looked for.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use mmstats::default_dir;

/// What a command line asks for.
pub enum Source<'a> {
    /// Files, and directories with all below them.
    Operands(&'a [OsString]),
    /// There are no operands, but `MMSTATS_GLOB`: see [`crate::expand`].
    Pattern(OsString),
    /// There is neither: [`default_dir`], and nothing below it.
    Directory(PathBuf),
}

impl<'a> Source<'a> {
    /// What these operands mean.
    #[must_use]
    pub fn of(operands: &'a [OsString]) -> Self {
        if !operands.is_empty() {
            return Self::Operands(operands);
        }
        match env::var_os("MMSTATS_GLOB").filter(|pattern| !pattern.is_empty()) {
            Some(pattern) => Self::Pattern(pattern),
            None => Self::Directory(default_dir()),
        }
    }

    /// What is looked for, in words.
    pub(crate) fn looked(&self) -> Vec<PathBuf> {
        match self {
            Self::Operands(operands) => operands.iter().map(PathBuf::from).collect(),
            Self::Pattern(pattern) => vec![pattern.into()],
            Self::Directory(dir) => vec![dir.join("*.mmstats")],
        }
    }
}
