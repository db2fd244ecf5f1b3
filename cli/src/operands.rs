//! From operands to files.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use mmstats::{Origin, default_dir};
use walkdir::WalkDir;

use crate::escape::escape_path;
use crate::limit::descriptors;
use crate::pattern::{expand, has_wildcard};
use crate::tool::{Tool, plain};

/// What the name of a stats file ends with.
const ENDING: &[u8] = b".mmstats";

/// A file to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// How carefully to open it.
    pub origin: Origin,
}

/// The files that the operands mean, sorted by path, each once, however many ways lead to it. A directory means
/// every `*.mmstats` below it, links not followed. No operands mean the files of `MMSTATS_GLOB` (see
/// [`expand`]), else `*.mmstats` in
/// [`default_dir`]. That there is none is said on stderr, and makes the exit code 1.
pub fn find(tool: &Tool, operands: &[OsString]) -> Vec<Found> {
    found(tool, Search::of(tool, operands, true, Ways::One))
}

/// As [`find`], but a file that several operands name comes by each of its names, as it does for `cat`.
pub fn find_by_name(tool: &Tool, operands: &[OsString]) -> Vec<Found> {
    found(tool, Search::of(tool, operands, true, Ways::All))
}

fn found(tool: &Tool, search: Search<'_>) -> Vec<Found> {
    if search.found.is_empty() {
        tool.say(&format!("no stats files found: looked for {}", search.looked));
        tool.fail();
    }
    search.found
}

/// How many of the ways that lead to a file are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ways {
    One,
    All,
}

/// One search for files, and what it depends on.
pub(crate) struct Search<'a> {
    tool: &'a Tool,
    /// Whether what goes wrong is reported.
    aloud: bool,
    is_glob: bool,
    /// Sorted by path, each once.
    pub(crate) found: Vec<Found>,
    /// Operands that are no directories, sorted.
    pub(crate) named: Vec<PathBuf>,
    /// The folders in which names can come and go that change what is found.
    pub(crate) folders: Vec<PathBuf>,
    /// Whether something else can change it, too: a link's target, a pattern's folders.
    pub(crate) is_volatile: bool,
    /// Directories that are there and could not be listed, and why.
    pub(crate) unlisted: Vec<(PathBuf, String)>,
    /// What was looked for, in words.
    pub(crate) looked: String,
}

impl<'a> Search<'a> {
    /// Searches now.
    pub(crate) fn of(tool: &'a Tool, operands: &[OsString], aloud: bool, ways: Ways) -> Self {
        let mut search = Self {
            tool,
            aloud,
            is_glob: false,
            found: Vec::new(),
            named: Vec::new(),
            folders: Vec::new(),
            is_volatile: false,
            unlisted: Vec::new(),
            looked: String::new(),
        };
        if !operands.is_empty() {
            for operand in operands {
                search.resolve(Path::new(operand), true);
            }
            let names: Vec<_> = operands.iter().map(|operand| escape_path(Path::new(operand))).collect();
            search.looked = names.join(" ");
        } else if let Some(pattern) = env::var_os("MMSTATS_GLOB").filter(|pattern| !pattern.is_empty()) {
            search.glob(&pattern);
            search.is_glob = true;
            search.looked = escape_path(Path::new(&pattern)).into_owned();
        } else {
            let dir = default_dir();
            search.list(&dir);
            search.looked = escape_path(&dir.join("*.mmstats")).into_owned();
        }
        search.named.sort_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
        // One directory has each file once.
        if ways == Ways::One && (operands.len() > 1 || search.is_glob) {
            search.drop_doubles();
        }
        search.found.sort_by(|a, b| a.path.as_os_str().cmp(b.path.as_os_str()));
        search.found.dedup_by(|a, b| a.path.as_os_str() == b.path.as_os_str());
        for paths in [&mut search.named, &mut search.folders] {
            paths.sort_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
            paths.dedup_by(|a, b| a.as_os_str() == b.as_os_str());
        }
        search
    }

    fn error(&self, path: &Path, reason: &dyn std::fmt::Display) {
        self.error_at(&escape_path(path), reason);
    }

    fn error_at(&self, what: &str, reason: &dyn std::fmt::Display) {
        if self.aloud {
            self.tool.error_at(what, reason);
        }
    }

    /// Keeps one of the ways to each file, the first; but what is named is read in any case.
    fn drop_doubles(&mut self) {
        let is_named = |path: &Path| {
            self.named.binary_search_by(|named| named.as_os_str().cmp(path.as_os_str())).is_ok()
        };
        let mut ways: HashMap<(u64, u64), usize> = HashMap::new();
        let mut kept: Vec<Found> = Vec::with_capacity(self.found.len());
        for found in std::mem::take(&mut self.found) {
            let identity = fs::metadata(&found.path).ok().map(|metadata| (metadata.dev(), metadata.ino()));
            match identity.map(|identity| ways.entry(identity)) {
                Some(Entry::Occupied(way)) => {
                    let first = &mut kept[*way.get()];
                    if is_named(&found.path) && !is_named(&first.path) {
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

    /// A directory's files, or the file itself, be it there or not.
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
        self.found.push(Found { path: path.to_owned(), origin });
        if is_named {
            self.named.push(path.to_owned());
            self.folders.push(folder_of(path));
        }
    }

    fn walk(&mut self, dir: &Path) {
        // A named directory may itself be a link: walkdir follows that one.
        // Each level takes a descriptor, up to so many.
        for entry in WalkDir::new(dir).max_open((descriptors() / 4).clamp(1, 10)) {
            match entry {
                Ok(entry) => {
                    if entry.file_type().is_file() && is_stats_name(entry.file_name()) {
                        self.found.push(Found { path: entry.into_path(), origin: Origin::Found });
                    } else if entry.file_type().is_dir() || entry.depth() == 0 {
                        self.folders.push(entry.into_path());
                    }
                }
                Err(error) => {
                    let path = error.path().unwrap_or(dir);
                    match error.io_error() {
                        // Gone since its folder was listed.
                        Some(io) if io.kind() == std::io::ErrorKind::NotFound && path != dir => {}
                        Some(io) => self.not_listed(path, io),
                        None => self.error(path, &error),
                    }
                }
            }
        }
    }

    fn list(&mut self, dir: &Path) {
        self.folders.push(dir.to_owned());
        let listing = match fs::read_dir(dir) {
            Ok(listing) => listing,
            Err(error) => return self.not_listed(dir, &error),
        };
        for entry in listing {
            match entry {
                Ok(entry) => {
                    let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
                    if is_file && is_stats_name(&entry.file_name()) {
                        self.found.push(Found { path: entry.path(), origin: Origin::Found });
                    }
                }
                Err(error) => self.not_listed(dir, &error),
            }
        }
    }

    fn not_listed(&mut self, dir: &Path, error: &std::io::Error) {
        self.error(dir, &plain(error));
        if error.kind() != std::io::ErrorKind::NotFound {
            self.unlisted.push((dir.to_owned(), plain(error)));
        }
    }

    fn glob(&mut self, pattern: &OsStr) {
        let folder = folder_of(Path::new(pattern));
        // Where the pattern stands for folders, too, they are not known before it is tried again.
        self.is_volatile |= folder.components().any(|part| has_wildcard(&part));
        self.folders.push(folder);
        match expand(pattern) {
            Ok(paths) => {
                for path in paths {
                    match path {
                        Ok(path) => self.resolve(&path, false),
                        Err(error) => self.not_listed(error.path(), error.error()),
                    }
                }
            }
            Err(error) => self.error_at("MMSTATS_GLOB", &error),
        }
    }
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => ".".into(),
        Some(parent) => parent.to_owned(),
        None => path.to_owned(),
    }
}

fn is_stats_name(name: &OsStr) -> bool {
    name.as_bytes().ends_with(ENDING)
}
