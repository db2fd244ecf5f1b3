//! No file is opened where none is published.

use std::fs::{File, Metadata};
use std::path::Path;

use crate::error::{Error, Reason};
use crate::read::Origin;

pub(crate) fn regular(path: &Path, _metadata: Metadata) -> Result<Metadata, Error> {
    Err(Error::new(path, Reason::Platform))
}

pub(crate) fn open(path: &Path, _origin: Origin) -> Result<(File, Metadata), Error> {
    Err(Error::new(path, Reason::Platform))
}

pub(crate) fn open_only(path: &Path, _origin: Origin) -> Result<File, Error> {
    Err(Error::new(path, Reason::Platform))
}
