//! The file of an instance where there are none: nothing of this type can be made.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk::identity::Identity;
use crate::error::{Error, Reason};
use crate::write::memory::segment::{ForkMark, Segment};

/// No file.
pub(crate) enum StatsFile {}

impl StatsFile {
    pub(crate) fn create(target: PathBuf, _mode: Option<u32>, _mark: ForkMark) -> Result<Self, Error> {
        Err(Error::new(target, Reason::Platform))
    }

    pub(crate) fn allocate(&mut self, _end: usize) -> Result<(), Error> {
        match *self {}
    }

    pub(crate) fn map(
        &mut self,
        _at: usize,
        _len: usize,
        _first: Option<Arc<Segment>>,
    ) -> Result<Segment, Error> {
        match *self {}
    }

    pub(crate) fn publish(&mut self, _goes_on: bool) -> Result<(), Error> {
        match *self {}
    }

    pub(crate) fn close(&mut self) {
        match *self {}
    }

    pub(crate) fn remove(&self) -> Result<(), Error> {
        match *self {}
    }

    pub(crate) fn identity(&self) -> Identity {
        match *self {}
    }

    pub(crate) fn target(&self) -> &Path {
        match *self {}
    }
}
