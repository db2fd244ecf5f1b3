//! Memory that a file's fields live in, and the mark that tells a forked child from its parent.
//!
//! One of the two files with `unsafe` (the other is `slot.rs`).

use std::any::Any;
use std::collections::TryReserveError;
#[cfg(publishes)]
use std::fs::File;
use std::io;
#[cfg(publishes)]
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::sync::Arc;
#[cfg(publishes)]
use std::sync::atomic::AtomicPtr;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering};

#[cfg(publishes)]
use memmap2::{Advice, MmapOptions, MmapRaw};
#[cfg(publishes)]
use nix::libc;

#[cfg(publishes)]
use crate::system::page_size;

/// Address space that a segment takes at least. Mapping past a file's end costs nothing, and leaves
/// room for fields that are added later.
#[cfg(publishes)]
const RESERVED: usize = 64 * 1024;

/// The bytes `at..at + len` of an instance: mapped from its file, or private memory.
///
/// A file that grows gets further segments; none ever moves, so pointers into it hold as long as the
/// segment does.
pub(crate) struct Segment {
    memory: Memory,
    at: usize,
    len: usize,
    /// Goes after the memory: nobody stores into a file whose lock is gone.
    _lock: Option<Keeper>,
}

/// Something that holds a file's lifetime lock as long as it is there.
pub(crate) type Keeper = Arc<dyn Any + Send + Sync>;

enum Memory {
    #[cfg(publishes)]
    File(HomeMap),
    /// Atomics, since handles write through shared references.
    Private(Box<[AtomicU64]>),
}

/// A mapping of a file that only the process that made it unmaps. A forked child does not inherit it:
/// there, its addresses are free for what the child maps next, which must not go with it.
#[cfg(publishes)]
struct HomeMap {
    map: ManuallyDrop<MmapRaw>,
    mark: ForkMark,
}

#[cfg(publishes)]
impl Drop for HomeMap {
    fn drop(&mut self) {
        if self.mark.is_home() {
            // SAFETY: dropped once, here, and never used again.
            unsafe { ManuallyDrop::drop(&mut self.map) };
        }
    }
}

impl Segment {
    /// Maps the file's bytes from `at`, a multiple of the page size, on: `len` of them or more. Those
    /// after the end of the file must not be touched before the file has grown there.
    ///
    /// `mark` is the one that the handles into the segment look at. `lock` is what holds the file's
    /// lifetime lock where this mapping does not.
    #[cfg(publishes)]
    pub(crate) fn of_file(
        file: &File,
        at: usize,
        len: usize,
        mark: ForkMark,
        lock: Option<Keeper>,
    ) -> io::Result<Self> {
        let len = len.max(RESERVED);
        let map = MmapOptions::new().offset(at as u64).len(len).map_raw(file)?;
        if mark.is_effective() {
            // The child must not share the page (its writes would mix with the parent's), nor keep the
            // lifetime lock. The handles look at the mark before every update, so none touches the hole.
            map.advise(Advice::DontFork)?;
        }
        let map = HomeMap { map: ManuallyDrop::new(map), mark };
        Ok(Self { memory: Memory::File(map), at, len, _lock: lock })
    }

    /// Zeroed private memory in place of a file's bytes from `at` on.
    ///
    /// # Errors
    /// Where there is no memory for them.
    pub(crate) fn private(at: usize, len: usize) -> Result<Self, TryReserveError> {
        let words = len.div_ceil(8);
        let mut memory = Vec::new();
        memory.try_reserve_exact(words)?;
        memory.extend((0..words).map(|_| AtomicU64::new(0)));
        Ok(Self { memory: Memory::Private(memory.into()), at, len: words * 8, _lock: None })
    }

    /// Whether `from..to`, counted from the file's beginning, lies in this segment.
    pub(crate) fn holds(&self, from: usize, to: usize) -> bool {
        self.at <= from && from <= to && to <= self.at + self.len
    }

    /// Where the file's byte `offset` lies in memory, with at least `size` bytes after it.
    ///
    /// # Panics
    /// If the segment does not hold them.
    pub(crate) fn pointer(&self, offset: usize, size: usize) -> NonNull<u8> {
        assert!(self.holds(offset, offset + size), "outside of the segment");
        let base: *mut u8 = match &self.memory {
            #[cfg(publishes)]
            Memory::File(home) => home.map.as_mut_ptr(),
            Memory::Private(words) => words.as_ptr().cast_mut().cast(),
        };
        // SAFETY: `holds` was asserted, so the sum stays inside one mapping or allocation.
        let at = unsafe { base.add(offset - self.at) };
        // SAFETY: neither mmap without MAP_FIXED nor a slice pointer is null.
        unsafe { NonNull::new_unchecked(at) }
    }

    /// Copies `bytes` to where no reader looks yet: before them is a label size or a record size of 0, or no
    /// record points to them, or the file has no name.
    pub(crate) fn fill(&self, offset: usize, bytes: &[u8]) {
        let target = self.pointer(offset, bytes.len());
        // SAFETY: `pointer` vouches for the bytes; `Store` is not `Sync` and has allocated the file's
        // blocks up to there; no handle points to them yet, so nobody in this process touches them.
        unsafe { target.copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len()) };
    }

    /// Makes the field at `offset` part of the list by storing its label size.
    pub(crate) fn publish(&self, offset: usize, label_size: u16) {
        if offset % 2 != 0 {
            // Only the first field of a file begins on an odd offset, and that file has no name yet.
            return self.fill(offset, &label_size.to_ne_bytes());
        }
        let target: NonNull<u16> = self.pointer(offset, 2).cast();
        // SAFETY: in bounds and even, as just checked, so aligned; lives as long as `self`; only ever
        // accessed as an atomic once the file is published.
        let target = unsafe { AtomicU16::from_ptr(target.as_ptr()) };
        // Release: a reader that sees the size sees the field that `fill` wrote after it. Pairs with the
        // reader's look before the one that it takes the field from (the append of `proof/races/tests/orders.rs`).
        target.store(label_size, Ordering::Release);
    }

    /// Makes the record at `offset`, in version 2, part of the list by storing its size.
    ///
    /// # Panics
    /// If the segment does not hold it, or if it is not aligned.
    pub(crate) fn publish_record(&self, offset: usize, size: u32) {
        let target: NonNull<u32> = self.pointer(offset, 4).cast();
        assert!(target.is_aligned(), "a record off its boundary");
        // SAFETY: in bounds and aligned, as just checked; lives as long as `self`; only ever accessed as an
        // atomic once the file is published.
        let target = unsafe { AtomicU32::from_ptr(target.as_ptr()) };
        // Release: a reader that sees the size sees the record, and the value that it points to, which `fill` wrote.
        // Pairs with the reader's look before the one that it takes the record from (the append of
        // `proof/races/tests/orders.rs`).
        target.store(size, Ordering::Release);
    }

    /// The number of eight bytes at `offset`, which a slot may write meanwhile.
    ///
    /// # Panics
    /// If the segment does not hold it, or if it is not aligned.
    pub(crate) fn word(&self, offset: usize) -> u64 {
        let source: NonNull<u64> = self.pointer(offset, 8).cast();
        assert!(source.as_ptr() as usize % 8 == 0, "a number off its boundary");
        // SAFETY: in bounds and aligned, as just checked; lives as long as `self`; numbers are only ever
        // accessed as atomics once they are placed.
        let source = unsafe { AtomicU64::from_ptr(source.as_ptr()) };
        // Acquire pairs with the slot's Release, should the handle be on another thread.
        source.load(Ordering::Acquire)
    }

    /// Writes the pages to the file's disk; waits for it or not.
    pub(crate) fn sync(&self, up_to: usize, wait: bool) -> io::Result<()> {
        let len = up_to.saturating_sub(self.at).min(self.len);
        match &self.memory {
            #[cfg(publishes)]
            Memory::File(HomeMap { map, .. }) if wait => map.flush_range(0, len),
            #[cfg(publishes)]
            Memory::File(HomeMap { map, .. }) => map.flush_async_range(0, len),
            Memory::Private(_) => {
                let _ = (len, wait);
                Ok(())
            }
        }
    }
}

/// A byte that is 1 in the process that made it and 0 in its children: the kernel wipes its page on
/// fork. One load tells whether a handle is still at home.
#[derive(Clone, Copy)]
pub(crate) struct ForkMark(&'static AtomicU8);

/// For memory that a child may go on using, since it has its own copy.
static ALWAYS_HOME: AtomicU8 = AtomicU8::new(1);

impl ForkMark {
    /// A function, since Rust 1.85 refuses a constant that refers to what can change.
    pub(crate) fn always_home() -> Self {
        Self(&ALWAYS_HOME)
    }

    /// Whether this is the process that made the mark.
    #[inline(always)]
    pub(crate) fn is_home(self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// False where the kernel (before 4.14) cannot wipe on fork: then parent and child share the
    /// mapping, which is safe in memory, and their updates mix.
    #[cfg(publishes)]
    pub(crate) fn is_effective(self) -> bool {
        !std::ptr::eq(self.0, &ALWAYS_HOME)
    }
}

/// This process's mark. A child that makes instances of its own gets a new page, so that the marks it
/// inherited stay 0.
#[cfg(publishes)]
pub(crate) fn fork_mark() -> ForkMark {
    static CURRENT: AtomicPtr<AtomicU8> = AtomicPtr::new(std::ptr::null_mut());
    let current = CURRENT.load(Ordering::Acquire);
    // SAFETY: null, or a pointer that was stored below and never freed.
    if let Some(mark) = unsafe { current.as_ref() } {
        if ForkMark(mark).is_home() {
            return ForkMark(mark);
        }
    }
    let mark = wiped_on_fork().unwrap_or(&ALWAYS_HOME);
    // Release pairs with the Acquire above: the mark's 1 is seen. Two threads at once may each make a
    // page; both work, one is spare.
    CURRENT.store(std::ptr::from_ref(mark).cast_mut(), Ordering::Release);
    ForkMark(mark)
}

/// Where nothing is published, no child is told apart.
#[cfg(not(publishes))]
pub(crate) fn fork_mark() -> ForkMark {
    ForkMark::always_home()
}

/// A page of its own that the kernel fills with zeros in a child. Never unmapped.
#[cfg(publishes)]
fn wiped_on_fork() -> Option<&'static AtomicU8> {
    let page = MmapRaw::from(MmapOptions::new().len(page_size()).map_anon().ok()?);
    let start = page.as_mut_ptr();
    // SAFETY: exactly the page that was just mapped, private and anonymous as the advice demands.
    let advise = |advice| unsafe { libc::madvise(start.cast(), page.len(), advice) };
    // qemu's user emulation takes any advice, this one, too, which there is not, and follows none.
    if advise(-1) == 0 || advise(libc::MADV_WIPEONFORK) != 0 {
        return None;
    }
    std::mem::forget(page);
    // SAFETY: the mapping was just leaked, so it lives for ever; a page is aligned for a byte; it is
    // only ever accessed through this reference.
    let mark = unsafe { AtomicU8::from_ptr(start) };
    mark.store(1, Ordering::Relaxed);
    Some(mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_knows_its_bounds() {
        let segment = Segment::private(4096, 16).unwrap();
        assert!(segment.holds(4096, 4112));
        assert!(!segment.holds(4095, 4100));
        assert!(!segment.holds(4100, 4113));
        assert_eq!(segment.pointer(4104, 8).as_ptr() as usize % 8, 0);
    }

    #[test]
    #[should_panic(expected = "outside of the segment")]
    fn a_pointer_past_the_end_is_refused() {
        Segment::private(0, 16).unwrap().pointer(9, 8);
    }
}
