//! From operands to files.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mmstats::{Error, Origin, Snapshot};
use walkdir::WalkDir;

use crate::limit::descriptors;
use crate::name::{directory_of, is_stats_name};
use crate::operands::Operands;
use crate::pattern::{expand, has_wildcard};
use crate::processes::{Mapped, Process, Walker};
use crate::source::Source;

/// A file to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// How carefully to open it.
    pub origin: Origin,
    /// The mapping by which it was found, if it was in a process.
    pub mapped: Option<Arc<Mapped>>,
}

impl Found {
    /// One that was found by its path.
    #[must_use]
    pub fn at(path: PathBuf, origin: Origin) -> Self {
        Self { path, origin, mapped: None }
    }

    /// Reads it.
    ///
    /// # Errors
    /// As [`Snapshot::read`].
    pub fn read(&self, snapshot: &mut Snapshot) -> Result<(), Error> {
        match &self.mapped {
            None => snapshot.read(&self.path, self.origin),
            Some(mapped) => {
                let file = mapped.open().map_err(|error| Error::opening(&self.path, error))?;
                snapshot.read_file(file, &self.path)
            }
        }
    }

    /// Reads all of it.
    ///
    /// # Errors
    /// As [`Snapshot::read_whole`].
    pub fn read_whole(&self, snapshot: &mut Snapshot) -> Result<(), Error> {
        match &self.mapped {
            None => snapshot.read_whole(&self.path, self.origin),
            Some(mapped) => {
                let file = mapped.open().map_err(|error| Error::opening(&self.path, error))?;
                snapshot.read_whole_file(file, &self.path)
            }
        }
    }

    /// The process that writes to it, if it was found in one.
    #[must_use]
    pub fn process(&self) -> Option<&Process> {
        self.mapped.as_ref()?.writer()
    }
}

/// How many of the ways that lead to a file are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ways {
    /// Each file once, however many ways lead to it.
    One,
    /// A file that several operands name comes by each of its names, as it does for `cat`.
    All,
}

/// What went wrong in a search.
#[derive(Debug)]
pub enum Problem {
    /// A directory that could not be listed, or a match of `MMSTATS_GLOB` that could not be looked at.
    Unlisted(PathBuf, io::Error),
    /// What is wrong with `MMSTATS_GLOB`, in words.
    Pattern(String),
    /// A process that was asked for and is not there, or may not be looked at.
    Process(u32, io::Error),
    /// So many processes may not be looked at.
    Hidden(usize),
}

/// What a search has found.
#[derive(Default)]
pub struct Search {
    /// The files, sorted by path, each once.
    pub found: Vec<Found>,
    /// What went wrong, in the order in which it did.
    pub problems: Vec<Problem>,
    /// What was looked for: paths, or a pattern.
    pub looked: Vec<PathBuf>,
    /// Operands that are no directories, sorted.
    pub(crate) named: Vec<PathBuf>,
    /// The directories in which names can come and go that change what is found.
    pub(crate) directories: Vec<PathBuf>,
    /// Whether something else can change it, too: a link's target, a pattern's directories.
    pub(crate) is_volatile: bool,
}

/// Looks for the files that the operands mean, sorted by path. A directory means every `*.mmstats` below it, links
/// not followed. No operands mean the files of `MMSTATS_GLOB` (see [`expand`]), else `*.mmstats` in
/// [`mmstats::default_dir`]. Where processes are meant, theirs are found as well, and no others unless there are paths,
/// too.
#[must_use]
pub fn find(operands: &Operands, ways: Ways) -> Search {
    if !operands.has_processes() {
        return find_at(&operands.paths, ways);
    }
    let mut walker = Walker::default();
    find_with(operands, ways, &mut walker)
}

/// The same with what is known of processes from the time before.
pub(crate) fn find_with(operands: &Operands, ways: Ways, walker: &mut Walker) -> Search {
    if !operands.has_processes() {
        return find_at(&operands.paths, ways);
    }
    let mut search =
        if operands.paths.is_empty() { Search::default() } else { find_at(&operands.paths, ways) };
    let mut walked = walker.walk(operands);
    search.looked.extend(operands.looked());
    search.problems.append(&mut walked.problems);
    if !search.found.is_empty() {
        let identity = |path: &Path| fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()));
        // In place of a file that has a path as well, the one of the process, of which more is known.
        let mapped: HashSet<_> =
            walked.found.iter().filter_map(|found| Some(found.mapped.as_ref()?.identity())).collect();
        let is_mapped = |found: &Found| identity(&found.path).is_some_and(|it| mapped.contains(&it));
        search.found.retain(|found| !is_mapped(found));
    }
    search.found.append(&mut walked.found);
    search.found.sort_by(|a, b| a.path.as_os_str().cmp(b.path.as_os_str()));
    search
}

fn find_at(operands: &[OsString], ways: Ways) -> Search {
    let source = Source::of(operands);
    let mut search = Search { looked: source.looked(), ..Search::default() };
    let may_have_doubles = match source {
        Source::Operands(operands) => {
            operands.iter().for_each(|operand| search.resolve(Path::new(operand), true));
            operands.len() > 1
        }
        Source::Pattern(pattern) => {
            search.glob(&pattern);
            true
        }
        // One directory has each file once.
        Source::Directory(dir) => {
            search.list(&dir);
            false
        }
    };
    search.named.sort_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
    if ways == Ways::One && may_have_doubles {
        search.drop_doubles();
    }
    search.found.sort_by(|a, b| a.path.as_os_str().cmp(b.path.as_os_str()));
    search.found.dedup_by(|a, b| a.path.as_os_str() == b.path.as_os_str());
    for paths in [&mut search.named, &mut search.directories] {
        paths.sort_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
        paths.dedup_by(|a, b| a.as_os_str() == b.as_os_str());
    }
    search
}

impl Search {
    /// Whether a path is an operand itself, and no directory. Only after `named` is sorted.
    pub(crate) fn is_named(&self, path: &Path) -> bool {
        self.named.binary_search_by(|named| named.as_os_str().cmp(path.as_os_str())).is_ok()
    }

    /// Keeps one of the ways to each file, the first; but what is named is read in any case.
    fn drop_doubles(&mut self) {
        let mut ways: HashMap<(u64, u64), usize> = HashMap::new();
        let mut kept: Vec<Found> = Vec::with_capacity(self.found.len());
        for found in std::mem::take(&mut self.found) {
            let identity = fs::metadata(&found.path).ok().map(|metadata| (metadata.dev(), metadata.ino()));
            match identity.map(|identity| ways.entry(identity)) {
                Some(Entry::Occupied(way)) => {
                    let first = &mut kept[*way.get()];
                    if self.is_named(&found.path) && !self.is_named(&first.path) {
                        *first = found;
                    }
                }
                way => {
                    if let Some(way) = way {
                        way.or_insert(kept.len());
                    }
                    kept.push(found);
                }
            }
        }
        self.found = kept;
    }

    /// Adds a directory's files, or the file itself, whether it is there or not.
    fn resolve(&mut self, path: &Path, is_named: bool) {
        let kind = fs::symlink_metadata(path).map(|metadata| metadata.file_type());
        let is_link = kind.as_ref().is_ok_and(fs::FileType::is_symlink);
        self.is_volatile |= is_link;
        let is_dir = if is_link { path.is_dir() } else { kind.as_ref().is_ok_and(fs::FileType::is_dir) };
        if is_dir {
            return self.walk(path);
        }
        let is_file = kind.is_ok_and(|kind| kind.is_file());
        let origin = if is_file { Origin::Found } else { Origin::Named };
        self.found.push(Found::at(path.to_owned(), origin));
        if is_named {
            self.named.push(path.to_owned());
            self.directories.push(directory_of(path).to_owned());
        }
    }

    fn walk(&mut self, dir: &Path) {
        // A named directory may itself be a link: walkdir follows that one. Each level takes a descriptor, up to the
        // number that is given here.
        for entry in WalkDir::new(dir).max_open((descriptors() / 4).clamp(1, 10)) {
            match entry {
                Ok(entry) => {
                    if entry.file_type().is_file() && is_stats_name(entry.file_name()) {
                        self.found.push(Found::at(entry.into_path(), Origin::Found));
                    } else if entry.file_type().is_dir() || entry.depth() == 0 {
                        self.directories.push(entry.into_path());
                    }
                }
                Err(error) => {
                    let path = error.path().unwrap_or(dir).to_owned();
                    let error = error.into_io_error().unwrap_or_else(|| io::Error::other("a loop of links"));
                    // Otherwise it is gone since its directory was listed.
                    if error.kind() != io::ErrorKind::NotFound || path == dir {
                        self.problems.push(Problem::Unlisted(path, error));
                    }
                }
            }
        }
    }

    fn list(&mut self, dir: &Path) {
        self.directories.push(dir.to_owned());
        let listing = match fs::read_dir(dir) {
            Ok(listing) => listing,
            Err(error) => return self.problems.push(Problem::Unlisted(dir.to_owned(), error)),
        };
        for entry in listing {
            match entry {
                Ok(entry) => {
                    let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
                    if is_file && is_stats_name(&entry.file_name()) {
                        self.found.push(Found::at(entry.path(), Origin::Found));
                    }
                }
                Err(error) => self.problems.push(Problem::Unlisted(dir.to_owned(), error)),
            }
        }
    }

    fn glob(&mut self, pattern: &OsStr) {
        let directory = directory_of(Path::new(pattern));
        // Where the pattern means several directories, they are not known before it is tried again.
        self.is_volatile |= directory.components().any(|part| has_wildcard(&part));
        self.directories.push(directory.to_owned());
        match expand(pattern) {
            Ok(paths) => {
                for path in paths {
                    match path {
                        Ok(path) => self.resolve(&path, false),
                        Err(error) => {
                            let path = error.path().to_owned();
                            self.problems.push(Problem::Unlisted(path, error.into()));
                        }
                    }
                }
            }
            Err(error) => self.problems.push(Problem::Pattern(error)),
        }
    }
}
