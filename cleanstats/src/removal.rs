//! Removing what was judged, and nothing else.
//!
//! The kernel removes names, not files, and cannot be told to remove a name only as long as it leads to
//! a certain file. A writer may put a new file in a dead one's place at any moment. So the file is first
//! renamed, in its own directory, to a name that no writer uses; whatever that caught is looked at
//! again, and goes only if it is what was judged. Otherwise it gets its name back.
//!
//! Somebody who may rename files in that directory may still swap the two names' files in between. In a
//! sticky directory these are that person's own, and in any other one that person may remove the others
//! without our help.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;

use cli::plain;
use files::State;
use mmstats::departed::reader;
use mmstats::live::is_locked;
use mmstats::take_temporary;
use nix::errno::Errno;
use rustix::fs::{RenameFlags, renameat_with};

use crate::gather::Candidate;

/// What came of it.
pub(crate) enum Removal {
    /// It is removed.
    Done,
    /// Somebody else was faster.
    Gone,
    /// It stays, for it is not what was judged.
    Changed,
    /// It stays, for it could not be removed.
    Failed(String),
}

impl From<Errno> for Removal {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::ENOENT => Self::Gone,
            errno => Self::Failed(plain(&io::Error::from(errno))),
        }
    }
}

/// Opens the file once more, if nothing happened to it since `state` was seen.
pub(crate) fn open_again(candidate: &Candidate, state: &State) -> Result<File, Removal> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Removal::Gone,
        _ => Removal::Failed(plain(&error)),
    };
    let handle = candidate.directory.handle(&candidate.name).map_err(failed)?;
    if State::of(&handle.metadata().map_err(failed)?) != *state {
        return Err(Removal::Changed);
    }
    let file = reader(&handle).map_err(failed)?;
    if is_held(&file) { Err(Removal::Changed) } else { Ok(file) }
}

/// A judged file under a name by which only this process knows it.
pub(crate) struct Aside {
    /// `None`: still under its own, on a file system that has no such renaming (NFS).
    name: Option<OsString>,
}

/// Removes a candidate if it is still what was judged, that is, in `state`, and nobody holds its lock.
pub(crate) fn remove(candidate: &Candidate, state: &State) -> Removal {
    let aside = open_again(candidate, state).and_then(|file| set_aside(candidate, state, &file));
    match aside {
        Ok(aside) => unlink(candidate, aside),
        Err(other) => other,
    }
}

/// Takes the name from what was judged, whose `file` this is. Who may do that may remove it, too; of several
/// cleanstats one succeeds.
pub(crate) fn set_aside(candidate: &Candidate, state: &State, file: &File) -> Result<Aside, Removal> {
    let aside = match rename_aside(candidate) {
        Ok(aside) => aside,
        Err(Errno::EINVAL | Errno::ENOSYS) => return Ok(Aside { name: None }),
        Err(errno) => return Err(errno.into()),
    };
    let caught = candidate.directory.handle(&aside).and_then(|handle| Ok(State::of(&handle.metadata()?)));
    let failed = match caught {
        Ok(caught) if caught.is_same_but_for_name(state) && !is_held(file) => {
            return Ok(Aside { name: Some(aside) });
        }
        Ok(_) => Removal::Changed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Removal::Gone),
        Err(error) => Removal::Failed(plain(&error)),
    };
    Err(rename_back(candidate, &aside).unwrap_or(failed))
}

/// Removes what was set aside a moment ago.
fn unlink(candidate: &Candidate, aside: Aside) -> Removal {
    let Some(name) = aside.name else {
        return candidate.directory.remove(&candidate.name).map_or_else(Removal::from, |()| Removal::Done);
    };
    match candidate.directory.remove(&name) {
        Ok(()) => Removal::Done,
        Err(errno) => rename_back(candidate, &name).unwrap_or(errno.into()),
    }
}

/// Removes what was set aside some time ago, if it is still in `state`.
pub(crate) fn finish(candidate: &Candidate, state: &State, aside: Aside) -> Removal {
    let name = aside.name.as_deref().unwrap_or(&candidate.name);
    let now = candidate.directory.handle(name).and_then(|handle| Ok(State::of(&handle.metadata()?)));
    match now {
        Ok(now) if now.is_same_but_for_name(state) => unlink(candidate, aside),
        Ok(_) => give_back(candidate, &aside).unwrap_or(Removal::Changed),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Removal::Gone,
        Err(error) => give_back(candidate, &aside).unwrap_or(Removal::Failed(plain(&error))),
    }
}

/// Lets a file have its name again. What it gives is why that cannot be.
pub(crate) fn give_back(candidate: &Candidate, aside: &Aside) -> Option<Removal> {
    aside.name.as_ref().and_then(|name| rename_back(candidate, name))
}

fn rename_back(candidate: &Candidate, aside: &OsStr) -> Option<Removal> {
    match rename(candidate, aside, &candidate.name) {
        Ok(()) | Err(Errno::ENOENT) => None,
        Err(errno) => {
            let why = plain(&io::Error::from(errno));
            let aside = aside.to_string_lossy();
            Some(Removal::Failed(format!("cannot have its name back, is now {aside}: {why}")))
        }
    }
}

/// Gives a candidate a name by which only this process knows it. To other processes it says that its
/// maker lives, so they let it be; if this one is killed, the next cleanstats finds it.
fn rename_aside(candidate: &Candidate) -> Result<OsString, Errno> {
    take_temporary(|aside| rename(candidate, &candidate.name, aside)).map(|((), aside)| aside)
}

/// Renames within the candidate's directory. Nothing is replaced.
fn rename(candidate: &Candidate, from: &OsStr, to: &OsStr) -> Result<(), Errno> {
    let directory = &*candidate.directory;
    renameat_with(directory, from, directory, to, RenameFlags::NOREPLACE)
        .map_err(|errno| Errno::from_raw(errno.raw_os_error()))
}

fn is_held(file: &File) -> bool {
    is_locked(file).is_ok_and(|locked| locked)
}
