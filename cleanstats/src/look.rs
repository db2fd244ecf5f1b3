//! The first look at a candidate: what it is, and what it says about its writer.

use std::fs::File;
use std::io;

use cli::plain;
use files::State;
use mmstats::departed::reader;
use mmstats::live::Clues;
use mmstats::{ErrorKind, Snapshot};

use crate::choice::Choice;
use crate::gather::Candidate;

/// What a first look finds.
pub(crate) enum Look {
    /// A stats file.
    Stats(State, Box<Clues>),
    /// Not to be dealt with, on somebody's request.
    PassedOver(&'static str),
    /// Something else.
    NotStats(String),
    /// Whatever it is, it may not be read.
    Closed(String),
    /// Not there any more.
    Gone,
    /// An error that somebody should hear about.
    Failed(String),
}

/// Looks at a candidate. `snapshot` is memory to be used again.
pub(crate) fn look(candidate: &Candidate, choice: &Choice, snapshot: &mut Snapshot) -> Look {
    let seen = candidate.directory.handle(&candidate.name).and_then(|handle| {
        let metadata = handle.metadata()?;
        Ok((handle, metadata))
    });
    let (handle, metadata) = match seen {
        Ok(seen) => seen,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Look::Gone,
        Err(error) => return Look::Failed(plain(&error)),
    };
    if let Some(objection) = choice.objection(&metadata) {
        return Look::PassedOver(objection);
    }
    let state = State::of(&metadata);
    if !metadata.is_file() {
        // The library has the words for it, and reads nothing that is not regular.
        return read(handle, state, candidate, snapshot);
    }
    match reader(&handle) {
        Ok(file) => read(file, state, candidate, snapshot),
        // Another's private file, or one with a lease on it.
        Err(error) if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::WouldBlock) => {
            Look::Closed(plain(&error))
        }
        Err(error) => Look::Failed(plain(&error)),
    }
}

fn read(file: File, state: State, candidate: &Candidate, snapshot: &mut Snapshot) -> Look {
    // Not a temporary name, or a file that cannot be read: the snapshot says why.
    if let Ok(Some(clues)) = Clues::of_temporary(&file, &candidate.path) {
        return Look::Stats(state, Box::new(clues));
    }
    match snapshot.read_file(file, &candidate.path) {
        // One in the making may have no field yet.
        Ok(())
            if snapshot.fields().all(|field| field.is_err())
                && !(candidate.is_temporary() && snapshot.defect().is_none()) =>
        {
            Look::NotStats("no field in it makes sense".to_owned())
        }
        Ok(()) => match Clues::of(snapshot) {
            Ok(clues) => Look::Stats(state, Box::new(clues)),
            Err(error) => Look::Failed(plain(&error)),
        },
        Err(error) => match error.kind() {
            ErrorKind::Io => Look::Failed(error.reason().to_string()),
            ErrorKind::Unstable => Look::Closed(error.reason().to_string()),
            _ => Look::NotStats(error.reason().to_string()),
        },
    }
}
