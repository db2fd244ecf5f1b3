//! The counts of what is removed, kept in one file per command and owner: see [`DEPARTED_LABEL`].
//!
//! The file is put in place as a whole, before the first of those that it holds is removed, and says which these are.
//! So whenever a run is killed, no count is lost, and none is there twice: what is on the list is not added again.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, btree_map};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::unistd::geteuid;

use super::directory::{Directory, reader};
use super::name;
use super::totals::Totals;
use crate::disk::name::take_temporary;
use crate::error::plain;
use crate::read::Snapshot;
use crate::write::fold::{FOLD_LABEL, FOLDED_LABEL};

/// How long another run is waited for that keeps counts in the same directory.
const WAIT: Duration = Duration::from_secs(10);

/// A directory, a command, an owner.
type Place = ((u64, u64), Vec<u8>, u32);

/// What is kept of a batch of files that are removed together.
#[derive(Debug)]
pub struct Keeper<'a> {
    kept: BTreeMap<Place, Kept>,
    locks: HashMap<(u64, u64), Flock<File>>,
    /// The numbers of processes' files: which ended threads they hold.
    processes: &'a mut Processes,
}

/// By process id and the number that its files have in common.
pub type Processes = HashMap<(i128, i128), i128>;

/// One file of counts.
#[derive(Debug)]
struct Kept {
    directory: Rc<Directory>,
    path: PathBuf,
    name: OsString,
    /// Owner, group and permissions.
    owner: (u32, u32, u32),
    totals: Totals,
    /// Those that it holds and that may still be there.
    list: Vec<String>,
    /// The number of its state.
    state: u64,
    has_changed: bool,
}

/// What is in such a file.
#[derive(Default)]
struct Content {
    totals: Totals,
    list: Vec<String>,
    state: u64,
}

impl<'a> Keeper<'a> {
    /// Keeps nothing yet.
    #[must_use]
    pub fn new(processes: &'a mut Processes) -> Self {
        Self { kept: BTreeMap::new(), locks: HashMap::new(), processes }
    }

    /// Adds what a file has counted that is to be removed: the one that has the snapshot's file name in `directory`.
    ///
    /// The file of a process's ended threads must come before those of the threads, as it does by name.
    ///
    /// # Errors
    /// What cannot be kept: then the file must stay.
    pub fn add(&mut self, directory: &Rc<Directory>, snapshot: &Snapshot) -> io::Result<()> {
        let Some(metadata) = snapshot.file().and_then(|file| file.metadata().ok()) else {
            return Ok(());
        };
        let is_held = self.is_held(snapshot);
        let own = Totals::of(snapshot).map_err(|unlike| unlike.within(snapshot.path()))?;
        if own.is_zero() {
            return Ok(());
        }
        // Others could not trust what this user writes in somebody else's name.
        if !(geteuid().is_root() || geteuid().as_raw() == metadata.uid()) {
            return Err(io::Error::other("it belongs to somebody else, for whom only root keeps counts"));
        }
        let identity = name::identity(snapshot);
        let kept = self.kept(directory, snapshot, &metadata)?;
        // Another run may have added and removed it before this one had the lock.
        let name = snapshot.path().file_name().unwrap_or_default();
        let now = directory.handle(name).and_then(|handle| handle.metadata());
        let is_there = now.is_ok_and(|now| (now.dev(), now.ino()) == (metadata.dev(), metadata.ino()));
        if !is_there || kept.list.contains(&identity) {
            return Ok(());
        }
        // The process's file, which comes first, is to go, too. Were this one not on the list, it would count once
        // more from then on, since nothing else says that its counts are held.
        if !is_held {
            kept.totals.add(own).map_err(|unlike| unlike.within(&kept.path))?;
        }
        kept.list.push(identity);
        kept.has_changed = true;
        Ok(())
    }

    /// Whether a file is that of an ended thread whose counts the process's file holds.
    fn is_held(&mut self, snapshot: &Snapshot) -> bool {
        let number = |label: &str| snapshot.find(label)?.value().as_integer();
        let (Some(group), Some(folded)) = (number(FOLD_LABEL), number(FOLDED_LABEL)) else { return false };
        let process = (number("sys.pid").unwrap_or_default(), group);
        if number("sys.tid") == Some(0) {
            self.processes.insert(process, folded);
            return false;
        }
        folded != 0 && self.processes.get(&process).is_some_and(|held| folded <= *held)
    }

    /// The file of counts that a file belongs to, as it is now; its directory is locked from then on.
    fn kept(
        &mut self,
        directory: &Rc<Directory>,
        snapshot: &Snapshot,
        metadata: &std::fs::Metadata,
    ) -> io::Result<&mut Kept> {
        let (command, uid) = (name::command_of(snapshot), metadata.uid());
        let place = (directory.identity()?, command, uid);
        if let Entry::Vacant(unlocked) = self.locks.entry(place.0) {
            unlocked.insert(lock(directory)?);
        }
        Ok(match self.kept.entry(place) {
            btree_map::Entry::Occupied(kept) => kept.into_mut(),
            btree_map::Entry::Vacant(vacant) => {
                let name = name::departed_name(&vacant.key().1, uid);
                let path = snapshot.path().with_file_name(&name);
                let owner = (uid, metadata.gid(), metadata.mode() & 0o666);
                let content = read(directory, &name, &path);
                let Content { totals, list, state } = content.map_err(|error| {
                    io::Error::new(error.kind(), format!("{}: {}", path.display(), plain(&error)))
                })?;
                let directory = Rc::clone(directory);
                vacant.insert(Kept { directory, path, name, owner, totals, list, state, has_changed: false })
            }
        })
    }

    /// Puts all files of counts in place.
    ///
    /// # Errors
    /// The first that cannot be, and why. Then no file that was added may be removed.
    pub fn publish(&mut self) -> Result<(), (PathBuf, io::Error)> {
        for kept in self.kept.values_mut().filter(|kept| kept.has_changed) {
            kept.publish().map_err(|error| (kept.path.clone(), error))?;
        }
        Ok(())
    }

    /// After the files were removed: takes them off the lists. What it gives are the files of counts that still have
    /// a longer list, and why: that does no harm.
    #[must_use]
    pub fn settle(mut self) -> Vec<(PathBuf, io::Error)> {
        let mut failed = Vec::new();
        for kept in self.kept.values_mut() {
            let before = kept.list.len();
            kept.forget_gone();
            if kept.list.len() < before {
                if let Err(error) = kept.publish() {
                    failed.push((kept.path.clone(), error));
                }
            }
        }
        failed
    }
}

impl Kept {
    fn forget_gone(&mut self) {
        let is_there = |identity: &String| {
            let Some((inode, name)) = name::place_of(identity) else { return false };
            let handle = self.directory.handle(&name).and_then(|handle| handle.metadata());
            handle.is_ok_and(|metadata| metadata.ino() == inode)
        };
        self.list.retain(is_there);
    }

    fn publish(&mut self) -> io::Result<()> {
        // After any other, also if the file before was removed.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        self.state = u64::try_from(now).unwrap_or_default().max(self.state + 1);
        let image = self.totals.image(&self.list.join(" "), self.state);
        let image = image.map_err(|full| io::Error::other(full.to_string()))?;
        let (mut file, temporary) = take_temporary(|name| self.directory.create(name))?;
        let written = self.write(&mut file, &image);
        let written = written.and_then(|()| Ok(self.directory.replace(&temporary, &self.name)?));
        if written.is_err() {
            let _ = self.directory.remove(&temporary);
        }
        written
    }

    fn write(&self, file: &mut File, image: &[u8]) -> io::Result<()> {
        file.write_all(image)?;
        let (uid, gid, mode) = self.owner;
        let now = file.metadata()?;
        // Who could read the files can read this.
        file.set_permissions(std::fs::Permissions::from_mode(mode))?;
        if !geteuid().is_root() || (now.uid(), now.gid()) == (uid, gid) {
            return Ok(());
        }
        // Root may have been denied this. Then the file is root's, and readers trust it all the same.
        match fchown(&*file, Some(uid), Some(gid)) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
            other => other,
        }
    }
}

/// What a file of counts holds. Nothing, if there is none.
fn read(directory: &Directory, name: &OsStr, path: &Path) -> io::Result<Content> {
    let handle = match directory.handle(name) {
        Ok(handle) => handle,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Content::default()),
        Err(error) => return Err(error),
    };
    if !handle.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut snapshot = Snapshot::new();
    let read = snapshot.read_file(reader(&handle)?, path);
    read.map_err(|error| io::Error::other(error.reason().to_string()))?;
    if let Some(defect) = snapshot.defect() {
        return Err(io::Error::other(defect.reason().to_string()));
    }
    if !name::is_departed(&snapshot) {
        return Err(io::Error::other("something else has the name that the counts of removed files need"));
    }
    let totals = Totals::of(&snapshot).map_err(|unlike| unlike.within(path))?;
    let (list, state) = (name::listed(&snapshot).into_iter().collect(), name::state_of(&snapshot));
    Ok(Content { totals, list, state: u64::try_from(state).unwrap_or_default() })
}

/// Lets one run at a time change the counts in a directory.
fn lock(directory: &Directory) -> io::Result<Flock<File>> {
    let mut open = directory.to_lock()?;
    let began = Instant::now();
    loop {
        match Flock::lock(open, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => return Ok(lock),
            Err((back, Errno::EWOULDBLOCK)) if began.elapsed() < WAIT => open = back,
            Err((_, Errno::EWOULDBLOCK)) => {
                return Err(io::Error::other("another process has locked the directory"));
            }
            Err((_, errno)) => return Err(errno.into()),
        }
        thread::sleep(Duration::from_millis(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::image::{Description, Image};
    use crate::format::item::Items;
    use crate::format::kind::{DataType, MetricType};
    use crate::format::labels::VERSION_LABEL;

    /// The file of a thread that has ended, or with 0 that of its process.
    fn file(dir: &Path, tid: u64, hits: u64) -> PathBuf {
        let mut image = Image::new();
        let mut add = |label, metric, value: u64| {
            let description = Description { label, data: DataType::U64, metric, items: Items::default() };
            image.add(&description, &value.to_ne_bytes()).unwrap();
        };
        for (label, value) in
            [("sys.pid", 7), ("sys.tid", tid), (FOLD_LABEL, 5), (FOLDED_LABEL, 2), (VERSION_LABEL, 0)]
        {
            add(label, MetricType::Info, value);
        }
        add("hits", MetricType::Counter, hits);
        let path = dir.join(format!("web-7-{tid}.mmstats"));
        std::fs::write(&path, image.finish()).unwrap();
        path
    }

    #[test]
    fn a_thread_that_its_process_holds_is_listed_and_not_added() {
        let dir = tempfile::tempdir().unwrap();
        let directory = Rc::new(Directory::named(dir.path()).unwrap());
        let mut processes = Processes::new();
        let mut keeper = Keeper::new(&mut processes);
        let snapshots =
            [(0, 10), (8, 4)].map(|(tid, hits)| Snapshot::of(file(dir.path(), tid, hits)).unwrap());
        for snapshot in &snapshots {
            keeper.add(&directory, snapshot).unwrap();
        }
        keeper.publish().unwrap();
        let departed = dir.path().join(name::departed_name(b"web", geteuid().as_raw()));
        let departed = Snapshot::of(departed).unwrap();
        assert_eq!(departed.find("hits").unwrap().value().as_integer(), Some(10));
        // If the process's file alone were listed, and removed, nothing would say that the thread's is held.
        assert_eq!(name::listed(&departed), snapshots.iter().map(name::identity).collect());
        assert_eq!(keeper.settle().len(), 0);
    }
}
