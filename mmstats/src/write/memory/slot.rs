//! Where a value lies in an instance's memory, as the one handle that writes it sees it.
//!
//! One of the two files with `unsafe` (the other is `map.rs`).
//!
//! Readers are other processes that copy the bytes out with `pread`, or map the file. What an update
//! stores depends on the value:
//!
//! - A number is on its natural boundary, and the processor stores such a word whole. So it is
//!   stored in place, in one store, and the index byte never moves: of the two buffers that the format
//!   gives it, one is never used. Readers, the original's too, then look at one word that is always
//!   whole and never older than before, which alternating buffers cannot promise to a reader that looks
//!   at the index once.
//! - Text has many words, and needs both buffers: the text into the spare one, then the index, which
//!   makes it current. The stores pair with the readers' order of looks: where one look sees the new index,
//!   the next sees the new text, and where one sees text being overwritten, the next sees that the index
//!   had moved on before.
//!   `proof/races/tests/orders/` tries every interleaving, also with either order left out, which then fails.
//!
//! A slot is `Send` and not `Sync`: one thread at a time writes, which is what makes plain cells enough.

use std::alloc::handle_alloc_error;
use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering, fence};

use crate::write::memory::segment::{ForkMark, Segment};

/// A number that lives in one naturally aligned word.
///
/// # Safety
/// `store` writes exactly `size_of::<Self>()` bytes at `target`, which the caller has aligned so.
pub(crate) unsafe trait Word: Copy {
    /// Stores atomically, after all stores before it, in the program's order: a reader that sees that a request
    /// was answered, in one field, sees in the field that was updated before it that the request came.
    /// On x86-64 it is the same instruction as without.
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

/// A value in memory, and what tells a forked child that the memory is its parent's.
struct ValueMemory {
    /// For a number, its word. For text, the first buffer; the write buffer byte is before it.
    value: Cell<NonNull<u8>>,
    mark: Cell<ForkMark>,
    /// Keeps `value` valid.
    home: RefCell<Arc<Segment>>,
}

// SAFETY: the pointer is into `home`, which goes with the place and is `Send` and `Sync`; nothing else in
// the process writes there. The cells make it `!Sync`.
unsafe impl Send for ValueMemory {}

impl ValueMemory {
    /// The bytes `at..at + size` of the file, in `home`.
    ///
    /// # Panics
    /// If `home` does not hold them.
    fn new(home: Arc<Segment>, at: usize, size: usize, mark: ForkMark) -> Self {
        let value = Cell::new(home.pointer(at, size));
        Self { value, mark: Cell::new(mark), home: RefCell::new(home) }
    }

    #[inline(always)]
    fn is_home(&self) -> bool {
        self.mark.get().is_home()
    }

    /// In a forked child: the mapping is the parent's and is not there. Goes on in private memory of `size`
    /// bytes, `before` of them before the value.
    #[cold]
    #[inline(never)]
    fn leave(&self, before: usize, size: usize) {
        let Ok(home) = Segment::private(0, size) else { out_of_memory(size) };
        let home = Arc::new(home);
        self.value.set(home.pointer(before, size - before));
        self.mark.set(ForkMark::always_home());
        self.home.replace(home);
    }
}

/// As any allocation that fails ends a program.
#[cold]
fn out_of_memory(size: usize) -> ! {
    std::alloc::Layout::array::<u8>(size).map_or_else(|_| std::process::abort(), handle_alloc_error)
}

/// A number's word.
pub(crate) struct WordSlot<W: Word> {
    place: ValueMemory,
    word: PhantomData<Cell<W>>,
}

impl<W: Word> WordSlot<W> {
    /// The word at `at` of the file, in `home`, on its natural boundary.
    ///
    /// # Panics
    /// If `home` does not hold it, or if it is not aligned.
    pub(crate) fn new(home: Arc<Segment>, at: usize, mark: ForkMark) -> Self {
        let place = ValueMemory::new(home, at, size_of::<W>(), mark);
        assert!(place.value.get().as_ptr() as usize % size_of::<W>() == 0, "a number off its boundary");
        Self { place, word: PhantomData }
    }

    /// Stores the number.
    #[inline(always)]
    pub(crate) fn set(&self, word: W) {
        if self.place.is_home() {
            self.store(word);
        } else {
            self.set_away(word);
        }
    }

    /// The first store in a forked child. It is the last thing that its caller does, and does not unwind: so the caller
    /// jumps here, and saves nothing before, which would take a third as long as an update.
    #[cold]
    #[inline(never)]
    extern "C" fn set_away(&self, word: W) {
        self.place.leave(0, size_of::<W>());
        self.store(word);
    }

    #[inline(always)]
    fn store(&self, word: W) {
        // SAFETY: `new` had bounds and boundary checked, and `leave` allocates whole `u64`s; `home` keeps
        // the memory; this slot is the only writer.
        unsafe { word.store(self.place.value.get().as_ptr()) };
    }
}

/// The two buffers of a text, and the write buffer byte before them.
pub(crate) struct TextSlot {
    place: ValueMemory,
    /// The spare buffer, 0 or 1: what the write buffer byte says. Remembered, so that no update loads from
    /// memory that readers pull on.
    spare: Cell<usize>,
    /// Bytes of one buffer.
    size: usize,
    /// How often it was set.
    stamp: Cell<u32>,
}

impl TextSlot {
    /// The text whose write buffer byte is at `index_at` of the file, in `home`; `size` bytes per buffer, of
    /// which the first is spare.
    ///
    /// # Panics
    /// If `home` does not hold them.
    pub(crate) fn new(home: Arc<Segment>, index_at: usize, size: usize, mark: ForkMark) -> Self {
        let place = ValueMemory::new(home, index_at, 1 + 2 * size, mark);
        // SAFETY: `ValueMemory::new` vouches for one byte and the buffers after it.
        place.value.set(unsafe { place.value.get().add(1) });
        Self { place, spare: Cell::new(0), size, stamp: Cell::new(0) }
    }

    /// Stores text, cut to the slot's size, with a NUL after it where there is room, and makes it current.
    ///
    /// What comes after the NUL is no text. Where there is room, the last four bytes count the updates,
    /// so that two looks at a buffer that is written meanwhile differ even where the texts repeat: torn
    /// bytes could agree otherwise. Longer text does without.
    #[inline]
    pub(crate) fn set(&self, text: &[u8]) {
        self.stay_home();
        let spare = self.spare.get();
        let stamp = self.stamp.get().wrapping_add(1);
        let value = self.place.value.get();
        // All cells are done with before the first store to the map, which might be one of them for all
        // that the compiler knows.
        self.spare.set(spare ^ 1);
        self.stamp.set(stamp);
        let len = text.len().min(self.size);
        // SAFETY: `spare` is 0 or 1, and `new` had the bounds checked for both buffers.
        let target = unsafe { value.add(spare * self.size) };
        // The index store of the update before comes first: a reader that catches the spare buffer
        // changing must find, when it looks again, that the index no longer names this buffer. No
        // instruction on x86-64.
        fence(Ordering::Release);
        if len + 1 + size_of::<u32>() <= self.size {
            // SAFETY: the last four bytes of the buffer, which has more than four, as just checked.
            let last = unsafe { target.add(self.size - size_of::<u32>()) };
            // SAFETY: in bounds as above; unaligned, as text may begin anywhere.
            unsafe { last.cast::<u32>().write_unaligned(stamp) };
            // The stamp before the text: a look after the one that saw a byte of it sees this stamp or a
            // later one.
            fence(Ordering::Release);
        }
        // SAFETY: at most `size` bytes, for which `new` had the bounds checked; the source is a Rust
        // slice, which cannot overlap memory that only slots point to; this slot is the only writer.
        unsafe { target.copy_from_nonoverlapping(NonNull::from(text).cast(), len) };
        if len < self.size {
            // SAFETY: `len` is inside the buffer.
            let nul = unsafe { target.add(len) };
            // SAFETY: as above.
            unsafe { nul.write(0) };
        }
        // SAFETY: the write buffer byte is before the first buffer, in `home`.
        let index = unsafe { value.sub(1) };
        // SAFETY: valid as above, aligned since it is a byte, accessed only as an atomic.
        let index = unsafe { AtomicU8::from_ptr(index.as_ptr()) };
        // Release: the text is in its buffer before the index points readers to it. Pairs with the fence
        // after each look: a look after the one that saw the index sees the text.
        #[allow(clippy::cast_possible_truncation)]
        index.store((spare ^ 1) as u8, Ordering::Release);
    }

    /// The current buffer's bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.stay_home();
        let mut bytes = vec![0; self.size];
        // SAFETY: as in `set`.
        let current = unsafe { self.place.value.get().add((self.spare.get() ^ 1) * self.size) };
        // SAFETY: `size` bytes are valid there; only this slot writes them, on this thread.
        unsafe { current.copy_to_nonoverlapping(NonNull::from(bytes.as_mut_slice()).cast(), self.size) };
        bytes
    }

    #[inline(always)]
    fn stay_home(&self) {
        if !self.place.is_home() {
            self.place.leave(1, 1 + 2 * self.size);
        }
    }
}

/// What is in memory.
#[cfg(test)]
fn memory(home: &Segment, at: usize, len: usize) -> Vec<u8> {
    let start = home.pointer(at, len);
    // SAFETY: `pointer` checked the bounds; no other thread is there.
    unsafe { std::slice::from_raw_parts(start.as_ptr(), len) }.to_vec()
}

#[cfg(test)]
mod tests;
