//! Following files: the same fields of the same files again and again, for what reading them costs.
//!
//! The first look at a file is a [`Snapshot`]. It yields where the wanted fields are; from then on one
//! `pread` of their pages is a look, and comparing the heads of the fields makes sure that they are
//! still what they were. Where the heads differ, or where fields were added and some might be wanted,
//! the file is read anew. Files of one program share one description of where their fields are.
//!
//! A program that begins again may write to the same file in place, as the original does. Then `sys.pid`
//! or `sys.created` are others, and a reader that follows it must begin again, too.
//!
//! Values that have not changed since the look before need no other look: they were certain then. Those
//! that have changed are looked at as often as a snapshot does, text four times. Numbers on their boundary
//! are never torn; [`Certainty`] says whether one look is enough for them.
//!
//! In a file of version 2 heads and values lie apart, mostly on the same pages. A number takes one look, and what
//! takes several stores only takes more looks when it has changed.

mod followed;
mod v1;
mod v2;

use std::collections::HashSet;
use std::fmt;
use std::fs::{File, Metadata};
use std::hash::Hash;
use std::path::Path;
use std::sync::Arc;

use crate::disk::identity::Identity;
use crate::error::Error;
use crate::read::settle_v1::Later;
use crate::read::settle_v2::Again;
use crate::read::{Origin, Pages, Snapshot, open};

use followed::{State, Writer};
use v1::FieldMap;
use v2::{Described, Map};

pub use followed::{FieldSet, Followed, FollowedField};

/// What is known of a number that has changed. In version 2 one look shows what is published, and the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Certainty {
    /// That it is the newest that one look can give. The value may be one that its writer publishes only a moment later, so it is at most one
    /// update ahead; or it may be the one before the last that was published. An integer that has become
    /// less is looked at until it is certain nevertheless, since that may be the only trace of it.
    Newest,
    /// That its writer has published it. It takes a second look.
    Published,
}

/// What a look at a file has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Observation {
    /// No byte of the wanted values has changed.
    Unchanged,
    /// Some have.
    Changed,
    /// The wanted fields are others than before, or elsewhere: their list was made anew.
    Anew,
    /// It is another writer's by now, and nothing of that has been taken in: follow it anew. Either
    /// another process writes to the same file, by its `sys.pid` or `sys.created`, or another file has the
    /// name. The latter is seen only of files that are not kept open.
    Replaced,
}

/// How far into a file its wanted fields may reach, in bytes: what was in them is kept for each file.
const LIMIT: usize = 16 * 1024 * 1024;

/// `ENFILE` and `EMFILE`: the system, or this process, has no descriptor left.
const TOO_MANY_OPEN: [i32; 2] = [23, 24];

/// Looks at followed files. Its memory grows with the largest of them and with how many kinds there
/// are, not with time.
///
/// ```
/// use mmstats::{Certainty, Counter, Observation, Observer, Options, Origin};
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let hits = Options::new().dir(dir).create_with(|fields| fields.add("hits", Counter::spec()))?;
/// let mut observer = Observer::new(Certainty::Newest);
/// let mut followed = observer.follow(hits.path(), Origin::Named, |label| label == b"hits")?;
/// hits.incr();
/// assert_eq!(observer.look(&mut followed, |label| label == b"hits")?, Observation::Changed);
/// let value = followed.field(0).value();
/// assert_eq!(value.and_then(|value| value.as_integer()), Some(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Observer {
    certainty: Certainty,
    snapshot: Snapshot,
    first: Pages,
    second: Pages,
    third: Pages,
    later: Later,
    doubtful: Vec<usize>,
    again: Again,
    layouts: Shared<FieldMap>,
    maps: Shared<Map>,
    /// Whether the same labels are always wanted.
    is_constant: bool,
    /// The wanted fields of the file that was described last, if the list in the snapshot is that file's.
    described: Option<Described>,
    /// What the file that was followed last was like before it was read.
    metadata: Option<Metadata>,
    /// A descriptor that is given up where there is no other to open a file with.
    spare: Option<File>,
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer").field("certainty", &self.certainty).finish_non_exhaustive()
    }
}

impl Observer {
    /// One that has seen nothing yet.
    #[must_use]
    pub fn new(certainty: Certainty) -> Self {
        Self {
            certainty,
            snapshot: Snapshot::new(),
            first: Pages::default(),
            second: Pages::default(),
            third: Pages::default(),
            later: Later::default(),
            doubtful: Vec::new(),
            again: Again::default(),
            layouts: Shared::new(),
            maps: Shared::new(),
            is_constant: false,
            described: None,
            metadata: None,
            spare: None,
        }
    }

    /// For a program that always wants the same labels, whichever file they are in: where a file has the same list of
    /// fields as the file whose labels were asked about last, nothing is asked.
    #[must_use]
    pub fn constant(mut self) -> Self {
        self.is_constant = true;
        self
    }

    /// Begins to follow the file at `path`: the fields whose labels `wanted` chooses. It is kept open if
    /// the system allows one more; see [`Followed::close`].
    ///
    /// # Errors
    /// As [`Snapshot::read`], and [`crate::ErrorKind::TooLarge`] where a wanted field ends beyond 16 MiB.
    pub fn follow(
        &mut self,
        path: &Path,
        origin: Origin,
        wanted: impl FnMut(&[u8]) -> bool,
    ) -> Result<Followed, Error> {
        let mut metadata = self.snapshot.open_and_read(path, origin);
        if metadata.as_ref().is_err_and(has_no_descriptor) && self.spare.take().is_some() {
            metadata = self.snapshot.open_and_read(path, origin);
        }
        let metadata = self.read(metadata)?;
        let followed = self.follow_read(path, origin, true, metadata, wanted)?;
        let is_kept = self.has_spare();
        Ok(if is_kept { followed } else { Followed { file: None, ..followed } })
    }

    /// Whether one more file can be opened than are open now.
    fn has_spare(&mut self) -> bool {
        if self.spare.is_none() {
            let clone = || self.snapshot.file().and_then(|file| file.try_clone().ok());
            self.spare = File::open("/dev/null").ok().or_else(clone);
        }
        self.spare.is_some()
    }

    /// Takes note of what came of reading a file.
    fn read<T>(&mut self, outcome: Result<T, Error>) -> Result<T, Error> {
        if outcome.is_err() || !self.snapshot.is_alike {
            self.described = None;
        }
        outcome
    }

    /// Begins to follow a file that is open for reading already. `path` is what it is called; nobody looks for anything
    /// there, and [`Followed::close`] leaves it open.
    ///
    /// # Errors
    /// As [`Observer::follow`].
    pub fn follow_file(
        &mut self,
        file: File,
        path: &Path,
        wanted: impl FnMut(&[u8]) -> bool,
    ) -> Result<Followed, Error> {
        let read = self.snapshot.read_shared(Arc::new(file), path);
        let metadata = self.read(read)?;
        self.follow_read(path, Origin::Found, false, metadata, wanted)
    }

    /// Follows what was just read.
    fn follow_read(
        &mut self,
        path: &Path,
        origin: Origin,
        may_close: bool,
        metadata: Metadata,
        wanted: impl FnMut(&[u8]) -> bool,
    ) -> Result<Followed, Error> {
        let identity = Identity::of(&metadata);
        self.metadata = Some(metadata);
        let file = self.snapshot.shared_file().map(Arc::clone);
        let writer = Writer::of(&self.snapshot);
        let state = self.describe(wanted)?;
        let cut = self.snapshot.cut;
        Ok(Followed { path: path.to_owned(), origin, identity, file, may_close, state, writer, cut })
    }

    /// The file that [`Observer::follow`] has read last, whole: whose it is, what else it holds.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// What the file that [`Observer::follow`] has read last was like, before it was read. `None` before the first.
    #[must_use]
    pub fn metadata(&self) -> Option<&Metadata> {
        self.metadata.as_ref()
    }

    /// Looks at a file. Where its list of fields is made anew, `wanted` chooses again.
    ///
    /// # Errors
    /// As [`Observer::follow`].
    pub fn look(
        &mut self,
        followed: &mut Followed,
        wanted: impl FnMut(&[u8]) -> bool,
    ) -> Result<Observation, Error> {
        if followed.file.is_some() {
            return self.look_at(followed, None, wanted);
        }
        let (file, metadata) = open(&followed.path, followed.origin)?;
        let file = Arc::new(file);
        if Identity::of(&metadata) != followed.identity {
            return Ok(Observation::Replaced);
        }
        self.look_at(followed, Some(&file), wanted)
    }

    fn look_at(
        &mut self,
        followed: &mut Followed,
        opened: Option<&Arc<File>>,
        wanted: impl FnMut(&[u8]) -> bool,
    ) -> Result<Observation, Error> {
        let Followed { path, file, state, cut, .. } = followed;
        let failed = || Error::io(path, "reading it");
        let Some(file) = opened.or(file.as_ref()) else { return Err(failed()(gone())) };
        let found = match state {
            State::V1(state) => self.look_v1(file, state),
            State::V2(state) => self.look_v2(file, state),
        };
        let file = match found.map_err(failed())? {
            Some(found) if cut.is_none() => return Ok(found),
            Some(found) => {
                // Whether the list goes on by now, only reading it can tell.
                let read = self.snapshot.read_shared(Arc::clone(file), path);
                let read = self.read(read);
                if read.is_err() || self.snapshot.cut == *cut {
                    return Ok(found);
                }
                None
            }
            None => Some(Arc::clone(file)),
        };
        if let Some(file) = file {
            let read = self.snapshot.read_shared(file, path);
            self.read(read)?;
        }
        let writer = Writer::of(&self.snapshot);
        if followed.writer.is_other(&writer) {
            return Ok(Observation::Replaced);
        }
        followed.writer.learn(writer);
        followed.state = self.describe(wanted)?;
        followed.cut = self.snapshot.cut;
        Ok(Observation::Anew)
    }

    /// The wanted fields of the snapshot, and what is in them.
    fn describe(&mut self, wanted: impl FnMut(&[u8]) -> bool) -> Result<State, Error> {
        Ok(if self.snapshot.is_version_2() {
            State::V2(self.describe_v2(wanted)?)
        } else {
            State::V1(self.describe_v1(wanted)?)
        })
    }
}

/// Maps of where fields are, one for all files of one program.
struct Shared<T> {
    known: HashSet<Arc<T>>,
    /// How many there may be before those that nobody uses are cleared away.
    crowd: usize,
}

impl<T: Eq + Hash> Shared<T> {
    fn new() -> Self {
        Self { known: HashSet::new(), crowd: 64 }
    }

    fn share(&mut self, map: T) -> Arc<T> {
        if let Some(known) = self.known.get(&map) {
            return Arc::clone(known);
        }
        if self.known.len() >= self.crowd {
            self.known.retain(|map| Arc::strong_count(map) > 1);
            self.crowd = 64.max(2 * self.known.len());
        }
        let map = Arc::new(map);
        self.known.insert(Arc::clone(&map));
        map
    }
}

/// Whether a file could not be opened because too many are open.
fn has_no_descriptor(error: &Error) -> bool {
    error.as_io().and_then(std::io::Error::raw_os_error).is_some_and(|number| TOO_MANY_OPEN.contains(&number))
}

/// For a file that is open by all that is known of it.
fn gone() -> std::io::Error {
    std::io::ErrorKind::NotFound.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::image::{Description, Image};
    use crate::format::item::Items;
    use crate::format::kind::{DataType, MetricType};

    /// The look that finds the records comes before the one that finds their values.
    #[test]
    fn a_field_that_is_added_between_the_first_two_looks_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("web.mmstats");
        let mut image = Image::new();
        for label in ["hits", "late"] {
            let (data, metric, items) = (DataType::U64, MetricType::Counter, Items::default());
            image.add(&Description { label, data, metric, items }, &7_u64.to_ne_bytes()).unwrap();
        }
        std::fs::write(&path, image.finish()).unwrap();
        let mut observer = Observer::new(Certainty::Newest);
        observer.snapshot.read(&path, Origin::Named).unwrap();
        // The first look did not have it.
        let list = &mut observer.snapshot.version_2;
        list.end = list.fields.pop().unwrap().at();
        let metadata = std::fs::metadata(&path).unwrap();
        let mut followed = observer.follow_read(&path, Origin::Named, true, metadata, |_| true).unwrap();
        assert_eq!(followed.fields().len(), 1);
        assert_eq!(observer.look(&mut followed, |_| true).unwrap(), Observation::Anew);
        assert_eq!(followed.fields().map(|field| field.label().to_vec()).last().unwrap(), b"late");
        assert_eq!(observer.look(&mut followed, |_| true).unwrap(), Observation::Unchanged);
    }
}
