//! From operands to candidates.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use cli::{Stop, Tool, plain};
use files::{Notice, Source, directory_of};
use mmstats::departed::{Directory, Entry};
use mmstats::{TEMP_END, TEMP_START};
use nix::libc;

/// How deep directories are followed. Each level takes a descriptor.
const DEPTH: usize = 64;
/// How many directories are held open before their candidates are dealt with, if the limit allows it. With
/// those on the way to them they stay below the usual limit of descriptors.
const DIRECTORIES: usize = 400;
/// Descriptors for everything but directories.
const SPARE: usize = 10;
/// How many candidates are dealt with at once.
const CANDIDATES: usize = 100_000;

/// A name that may be a stats file's.
pub(crate) struct Candidate {
    pub(crate) directory: Rc<Directory>,
    pub(crate) name: OsString,
    /// For people; nothing is looked up by it.
    pub(crate) path: PathBuf,
    /// Somebody named it: that it is not there is worth a word.
    pub(crate) is_named: bool,
}

impl Candidate {
    /// Whether it has the name of a file that is not published yet.
    pub(crate) fn is_temporary(&self) -> bool {
        is_temporary_name(&self.name)
    }
}

/// Gives the candidates that the operands mean to `act`, sorted by path, each once. All at once, but for
/// more directories than may be open.
pub(crate) fn each_batch(
    tool: &Tool,
    operands: &[OsString],
    act: impl FnMut(Vec<Candidate>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    // Half of the rest is for those on the way.
    let limit = (files::descriptors().saturating_sub(SPARE) / 2).clamp(1, DIRECTORIES);
    let mut gatherer = Gatherer { tool, candidates: Vec::new(), directorys: 0, limit, last: None, act };
    match Source::of(operands) {
        Source::Operands(operands) => {
            let mut operands: Vec<_> = operands.iter().map(Path::new).collect();
            operands.sort_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
            for operand in operands {
                gatherer.named(operand)?;
            }
        }
        Source::Pattern(pattern) => gatherer.glob(&pattern)?,
        Source::Directory(dir) => match Directory::named(&dir) {
            Ok(directory) => gatherer.list(directory, &dir, None)?,
            Err(error) => tool.error(&dir, &plain(&error)),
        },
    }
    gatherer.hand_over()
}

struct Gatherer<'a, F> {
    tool: &'a Tool,
    candidates: Vec<Candidate>,
    /// How many directories the candidates are in.
    directorys: usize,
    /// In how many they may be.
    limit: usize,
    /// The directory of the file that was named last: mostly that of the next one, too.
    last: Option<(PathBuf, Rc<Directory>)>,
    act: F,
}

impl<F: FnMut(Vec<Candidate>) -> Result<(), Stop>> Gatherer<'_, F> {
    /// A file or a directory. For a directory a link will do; a link to a file is no stats file.
    fn named(&mut self, path: &Path) -> Result<(), Stop> {
        if fs::metadata(path).is_ok_and(|metadata| metadata.is_dir()) {
            return self.walk(Directory::named(path), path, 0);
        }
        self.file(path, true)
    }

    fn file(&mut self, path: &Path, is_named: bool) -> Result<(), Stop> {
        let directory = fs::symlink_metadata(path).and_then(|_| self.directory_of(path));
        match (directory, path.file_name()) {
            (Ok(directory), Some(name)) => {
                let (name, path) = (name.to_owned(), path.to_owned());
                self.candidates.push(Candidate { directory, name, path, is_named });
                self.hand_over_if_many()
            }
            (Err(error), _) if error.kind() == io::ErrorKind::NotFound && !is_named => Ok(()),
            (Err(error), _) => {
                self.tool.error(path, &plain(&error));
                Ok(())
            }
            // A path that ends in `..` is a directory's.
            (Ok(_), None) => Ok(()),
        }
    }

    fn directory_of(&mut self, path: &Path) -> io::Result<Rc<Directory>> {
        let parent = path.parent().unwrap_or(path);
        if let Some((_, directory)) = self.last.as_ref().filter(|(last, _)| last == parent) {
            return Ok(Rc::clone(directory));
        }
        let directory = Rc::new(Directory::unlisted(directory_of(path))?);
        self.last = Some((parent.to_owned(), Rc::clone(&directory)));
        self.directorys += 1;
        Ok(directory)
    }

    fn glob(&mut self, pattern: &OsStr) -> Result<(), Stop> {
        match files::expand(pattern) {
            Ok(paths) => {
                for path in paths {
                    match path {
                        // What it matches itself is looked at as in a directory: no link is followed.
                        Ok(path) if fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir()) => {
                            self.found_directory(&path)?;
                        }
                        Ok(path) => self.file(&path, false)?,
                        Err(error) => self.tool.tell(&Notice::Unlisted(error.path(), error.error())),
                    }
                }
            }
            Err(error) => self.tool.tell(&Notice::Pattern(&error)),
        }
        Ok(())
    }

    fn found_directory(&mut self, path: &Path) -> Result<(), Stop> {
        let parent = Directory::unlisted(directory_of(path));
        let name = path.file_name().unwrap_or(path.as_os_str());
        self.walk(parent.and_then(|parent| parent.below(name)), path, 0)
    }

    /// A directory and all below it.
    fn walk(&mut self, directory: io::Result<Directory>, path: &Path, depth: usize) -> Result<(), Stop> {
        match directory {
            Ok(_) if depth > DEPTH => self.tool.error(path, &"too many directories deep"),
            Ok(directory) => return self.list(directory, path, Some(depth)),
            // Gone, or something else, since its own directory was listed.
            Err(error)
                if depth > 0
                    && matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR | libc::ELOOP)) => {}
            Err(error) => self.tool.error(path, &plain(&error)),
        }
        Ok(())
    }

    /// A directory's candidates; what is below it only where `depth` says how deep it is itself.
    fn list(&mut self, directory: Directory, path: &Path, depth: Option<usize>) -> Result<(), Stop> {
        let mut entries = match directory.list() {
            Ok(entries) => entries,
            Err(error) => {
                self.tool.error(path, &plain(&error));
                return Ok(());
            }
        };
        entries.sort_by_cached_key(sorting_key);
        let directory = Rc::new(directory);
        for Entry { name, is_directory } in entries {
            let path = path.join(&name);
            if is_directory {
                if let Some(depth) = depth {
                    self.walk(directory.below(&name), &path, depth + 1)?;
                }
            } else if is_candidate(&name) {
                self.candidates.push(Candidate {
                    directory: Rc::clone(&directory),
                    name,
                    path,
                    is_named: false,
                });
            }
        }
        self.directorys += usize::from(Rc::strong_count(&directory) > 1);
        self.hand_over_if_many()
    }

    fn hand_over_if_many(&mut self) -> Result<(), Stop> {
        if self.directorys < self.limit && self.candidates.len() < CANDIDATES {
            return Ok(());
        }
        self.hand_over()
    }

    fn hand_over(&mut self) -> Result<(), Stop> {
        self.directorys = 0;
        let mut batch = std::mem::take(&mut self.candidates);
        batch.sort_by(|a, b| a.path.as_os_str().cmp(b.path.as_os_str()));
        // However many ways lead to it, by however many operands.
        let mut seen = HashSet::new();
        batch.retain(|candidate| match candidate.directory.identity() {
            Ok(directory) => seen.insert((directory, candidate.name.clone())),
            Err(_) => true,
        });
        (self.act)(batch)
    }
}

/// By path, that is, a directory by what its files' paths go on with.
fn sorting_key(entry: &Entry) -> Vec<u8> {
    let mut key = entry.name.as_bytes().to_vec();
    if entry.is_directory {
        key.push(b'/');
    }
    key
}

fn is_candidate(name: &OsStr) -> bool {
    files::is_stats_name(name) || is_temporary_name(name)
}

fn is_temporary_name(name: &OsStr) -> bool {
    let name = name.as_bytes();
    name.starts_with(TEMP_START.as_bytes()) && name.ends_with(TEMP_END.as_bytes())
}
