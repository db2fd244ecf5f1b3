//! A value in an instance's memory, as the one handle that writes it sees it.
//!
//! One of the two files with `unsafe` (the other is `map.rs`).
//!
//! An update of a buffered value is two stores: the value into the spare buffer, then the index, both
//! release. Readers are other processes that copy the bytes out with `pread`. The stores pair with their
//! order of looking: who sees the new index sees the new value, and who sees a value being overwritten
//! sees that the index had moved on before. `races/tests/orders.rs` tries every interleaving, also with
//! either order left out, which then fails. The handle remembers which buffer is spare, so it never
//! loads from memory that readers pull on.
//!
//! A [`Slot`] is `Send` and not `Sync`: one thread at a time writes, which is what makes plain cells
//! enough.

use std::cell::{Cell, RefCell};
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering, fence};

use crate::map::{ForkMark, Segment};

/// A number that lives in one naturally aligned word.
///
/// # Safety
/// `store` writes exactly `size_of::<Self>()` bytes at `target`, which the caller has aligned so.
pub(crate) unsafe trait Word: Copy {
    /// Stores atomically, after all stores before it. The one that matters is the index store of the
    /// update before: a reader that catches the spare buffer changing must find, when it looks again,
    /// that the index no longer names this buffer. On x86-64 it is the same instruction as without.
    ///
    /// # Safety
    /// `target` is aligned to `size_of::<Self>()`, valid for writes of as many bytes, and accessed by
    /// this process only through atomics.
    unsafe fn store(self, target: *mut u8);
}

macro_rules! words {
    ($($type:ty => $atomic:ty, $bits:ty, $to_bits:expr;)*) => {$(
        // SAFETY: an atomic of the type's own size does the store.
        unsafe impl Word for $type {
            #[inline(always)]
            unsafe fn store(self, target: *mut u8) {
                let to_bits: fn($type) -> $bits = $to_bits;
                // SAFETY: the caller keeps what the trait demands.
                let target = unsafe { <$atomic>::from_ptr(target.cast()) };
                target.store(to_bits(self), Ordering::Release);
            }
        }
    )*};
}

words! {
    u8 => AtomicU8, u8, |value| value;
    i8 => AtomicU8, u8, |value| u8::from_ne_bytes(value.to_ne_bytes());
    u16 => AtomicU16, u16, |value| value;
    i16 => AtomicU16, u16, |value| u16::from_ne_bytes(value.to_ne_bytes());
    u32 => AtomicU32, u32, |value| value;
    i32 => AtomicU32, u32, |value| u32::from_ne_bytes(value.to_ne_bytes());
    u64 => AtomicU64, u64, |value| value;
    i64 => AtomicU64, u64, |value| u64::from_ne_bytes(value.to_ne_bytes());
    f32 => AtomicU32, u32, f32::to_bits;
    f64 => AtomicU64, u64, f64::to_bits;
}

/// Where one field's values lie: the write buffer byte, and behind it one value or two.
pub(crate) struct Slot {
    /// The first value. The write buffer byte stands in front of it.
    value: Cell<NonNull<u8>>,
    /// The spare buffer, 0 or 1: what the write buffer byte says. Stays 0 where there is one value only.
    spare: Cell<usize>,
    /// Bytes of one value.
    size: usize,
    /// How often text was set.
    stamp: Cell<u32>,
    mark: Cell<ForkMark>,
    /// Keeps `value` valid.
    home: RefCell<Arc<Segment>>,
}

// SAFETY: the pointer is into `home`, which goes with the slot and is `Send` and `Sync`; nothing else in
// the process writes there. The cells make the slot `!Sync`.
unsafe impl Send for Slot {}

impl Slot {
    /// The field whose write buffer byte is at `index_at` of the file, in `home`; `size` bytes a value,
    /// on their natural boundary if they are to be stored as a [`Word`].
    ///
    /// # Panics
    /// If `home` does not hold them.
    pub(crate) fn new(
        home: Arc<Segment>,
        index_at: usize,
        size: usize,
        buffered: bool,
        mark: ForkMark,
    ) -> Self {
        let values = size * (1 + usize::from(buffered));
        let index = home.pointer(index_at, 1 + values);
        // SAFETY: `pointer` vouches for one byte and the values behind it.
        let value = unsafe { index.add(1) };
        let (value, spare, mark) = (Cell::new(value), Cell::new(0), Cell::new(mark));
        Self { value, spare, size, stamp: Cell::new(0), mark, home: RefCell::new(home) }
    }

    /// Stores a number that has two buffers, and makes it current.
    #[inline(always)]
    pub(crate) fn set<W: Word>(&self, word: W) {
        debug_assert_eq!(size_of::<W>(), self.size);
        debug_assert_eq!(self.value.get().as_ptr() as usize % size_of::<W>(), 0);
        let (value, spare) = self.begin();
        // SAFETY: `spare` is 0 or 1, and `new` had the bounds checked for both buffers.
        let target = unsafe { value.add(spare * size_of::<W>()) };
        // SAFETY: in bounds as above; the layout puts numbers on their natural boundary (asserted above
        // in debug builds); this slot is the only writer.
        unsafe { word.store(target.as_ptr()) };
        Self::publish(value, spare);
    }

    /// Stores a number that has one buffer.
    #[inline(always)]
    pub(crate) fn set_single<W: Word>(&self, word: W) {
        debug_assert_eq!(size_of::<W>(), self.size);
        self.stay_home();
        // SAFETY: as in `set`, for the one buffer.
        unsafe { word.store(self.value.get().as_ptr()) };
    }

    /// Stores text in a slot of two buffers, cut to the slot's size, with a NUL behind it where there is
    /// room, and makes it current.
    ///
    /// What stands behind the NUL is no text. Where there is room, the last four bytes count the updates,
    /// so that two looks at a buffer that is written meanwhile differ even where the texts repeat: torn
    /// bytes could agree otherwise. Longer text does without.
    #[inline]
    pub(crate) fn set_bytes(&self, bytes: &[u8]) {
        let (value, spare) = self.begin();
        let len = bytes.len().min(self.size);
        // SAFETY: as in `set`.
        let target = unsafe { value.add(spare * self.size) };
        // The index store of the update before comes first, as in `Word::store`; no instruction on x86-64.
        fence(Ordering::Release);
        let stamp = self.stamp.get().wrapping_add(1);
        self.stamp.set(stamp);
        if len + 1 + size_of::<u32>() <= self.size {
            // SAFETY: the last four bytes of the buffer, which has more than four, as just checked.
            let last = unsafe { target.add(self.size - size_of::<u32>()) };
            // SAFETY: in bounds as above; unaligned, as text may stand anywhere.
            unsafe { last.cast::<u32>().write_unaligned(stamp) };
            // The stamp before the text: who sees a byte of it, and then the stamp, sees this stamp or a
            // later one.
            fence(Ordering::Release);
        }
        // SAFETY: at most `size` bytes, for which `new` had the bounds checked; the source is a Rust
        // slice, which cannot overlap memory that only slots point to; this slot is the only writer.
        unsafe { target.copy_from_nonoverlapping(NonNull::from(bytes).cast(), len) };
        if len < self.size {
            // SAFETY: `len` is inside the buffer.
            let nul = unsafe { target.add(len) };
            // SAFETY: as above.
            unsafe { nul.write(0) };
        }
        Self::publish(value, spare);
    }

    /// The current value's bytes, of a slot of two buffers.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.stay_home();
        let mut bytes = vec![0; self.size];
        // SAFETY: as in `set`.
        let current = unsafe { self.value.get().add((self.spare.get() ^ 1) * self.size) };
        // SAFETY: `size` bytes are valid there; only this slot writes them, on this thread.
        unsafe { current.copy_to_nonoverlapping(NonNull::from(bytes.as_mut_slice()).cast(), self.size) };
        bytes
    }

    /// Where the values are, and which of them is to be written. The other is the next one's already:
    /// all cells are done with before the first store to the map, which might be one of them for all that
    /// the compiler knows.
    #[inline(always)]
    fn begin(&self) -> (NonNull<u8>, usize) {
        self.stay_home();
        let spare = self.spare.get();
        self.spare.set(spare ^ 1);
        (self.value.get(), spare)
    }

    /// Makes the value that was just stored in buffer `spare` current.
    #[inline(always)]
    fn publish(value: NonNull<u8>, spare: usize) {
        // SAFETY: the write buffer byte stands in front of the first value, in `home`.
        let index = unsafe { value.sub(1) };
        // SAFETY: valid as above, aligned since it is a byte, accessed only as an atomic.
        let index = unsafe { AtomicU8::from_ptr(index.as_ptr()) };
        // Release: the value is in its buffer before the index points readers to it. Pairs with the
        // reader's copy, which runs forward: index first.
        #[allow(clippy::cast_possible_truncation)]
        index.store((spare ^ 1) as u8, Ordering::Release);
    }

    #[inline(always)]
    fn stay_home(&self) {
        if !self.mark.get().is_home() {
            self.leave();
        }
    }

    /// In a forked child: the mapping is the parent's and is not there. Goes on in private memory.
    #[cold]
    #[inline(never)]
    fn leave(&self) {
        // A word in front, so that the first value is aligned; its last byte is the write buffer.
        let home = Arc::new(Segment::private(0, 8 + 2 * self.size));
        self.value.set(home.pointer(8, 2 * self.size));
        self.spare.set(0);
        self.mark.set(ForkMark::ALWAYS_HOME);
        self.home.replace(home);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A slot on plain memory whose write buffer byte is at 7, and that memory.
    fn slot(size: usize, buffered: bool) -> (Slot, Arc<Segment>) {
        let home = Arc::new(Segment::private(0, 8 + 2 * size));
        (Slot::new(Arc::clone(&home), 7, size, buffered, ForkMark::ALWAYS_HOME), home)
    }

    fn memory(home: &Segment, at: usize, len: usize) -> Vec<u8> {
        let start = home.pointer(at, len);
        // SAFETY: `pointer` checked the bounds; no other thread is there.
        unsafe { std::slice::from_raw_parts(start.as_ptr(), len) }.to_vec()
    }

    #[test]
    fn a_buffered_value_alternates_and_the_index_names_the_spare() {
        let (slot, home) = slot(8, true);
        slot.set(1_u64);
        assert_eq!(memory(&home, 7, 9), [&[1][..], &1_u64.to_ne_bytes()].concat());
        slot.set(2_u64);
        assert_eq!(memory(&home, 7, 9), [&[0][..], &1_u64.to_ne_bytes()].concat());
        assert_eq!(memory(&home, 16, 8), 2_u64.to_ne_bytes());
        assert_eq!(slot.bytes(), 2_u64.to_ne_bytes());
    }

    #[test]
    fn an_unbuffered_value_stays_in_place() {
        let (slot, home) = slot(1, false);
        slot.set_single(-5_i8);
        slot.set_single(-6_i8);
        assert_eq!(memory(&home, 7, 3), [0, 250, 0]);
    }

    #[test]
    fn text_is_cut_and_ends_in_nul_where_there_is_room() {
        let (slot, _home) = slot(4, true);
        slot.set_bytes(b"abcdef");
        assert_eq!(slot.bytes(), b"abcd");
        slot.set_bytes(b"wxyz");
        slot.set_bytes(b"p");
        assert_eq!(slot.bytes(), b"p\0cd");
    }

    #[test]
    fn one_that_left_home_goes_on_in_memory_of_its_own() {
        let (slot, home) = slot(8, true);
        slot.set(1_u64);
        slot.leave();
        slot.set(2_u64);
        assert_eq!(slot.bytes(), 2_u64.to_ne_bytes());
        assert_eq!(memory(&home, 8, 8), 1_u64.to_ne_bytes());
    }
}
