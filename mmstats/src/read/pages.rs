//! A file's bytes, copied in whole pages. Holes are not copied: a sparse file may claim any size, and
//! memory that nobody touches costs nothing.

use std::fs::File;
use std::io::ErrorKind;
use std::ops::Range;
use std::sync::atomic::{Ordering, fence};

use super::Snapshot;
use crate::system::{next_data, read_at};

/// Buffers begin on this boundary, so that a copy of whole pages keeps every value's alignment.
pub(super) const ALIGNMENT: usize = 4096;
/// To ask for holes costs as much as to read some pages.
const WORTH_ASKING: usize = 1024 * 1024;

/// Bytes from a file's beginning, in memory that begins on a page boundary.
#[derive(Default)]
pub(crate) struct Pages {
    memory: Vec<u8>,
    start: usize,
    len: usize,
    /// How far into the file something has been copied: after that, memory is zero and was never touched.
    touched: usize,
}

impl Pages {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.len]
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.start + self.len]
    }

    /// Reads the pages that hold the first `end` bytes, or as many as there are. All that read here fail with
    /// [`ErrorKind::OutOfMemory`] where there is no memory for so much.
    pub(super) fn read(&mut self, file: &File, end: usize) -> std::io::Result<()> {
        self.len = 0;
        self.extend(file, end)
    }

    /// Reads everything, up to [`Snapshot::LIMIT`]. `len` is what the file's size should be; it may have another by
    /// now, and files that the kernel makes up as they are read say 0.
    pub(super) fn read_whole(&mut self, file: &File, len: usize) -> std::io::Result<()> {
        // A byte more, since only a read that stops short has seen the end.
        let mut end = len.saturating_add(1).min(Snapshot::LIMIT);
        self.read(file, end)?;
        while self.len >= end && end < Snapshot::LIMIT {
            end = (2 * self.len).min(Snapshot::LIMIT);
            self.extend(file, end)?;
        }
        Ok(())
    }

    /// Reads on to the end of the page that holds byte `end`, or as far as there is something.
    pub(super) fn extend(&mut self, file: &File, end: usize) -> std::io::Result<()> {
        let end = end.next_multiple_of(ALIGNMENT);
        self.reserve(end)?;
        // The last page anew: part of a page may be a part of a value.
        let from = self.len / ALIGNMENT * ALIGNMENT;
        self.len = self.fill(file, from..end)?;
        Ok(())
    }

    /// Reads the pages that hold `range`, and leaves those before it as they are. The bytes end where the
    /// range does, or the file.
    pub(crate) fn read_range(&mut self, file: &File, range: Range<usize>) -> std::io::Result<()> {
        let range = range.start / ALIGNMENT * ALIGNMENT..range.end.next_multiple_of(ALIGNMENT);
        self.reserve(range.end)?;
        self.len = self.fill(file, range)?;
        Ok(())
    }

    /// Reads the pages that hold `range` once more. False if the file does not reach so far any more.
    pub(super) fn read_again(&mut self, file: &File, range: Range<usize>) -> std::io::Result<bool> {
        let from = range.start / ALIGNMENT * ALIGNMENT;
        let to = range.end.next_multiple_of(ALIGNMENT);
        Ok(self.fill(file, from..to)? >= range.end)
    }

    /// Reads `range`, and gives where it ended.
    fn fill(&mut self, file: &File, range: Range<usize>) -> std::io::Result<usize> {
        let mut at = range.start;
        let mut data_end = if range.len() < WORTH_ASKING { range.end } else { range.start };
        while at < range.end {
            if at >= data_end {
                let data = next_data(file, at..range.end)?;
                // Whole pages, so that each word is copied in one piece.
                let data = match data.is_empty() {
                    true => data,
                    false => {
                        let start = data.start / ALIGNMENT * ALIGNMENT;
                        start.max(at)..data.end.next_multiple_of(ALIGNMENT).clamp(start, range.end)
                    }
                };
                self.clear(at..data.start);
                (at, data_end) = (data.start, data.end);
                if data.is_empty() {
                    break;
                }
            }
            let target = &mut self.memory[self.start + at..self.start + data_end];
            match read_at(file, target, at as u64) {
                Ok(0) => break,
                Ok(read) => at += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            self.touched = self.touched.max(at);
        }
        // This look before the next: pairs with the release stores of the writer, in another process.
        fence(Ordering::Acquire);
        Ok(at)
    }

    /// Makes `range` zero, and touches no more memory for it than was touched before.
    fn clear(&mut self, range: Range<usize>) {
        let end = range.end.min(self.touched);
        if range.start < end {
            self.memory[self.start + range.start..self.start + end].fill(0);
        }
    }

    fn reserve(&mut self, end: usize) -> std::io::Result<()> {
        if self.start + end <= self.memory.len() {
            return Ok(());
        }
        let size = end.checked_add(ALIGNMENT).ok_or(ErrorKind::OutOfMemory)?;
        // Neither the old memory nor more than is known of it needs to be there beside the new.
        let known = self.len.min(self.touched);
        let mut kept = Vec::new();
        kept.try_reserve_exact(known).map_err(|_| ErrorKind::OutOfMemory)?;
        kept.extend_from_slice(&self.bytes()[..known]);
        let len = std::mem::take(self).len;
        // Memory that is zero without having been touched can only be asked for in a way that aborts where there
        // is none. So whether there is any is asked before.
        Vec::<u8>::new().try_reserve_exact(size).map_err(|_| ErrorKind::OutOfMemory)?;
        let mut memory = vec![0; size];
        let start = memory.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
        memory[start..start + known].copy_from_slice(&kept);
        *self = Self { memory, start, len, touched: known };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::*;

    #[test]
    fn holes_are_zero_whatever_was_there_before_and_touch_no_memory() {
        let (full, sparse) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        let size = 4 * WORTH_ASKING;
        full.write_all_at(&vec![7; size], 0).unwrap();
        sparse.set_len(64 * size as u64).unwrap();
        let islands = [0, 3 * WORTH_ASKING + 5];
        for island in islands {
            sparse.write_all_at(b"data", island as u64).unwrap();
        }
        let mut pages = Pages::default();
        pages.read(&full, size).unwrap();
        assert!(pages.bytes().iter().all(|&byte| byte == 7));
        for end in [size, 64 * size] {
            pages.read(&sparse, end).unwrap();
            assert_eq!(pages.bytes().len(), end);
            let mut want = vec![0; size];
            for island in islands {
                want[island..island + 4].copy_from_slice(b"data");
            }
            assert!(pages.bytes()[..size] == want, "as a plain read has it");
            assert!(pages.bytes()[size..].iter().all(|&byte| byte == 0));
            assert!(pages.touched <= size);
        }
        sparse.set_len(3 * WORTH_ASKING as u64 + 1).unwrap();
        pages.read(&sparse, size).unwrap();
        assert_eq!(pages.bytes().len(), 3 * WORTH_ASKING + 1, "it ends with a hole");
    }

    #[test]
    fn memory_that_is_not_there_is_an_error() {
        let file = tempfile::tempfile().unwrap();
        let mut pages = Pages::default();
        // A machine of 32 bits may have that much.
        let too_much = [usize::MAX / 4, isize::MAX as usize - ALIGNMENT];
        for end in too_much.into_iter().filter(|_| usize::BITS > 32) {
            let error = pages.read(&file, end).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::OutOfMemory);
        }
        pages.read(&file, 1).unwrap();
        assert_eq!(pages.bytes(), b"");
    }
}
