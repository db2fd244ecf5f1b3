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

use std::cell::Cell;
use std::ffi::OsString;
use std::fs::File;
use std::io;

use cli::plain;
use mmstats::live::is_locked;
use mmstats::{TEMP_END, TEMP_START};
use nix::errno::Errno;

use crate::folder::reader;
use crate::gather::Candidate;
use crate::look::State;

/// How many names are tried.
const TRIES: usize = 1000;

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
    let handle = candidate.folder.handle(&candidate.name).map_err(failed)?;
    if State::of(&handle.metadata().map_err(failed)?) != *state {
        return Err(Removal::Changed);
    }
    let file = reader(&handle).map_err(failed)?;
    if is_held(&file) { Err(Removal::Changed) } else { Ok(file) }
}

/// Removes a candidate if it is still what was judged, that is, in `state`, and nobody holds its lock.
pub(crate) fn remove(candidate: &Candidate, state: &State) -> Removal {
    let file = match open_again(candidate, state) {
        Ok(file) => file,
        Err(other) => return other,
    };
    let Candidate { folder, name, .. } = candidate;
    let aside = match set_aside(candidate) {
        Ok(aside) => aside,
        // A file system that has no such renaming (NFS).
        Err(Errno::EINVAL | Errno::ENOSYS) => {
            return folder.remove(name).map_or_else(Removal::from, |()| Removal::Done);
        }
        Err(errno) => return errno.into(),
    };
    let caught = folder.handle(&aside).and_then(|handle| Ok(State::of(&handle.metadata()?)));
    let failed = match caught {
        Ok(caught) if caught.is_same_but_for_name(state) && !is_held(&file) => match folder.remove(&aside) {
            Ok(()) => return Removal::Done,
            Err(errno) => errno.into(),
        },
        Ok(_) => Removal::Changed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Removal::Gone,
        Err(error) => Removal::Failed(plain(&error)),
    };
    match folder.rename(&aside, name) {
        Ok(()) | Err(Errno::ENOENT) => failed,
        Err(errno) => {
            let why = plain(&io::Error::from(errno));
            Removal::Failed(format!("cannot have its name back, is now {}: {why}", aside.to_string_lossy()))
        }
    }
}

/// Gives a candidate a name by which only this process knows it. To other processes it says that its
/// maker lives, so they let it be; if this one is killed, the next cleanstats finds it.
fn set_aside(candidate: &Candidate) -> Result<OsString, Errno> {
    thread_local! {
        static NEXT: Cell<u64> = const { Cell::new(0) };
    }
    let pid = std::process::id();
    for _ in 0..TRIES {
        let number = NEXT.replace(NEXT.get() + 1);
        let aside = OsString::from(format!("{TEMP_START}{pid}-{number}{TEMP_END}"));
        match candidate.folder.rename(&candidate.name, &aside) {
            Ok(()) => return Ok(aside),
            // Left by a process of this id that died, or one in another container.
            Err(Errno::EEXIST) => {}
            Err(errno) => return Err(errno),
        }
    }
    Err(Errno::EEXIST)
}

fn is_held(file: &File) -> bool {
    is_locked(file).is_ok_and(|locked| locked)
}
