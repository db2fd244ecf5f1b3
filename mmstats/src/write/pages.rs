//! The memory that an instance's bytes are in: its file's pages, or private ones.

use std::path::PathBuf;
use std::sync::Arc;

use crate::error::Error;
use crate::system::{no_memory, page_size};
use crate::write::file::StatsFile;
use crate::write::memory::segment::{ForkMark, Segment};

/// Memory that grows at its end.
pub(crate) struct Pages {
    pub(crate) path: PathBuf,
    pub(crate) file: Option<StatsFile>,
    segments: Vec<Arc<Segment>>,
    pub(crate) mark: ForkMark,
}

impl Pages {
    pub(crate) fn new(path: PathBuf, file: Option<StatsFile>, mark: ForkMark) -> Self {
        Self { path, file, segments: Vec::new(), mark }
    }

    /// Memory for the bytes `from..to`, which lie at the end of what is used.
    pub(crate) fn extend(&mut self, from: usize, to: usize) -> Result<Arc<Segment>, Error> {
        let page = page_size();
        // Each new segment at least as large as all before it: a few, however many fields there are.
        let whole = to.next_multiple_of(page);
        if let Some(file) = &mut self.file {
            file.allocate(whole)?;
        }
        if let Some(last) = self.segments.last().filter(|last| last.holds(from, to)) {
            return Ok(Arc::clone(last));
        }
        // It begins with the page that the field begins on; the last one may map that page, too.
        let at = from / page * page;
        let first = self.segments.first().cloned();
        let segment = Arc::new(match &mut self.file {
            Some(file) => file.map(at, whole, first)?,
            None => {
                let no_memory = |_| Error::io(&self.path, "finding memory")(no_memory());
                Segment::private(at, whole).map_err(no_memory)?
            }
        });
        self.segments.push(Arc::clone(&segment));
        Ok(segment)
    }

    /// The memory that holds the bytes `from..to`, which [`Pages::extend`] was once asked for.
    pub(crate) fn find(&self, from: usize, to: usize) -> Option<Arc<Segment>> {
        self.segments.iter().rev().find(|segment| segment.holds(from, to)).cloned()
    }

    pub(crate) fn sync(&self, size: usize, wait: bool) -> Result<(), Error> {
        let synced = self.segments.iter().try_for_each(|segment| segment.sync(size, wait));
        synced.map_err(Error::io(&self.path, "flushing it"))
    }
}
