//! Numbers in memory of Python's, and who may use them when. The only file with `unsafe`.
//!
//! The memory is a mapping of the file or a `bytearray`. It cannot go, nor be resized, while a buffer of it is held, so
//! a handle holds one as long as it has a pointer.
//!
//! One thread at a time is in a handle: in a Python with a GIL the one that has it, in a free-threaded one the one in
//! the handle's critical section. Readers are other processes, so what is stored is stored by atomics.

use std::cell::UnsafeCell;
use std::mem;
use std::ops::Deref;
use std::ptr::NonNull;
use std::slice;
use std::sync::atomic::Ordering::{Relaxed, Release};
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64};

use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::PyBufferError;
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;

/// Adds to a number that only this handle changes. One thread at a time is in the handle, so nothing is lost
/// without the processor's lock, which would make an update a quarter longer. A reader that sees the sum
/// sees what was stored before.
#[inline(always)]
pub(crate) fn add(word: &AtomicU64, amount: u64) {
    word.store(word.load(Relaxed).wrapping_add(amount), Release);
}

/// What only the thread that is in a handle may see.
pub(crate) struct Guarded<T>(UnsafeCell<T>);

// SAFETY: `with` lets one thread at a time in, and what it guards may be handed from thread to thread.
unsafe impl<T: Send> Sync for Guarded<T> {}

impl<T: Send> Guarded<T> {
    pub(crate) fn new(inside: T) -> Self {
        Self(UnsafeCell::new(inside))
    }

    /// Does `work` in the handle that is `owner`, which is always the object that this is a part of. `work` runs
    /// nothing of Python's, which would let other threads in, or come back here: it must be `Send`, so it has no
    /// Python object at hand, and what it takes out it gives back, to be dropped outside.
    #[inline(always)]
    pub(crate) fn with<R: Send>(&self, owner: &Bound<'_, PyAny>, work: impl FnOnce(&mut T) -> R + Send) -> R {
        with_critical_section(owner, || {
            // SAFETY: `owner` proves that this thread has the GIL, which nothing in `work` gives away; without a GIL,
            // the section keeps other threads out of this owner. `work` does not come back here. So this is the only
            // reference.
            work(unsafe { &mut *self.0.get() })
        })
    }
}

/// A number that other processes may look at while it is stored.
///
/// # Safety
/// The type is as large as its alignment, and any bytes are one of its values.
pub(crate) unsafe trait Number: Default {}

// SAFETY: atomics have the size and the values of their integers, and are aligned to it.
unsafe impl Number for AtomicU8 {}
// SAFETY: as above.
unsafe impl Number for AtomicU16 {}
// SAFETY: as above.
unsafe impl Number for AtomicU32 {}
// SAFETY: as above.
unsafe impl Number for AtomicU64 {}

/// Numbers in memory that stays as long as this is there.
pub(crate) struct Numbers<N = AtomicU64> {
    first: NonNull<N>,
    count: usize,
    _held: Held<N>,
}

impl Guarded<Numbers> {
    /// Goes on in other memory, from the first number that it has. The memory that it leaves is dropped outside.
    pub(crate) fn move_to(&self, owner: &Bound<'_, PyAny>, place: Numbers) {
        let before = self.with(owner, |numbers| {
            place[0].store(numbers[0].load(Relaxed), Release);
            mem::replace(numbers, place)
        });
        drop(before);
    }
}

/// What keeps the memory.
enum Held<N> {
    Python { _buffer: PyUntypedBuffer },
    Private { _numbers: Vec<N> },
}

// SAFETY: nothing refers to the thread: the memory is held by a buffer, which may be released by any thread, or is our
// own, and `N` may be used by any thread.
unsafe impl<N: Send + Sync> Send for Numbers<N> {}
// SAFETY: as above; a shared reference gives shared references to `N` only.
unsafe impl<N: Send + Sync> Sync for Numbers<N> {}

impl<N: Number> Numbers<N> {
    /// Zeros that no reader sees.
    pub(crate) fn private(count: usize) -> Self {
        let mut numbers: Vec<N> = (0..count).map(|_| N::default()).collect();
        let first = NonNull::from(numbers.as_mut_slice()).cast();
        Self { first, count, _held: Held::Private { _numbers: numbers } }
    }

    /// The first `count` numbers of an object with a buffer.
    ///
    /// # Errors
    /// It has none that can be written to, or it is too small.
    pub(crate) fn of(object: &Bound<'_, PyAny>, count: usize) -> PyResult<Self> {
        let buffer = PyUntypedBuffer::get(object)?;
        let wrong = if buffer.readonly() || !buffer.is_c_contiguous() {
            "cannot be written to"
        } else if buffer.len_bytes() / size_of::<N>() < count {
            "is too small"
        } else {
            ""
        };
        if !wrong.is_empty() {
            return Err(PyBufferError::new_err(format!("the memory {wrong}")));
        }
        let first = buffer.buf_ptr().cast::<N>();
        match NonNull::new(first) {
            Some(first) if first.is_aligned() => {
                Ok(Self { first, count, _held: Held::Python { _buffer: buffer } })
            }
            // All values of a file are on their natural boundaries. So this is memory that stands in for a file.
            _ => Ok(Self::private(count)),
        }
    }
}

impl<N> Deref for Numbers<N> {
    type Target = [N];

    #[inline(always)]
    fn deref(&self) -> &[N] {
        // SAFETY: `of` and `private` made sure of the bounds and the boundary, and what is held keeps the memory where
        // it is. Any bytes are numbers. In this process the memory is looked at by atomics, and by Python's own
        // moves of words where a field is made, before a handle has it; other processes only read it.
        unsafe { slice::from_raw_parts(self.first.as_ptr(), self.count) }
    }
}
