//! What a command line asks for: paths, processes, or both.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// Paths, and processes whose mappings are looked at. With neither, the usual places are meant.
#[derive(Clone, Debug, Default)]
pub struct Operands {
    /// Files, and directories with all below them.
    pub paths: Vec<OsString>,
    pub(crate) processes: Vec<Which>,
    pub(crate) has_all: bool,
}

/// Which processes are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Pid(u32),
    /// All that have this name, as `ps -o comm` has it.
    Name(Vec<u8>),
}

/// How much of its name the kernel keeps of a process.
const NAME: usize = 15;

impl Operands {
    /// Takes the value of `--pid`: a process id, or the name of processes. False if it is empty.
    pub fn add_process(&mut self, value: &OsStr) -> bool {
        let is_number = value.as_bytes().iter().all(u8::is_ascii_digit);
        let pid = value.to_str().filter(|_| is_number).and_then(|text| text.parse().ok());
        self.processes.push(match pid {
            Some(pid) => Which::Pid(pid),
            None => Which::Name(value.as_bytes().to_vec()),
        });
        !value.is_empty()
    }

    /// Every process that can be seen is meant.
    pub fn add_all_processes(&mut self) {
        self.has_all = true;
    }

    /// Whether processes are meant.
    #[must_use]
    pub fn has_processes(&self) -> bool {
        self.has_all || !self.processes.is_empty()
    }

    /// Whether nothing is meant but what usual places have, or what processes have.
    #[must_use]
    pub fn is_without_paths(&self) -> bool {
        self.paths.is_empty()
    }

    /// The process ids.
    pub(crate) fn pids(&self) -> impl Iterator<Item = u32> {
        self.processes.iter().filter_map(|which| match which {
            Which::Pid(pid) => Some(*pid),
            Which::Name(_) => None,
        })
    }

    /// Whether all processes are to be gone through.
    pub(crate) fn is_about_many(&self) -> bool {
        self.has_all || self.has_names()
    }

    pub(crate) fn has_names(&self) -> bool {
        self.processes.iter().any(|which| matches!(which, Which::Name(_)))
    }

    /// Whether a process of this name is meant.
    pub(crate) fn mean(&self, name: &[u8]) -> bool {
        self.processes.iter().any(|which| match which {
            Which::Pid(_) => false,
            Which::Name(wanted) => wanted == name || (wanted.len() > NAME && &wanted[..NAME] == name),
        })
    }

    /// What is looked for in processes, in words.
    pub(crate) fn looked(&self) -> Vec<PathBuf> {
        let all = self.has_all.then(|| "mappings of all processes".to_owned());
        let each = self.processes.iter().map(|which| match which {
            Which::Pid(pid) => format!("mappings of process {pid}"),
            Which::Name(name) => format!("mappings of processes called {}", String::from_utf8_lossy(name)),
        });
        all.into_iter().chain(each).map(PathBuf::from).collect()
    }
}

impl From<Vec<OsString>> for Operands {
    fn from(paths: Vec<OsString>) -> Self {
        Self { paths, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_is_no_number_and_the_kernel_keeps_fifteen_bytes_of_them() {
        let mut operands = Operands::default();
        for value in ["4711", "web", "a-name-that-is-long"] {
            assert!(operands.add_process(OsStr::new(value)));
        }
        assert_eq!(operands.pids().collect::<Vec<_>>(), [4711]);
        assert!(operands.mean(b"web") && operands.mean(b"a-name-that-is-"));
        assert!(!operands.mean(b"4711") && !operands.mean(b"we") && !operands.mean(b"a-name-that-is"));
        assert!(!operands.add_process(OsStr::new("")));
    }
}
