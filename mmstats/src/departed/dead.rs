//! Keeping what a program's ended processes have counted, and removing their files.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use nix::errno::Errno;
use nix::unistd::geteuid;

use super::directory::Directory;
use super::keeper::{Keeper, Processes};
use super::name::is_departed;
use crate::disk::identity::Identity;
use crate::disk::lock::is_locked;
use crate::disk::name::{Names, Pattern, bad_template, differs_by_process, expand, take_temporary};
use crate::disk::rename::rename_to_free_in;
use crate::error::{Error, ErrorKind};
use crate::live::{Judge, Life};
use crate::read::Snapshot;
use crate::write::report::report;

/// How many files are held open before their counts are kept and they are removed.
const AT_ONCE: usize = 64;

/// What the user hears where nobody else does.
const STAYS: &str = "the file of an ended process stays";

/// Does it for all processes whose files have names from this template, whatever their ids are. Gives the number of
/// files that were removed.
pub(crate) fn fold_dead(dir: &Path, template: &OsStr, names: &Names) -> Result<usize, Error> {
    // The file name may begin with further directories.
    let whole = dir.join(template);
    let (Some(dir), Some(template)) = (whole.parent(), whole.file_name()) else {
        return Err(bad_template(whole.as_os_str(), "there is no file name in it"));
    };
    let pattern = Pattern::of(template, names)?;
    if differs_by_process(dir.as_os_str()) {
        return Err(bad_template(dir.as_os_str(), "a directory in which counts are kept has {CMD} at most"));
    }
    let dir = PathBuf::from(expand(dir.as_os_str(), names)?);
    let directory = Directory::named(&dir).map_err(Error::io(&dir, "opening it"))?;
    let found = directory.list().map_err(Error::io(&dir, "listing it"))?;
    let is_wanted = |name: &OsString| pattern.matches(name);
    let mut found: Vec<_> = found.into_iter().map(|entry| entry.name).filter(is_wanted).collect();
    // A process's file comes before those of its threads.
    found.sort();

    let mut folding =
        Folding { directory: Rc::new(directory), dir, judge: Judge::new(), snapshot: Snapshot::new() };
    let (mut processes, mut removed, mut rest) = (Processes::new(), 0, &found[..]);
    while !rest.is_empty() {
        let (dealt_with, gone) = folding.batch(rest, &mut processes)?;
        rest = &rest[dealt_with..];
        removed += gone;
    }
    Ok(removed)
}

struct Folding {
    directory: Rc<Directory>,
    dir: PathBuf,
    judge: Judge,
    snapshot: Snapshot,
}

/// A file whose counts are kept.
struct Doomed<'a> {
    name: &'a OsStr,
    /// Open, so that no other file gets its inode.
    file: File,
    metadata: Metadata,
}

impl Folding {
    /// Deals with the first of these names. Gives how many those were, and how many files are gone.
    fn batch(&mut self, names: &[OsString], processes: &mut Processes) -> Result<(usize, usize), Error> {
        let mut keeper = Keeper::new(processes);
        let (mut doomed, mut dealt_with, mut last) = (Vec::new(), 0, None);
        for name in names {
            if let Some(next) = self.dead(name) {
                let pid = self.snapshot.find("sys.pid").and_then(|field| field.value().as_integer());
                // The files of one process go together.
                if doomed.len() >= AT_ONCE && pid != last {
                    break;
                }
                last = pid;
                if self.keep(&mut keeper) {
                    doomed.push(next);
                }
            }
            dealt_with += 1;
        }
        let refused = |(path, error): (PathBuf, io::Error)| Error::io(&path, "keeping counts in it")(error);
        keeper.publish().map_err(refused)?;
        let gone = doomed.iter().filter(|doomed| self.remove(doomed)).count();
        for failed in keeper.settle() {
            report(&refused(failed), "it has a longer list than it needs");
        }
        Ok((dealt_with, gone))
    }

    /// The file, if its counts are to be kept. The snapshot is of it then.
    fn dead<'a>(&mut self, name: &'a OsStr) -> Option<Doomed<'a>> {
        let path = self.dir.join(name);
        match self.look(name, &path) {
            Ok(found) => found,
            // What is no stats file is none of our business, and neither is what is gone.
            Err(error) => {
                let is_ours = error.kind() == ErrorKind::Io && !error.is_not_found();
                if is_ours {
                    report(&error, STAYS);
                }
                None
            }
        }
    }

    fn look<'a>(&mut self, name: &'a OsStr, path: &Path) -> Result<Option<Doomed<'a>>, Error> {
        let file = match self.directory.open(name) {
            Ok(file) => file,
            // A link, another user's private file, one with a lease on it, a socket.
            Err(Errno::ELOOP | Errno::EACCES | Errno::EWOULDBLOCK | Errno::ENXIO) => return Ok(None),
            Err(errno) => return Err(Error::io(path, "opening it")(errno)),
        };
        // Most are alive, and this costs less than to read them.
        if is_locked(&file).is_ok_and(|is_locked| is_locked) {
            return Ok(None);
        }
        let metadata = file.metadata().map_err(Error::io(path, "looking at it"))?;
        let user = geteuid();
        if !metadata.is_file() || !(user.is_root() || user.as_raw() == metadata.uid()) {
            return Ok(None);
        }
        let open = file.try_clone().map_err(Error::io(path, "opening it"))?;
        self.snapshot.read_file(open, path)?;
        let is_dead = self.snapshot.is_version_2()
            && !is_departed(&self.snapshot)
            && self.judge.judge(&self.snapshot).life == Life::Dead;
        Ok(is_dead.then_some(Doomed { name, file, metadata }))
    }

    /// Keeps the counts of the file that was read last. False if that cannot be.
    fn keep(&self, keeper: &mut Keeper<'_>) -> bool {
        let path = self.snapshot.path();
        match keeper.add(&self.directory, &self.snapshot) {
            Ok(()) => true,
            Err(error) => {
                report(&Error::io(path, "keeping its counts")(error), STAYS);
                false
            }
        }
    }

    /// Removes a file. False if something else was faster, or if it cannot be.
    fn remove(&self, doomed: &Doomed<'_>) -> bool {
        self.try_remove(doomed).unwrap_or_else(|errno| {
            report(&Error::io(&self.dir.join(doomed.name), "removing it")(errno), STAYS);
            false
        })
    }

    /// The kernel removes names, not files, and a new writer may take the name at any moment. So whatever has the name
    /// gets another one first, and goes only if it is what was read.
    fn try_remove(&self, doomed: &Doomed<'_>) -> Result<bool, Errno> {
        if !self
            .is_same(doomed.name, doomed, |now, then| now.mtime() == then.mtime() && now.len() == then.len())
        {
            return Ok(false);
        }
        let aside = match self.rename_aside(doomed.name) {
            Ok(aside) => aside,
            Err(Errno::ENOENT) => return Ok(false),
            Err(errno) => return Err(errno),
        };
        let is_held = is_locked(&doomed.file).is_ok_and(|is_locked| is_locked);
        if is_held || !self.is_same(&aside, doomed, |_, _| true) {
            rename_to_free_in(self.directory.as_fd(), &aside, doomed.name)?;
            return Ok(false);
        }
        self.directory.remove(&aside).map(|()| true)
    }

    fn is_same(
        &self,
        name: &OsStr,
        doomed: &Doomed<'_>,
        alike: impl Fn(&Metadata, &Metadata) -> bool,
    ) -> bool {
        let now = self.directory.handle(name).and_then(|handle| handle.metadata());
        let then = &doomed.metadata;
        now.is_ok_and(|now| Identity::of(&now) == Identity::of(then) && alike(&now, then))
    }

    /// Gives a file a name that no reader looks at. If this process is killed, cleanstats finds it.
    fn rename_aside(&self, name: &OsStr) -> Result<OsString, Errno> {
        let rename = |aside: &OsStr| rename_to_free_in(self.directory.as_fd(), name, aside);
        take_temporary(rename).map(|((), aside)| aside)
    }
}
