//! A file's bytes, copied in whole pages.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{Ordering, fence};

use super::LIMIT;

/// Buffers begin on this boundary, so that a copy of whole pages keeps every value's alignment.
pub(super) const ALIGNMENT: usize = 4096;

/// Bytes from a file's beginning, in memory that begins on a page boundary.
#[derive(Default)]
pub(crate) struct Pages {
    memory: Vec<u8>,
    start: usize,
    len: usize,
}

impl Pages {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.len]
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.start + self.len]
    }

    /// Reads the pages that hold the first `end` bytes, or as many as there are.
    pub(super) fn read(&mut self, file: &File, end: usize) -> std::io::Result<()> {
        self.len = 0;
        self.extend(file, end)
    }

    /// Reads everything, up to [`LIMIT`]. `len` is what the file's size should be; it may have another by
    /// now, and files that the kernel makes up as they are read say 0.
    pub(super) fn read_whole(&mut self, file: &File, len: usize) -> std::io::Result<()> {
        // A byte more, since only a read that stops short has seen the end.
        let mut end = len.saturating_add(1).min(LIMIT);
        self.read(file, end)?;
        while self.len >= end && end < LIMIT {
            end = (2 * self.len).min(LIMIT);
            self.extend(file, end)?;
        }
        Ok(())
    }

    /// Reads on to the end of the page that holds byte `end`, or as far as there is something.
    pub(super) fn extend(&mut self, file: &File, end: usize) -> std::io::Result<()> {
        let end = end.next_multiple_of(ALIGNMENT);
        self.reserve(end);
        // The last page anew: part of a page may be a part of a value.
        let from = self.len / ALIGNMENT * ALIGNMENT;
        self.len = self.fill(file, from..end)?;
        Ok(())
    }

    /// Reads the pages that hold `range`, and leaves those before it as they are. The bytes end where the
    /// range does, or the file.
    pub(crate) fn read_range(&mut self, file: &File, range: Range<usize>) -> std::io::Result<()> {
        let range = range.start / ALIGNMENT * ALIGNMENT..range.end.next_multiple_of(ALIGNMENT);
        self.reserve(range.end);
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
        while at < range.end {
            let target = &mut self.memory[self.start + at..self.start + range.end];
            match file.read_at(target, at as u64) {
                Ok(0) => break,
                Ok(read) => at += read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        // This look before the next: pairs with the release stores of the writer, in another process.
        fence(Ordering::Acquire);
        Ok(at)
    }

    fn reserve(&mut self, end: usize) {
        if self.start + end > self.memory.len() {
            let mut memory = vec![0; end + ALIGNMENT];
            let start = memory.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
            memory[start..start + self.len].copy_from_slice(self.bytes());
            (self.memory, self.start) = (memory, start);
        }
    }
}
