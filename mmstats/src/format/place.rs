//! Where a writer puts values and records, so that what is used together lies together.

use super::v2::{ALIGN, HEAD, RECORD_HEAD};

/// Bytes that the processor moves between caches at once.
pub const CACHE_LINE: usize = 64;
/// Bytes of the words in one block of small values: 64 of them.
pub const BLOCK_WORDS: usize = 64 * 8;
/// A value of more bytes has a block of its own.
pub const SMALL: usize = CACHE_LINE;

/// A block record that a writer has to write before what lies in it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// It begins here, in bytes from the file's beginning.
    pub at: usize,
    /// What its size field has to say. All else of it is zeros.
    pub size: u32,
}

/// Where a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The block that has to be made first, if the value is the first in one.
    pub block: Option<Block>,
    /// The value's offset, a multiple of 8.
    pub value_at: u32,
}

/// A file of version 2 ends before 4 GiB: its offsets have 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl std::fmt::Display for Full {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the file would have more than 4 GiB")
    }
}

impl std::error::Error for Full {}

/// Gives values and records their places, one after the other.
///
/// Small values share blocks of 64 words whose first word lies at a multiple of 64, so that ten counters in a
/// row lie in two cache lines. A value of several words does not lie in two lines. Larger values have a block
/// of their own, which begins with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placer {
    /// The next record begins here.
    end: usize,
    /// The words of the current block that are not taken.
    free: std::ops::Range<usize>,
}

impl Default for Placer {
    fn default() -> Self {
        Self::new()
    }
}

impl Placer {
    /// For a file that has its head and nothing else.
    #[must_use]
    pub fn new() -> Self {
        Self { end: HEAD, free: 0..0 }
    }

    /// Where the list of records ends: the file needs this many bytes, and zeros up to a page's end.
    #[must_use]
    pub fn end(&self) -> usize {
        self.end
    }

    /// Finds a place for a value of `size` bytes.
    ///
    /// # Errors
    /// [`Full`]; then nothing has changed.
    pub fn value(&mut self, size: usize) -> Result<Placed, Full> {
        let size = size.max(1).checked_next_multiple_of(ALIGN).ok_or(Full)?;
        if size > SMALL {
            let (block, words) = self.block(size)?;
            return Ok(Placed { block: Some(block), value_at: narrow(words)? });
        }
        let mut at = self.free.start;
        if at / CACHE_LINE != (at + size - 1) / CACHE_LINE {
            at = at.next_multiple_of(CACHE_LINE);
        }
        let mut block = None;
        if at + size > self.free.end {
            let (made, words) = self.block(BLOCK_WORDS)?;
            block = Some(made);
            at = words;
            self.free = words..words + BLOCK_WORDS;
        }
        self.free.start = at + size;
        Ok(Placed { block, value_at: narrow(at)? })
    }

    /// Finds a place for a record of `size` bytes.
    ///
    /// # Errors
    /// [`Full`]; then nothing has changed.
    pub fn record(&mut self, size: usize) -> Result<usize, Full> {
        let at = self.end;
        let end = size.checked_next_multiple_of(ALIGN).and_then(|size| at.checked_add(size)).ok_or(Full)?;
        narrow(end)?;
        self.end = end;
        Ok(at)
    }

    /// Lets the next small value begin with a cache line: what a program counts all day then shares none
    /// with what it never changes.
    pub fn new_line(&mut self) {
        self.free.start = self.free.start.next_multiple_of(CACHE_LINE).min(self.free.end);
    }

    /// A block with this many free bytes, and where they begin.
    fn block(&mut self, size: usize) -> Result<(Block, usize), Full> {
        let at = self.end;
        let words = (at + RECORD_HEAD).next_multiple_of(CACHE_LINE);
        let end = words.checked_add(size).ok_or(Full)?;
        let made = Block { at, size: narrow(end - at)? };
        narrow(end)?;
        self.end = end;
        Ok((made, words))
    }
}

fn narrow(offset: usize) -> Result<u32, Full> {
    u32::try_from(offset).map_err(|_| Full)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(places: &[Placed], size: usize) -> usize {
        let mut lines: Vec<_> = places
            .iter()
            .flat_map(|placed| {
                let at = placed.value_at as usize;
                [at / CACHE_LINE, (at + size - 1) / CACHE_LINE]
            })
            .collect();
        lines.dedup();
        lines.len()
    }

    #[test]
    fn ten_counters_in_a_row_touch_two_cache_lines() {
        let mut placer = Placer::new();
        for before in 0..7 {
            placer.new_line();
            for _ in 0..before {
                placer.value(4).unwrap();
            }
            let mut ten = Vec::new();
            for _ in 0..10 {
                ten.push(placer.value(8).unwrap());
                placer.record(40).unwrap();
            }
            assert_eq!(lines(&ten, 8), 2, "after {before} others: {ten:?}");
        }
    }

    #[test]
    fn no_value_overlaps_another_or_a_record_and_small_ones_lie_in_one_line() {
        let mut placer = Placer::new();
        let mut taken = vec![(0, HEAD)];
        for turn in 0..500 {
            let size = [8, 1, 48, 0, 64, 2488, 8, 16, 65, 4, 7][turn % 11];
            let placed = placer.value(size).unwrap();
            let at = placed.value_at as usize;
            assert_eq!(at % ALIGN, 0);
            if size > 8 && size <= SMALL {
                assert_eq!(at / CACHE_LINE, (at + size - 1) / CACHE_LINE, "{size} bytes at {at}");
            }
            if let Some(block) = placed.block {
                taken.push((block.at, block.at + RECORD_HEAD));
                assert_eq!(at % CACHE_LINE, 0);
                assert!(at + size <= block.at + block.size as usize);
            }
            taken.push((at, at + size.max(1)));
            let record = placer.record(33 + turn).unwrap();
            assert_eq!(record % ALIGN, 0);
            taken.push((record, record + 33 + turn));
        }
        taken.sort_unstable();
        for pair in taken.windows(2) {
            assert!(pair[0].1 <= pair[1].0, "{pair:?}");
        }
        assert!(taken.last().unwrap().1 <= placer.end());
    }

    #[test]
    fn four_gibibytes_are_the_end() {
        let mut placer = Placer::new();
        placer.record(u32::MAX as usize - 4096).unwrap();
        let before = placer.clone();
        assert_eq!(placer.value(4096), Err(Full));
        assert_eq!(placer.record(8192), Err(Full));
        assert_eq!(placer.value(usize::MAX), Err(Full));
        assert_eq!(placer, before);
        placer.value(8).unwrap();
    }
}
