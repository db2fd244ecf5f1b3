//! A look at a file of either version.

use std::fs::File;
use std::path::Path;

use super::snapshot::{Cut, Extent, Snapshot};
use crate::error::{Error, Reason};
use crate::format::{v1, v2};

/// Bytes read at first. Most files are one page.
const FIRST_READ: usize = 4096;
const LIMIT: usize = Snapshot::LIMIT;
/// How often a whole file is looked at, in case its list of fields is just being written.
const LIST_LOOKS: usize = 20;

impl Snapshot {
    /// Looks at the file until its looks fit together.
    pub(super) fn look(&mut self, file: &File, path: &Path, len: u64, extent: Extent) -> Result<(), Error> {
        let failed = || Error::io(path, "reading it");
        let mut len = usize::try_from(len).unwrap_or(usize::MAX);
        // As much as the list of the file before, which may be this one's.
        let first = FIRST_READ.max(if self.pattern_v2.is_pattern { self.pattern_v2.list_end() } else { 0 });
        for _ in 0..LIST_LOOKS {
            self.records.clear();
            self.cut = None;
            let read = match extent {
                Extent::Fields => self.first.read(file, first),
                Extent::Whole => self.first.read_whole(file, len),
            };
            read.map_err(failed())?;
            let is_done = match self.first.bytes().first() {
                Some(&v1::VERSION) => {
                    // Its bytes are gone when the second look is taken.
                    self.pattern_v2.is_pattern = false;
                    self.look_v1(file, &mut len)
                }
                Some(&v2::VERSION) => self.look_v2(file, &mut len, extent),
                other => {
                    self.cut = Some(other.map_or(Cut::Empty, |&version| Cut::Version(version)));
                    return Ok(());
                }
            };
            if is_done.map_err(failed())? {
                return Ok(());
            }
        }
        Err(Error::new(path, Reason::Unstable { at: 0, label: "the list of fields".to_owned() }))
    }

    /// Reads up to byte `end` or further. False if the file ends before.
    pub(super) fn read_on(&mut self, file: &File, end: usize, len: &mut usize) -> std::io::Result<bool> {
        if !reaches(file, end, len)? {
            return Ok(false);
        }
        // Twice as much each time, so that a long list is not read a page at a time.
        let want = (2 * self.first.bytes().len()).min(*len).min(LIMIT);
        self.first.extend(file, want.max(end))?;
        Ok(self.first.bytes().len() >= end)
    }
}

/// Whether a file has bytes up to `end`. `len` is its size as last seen; it may have grown since.
pub(super) fn reaches(file: &File, end: usize, len: &mut usize) -> std::io::Result<bool> {
    if end > *len {
        *len = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    }
    Ok(end <= *len)
}
