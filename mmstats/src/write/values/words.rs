//! A value's memory as atomic words.
//!
//! The one file of this module with `unsafe`.

use std::marker::PhantomData;
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::Arc;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use std::sync::atomic::{AtomicPtr, AtomicU64};

use crate::write::memory::segment::{ForkMark, Segment};

/// Bytes of a word.
pub(crate) const WORD: usize = size_of::<u64>();

/// `HEAD` words at known places, then any number of further ones.
///
/// The memory is shared with readers in other processes. In this process, nothing but the value's own
/// handle has it, and only as atomics.
///
/// # After a fork
/// The child has no access to the mapping. It goes on in zeroed memory of its own.
pub(crate) struct Words<const HEAD: usize> {
    first: NonNull<AtomicU64>,
    /// How many words there are after the head.
    rest: usize,
    mark: ForkMark,
    /// Keeps the memory at `first`.
    _home: Arc<Segment>,
    /// The memory of a forked child, null before its first update: a boxed slice of all the words.
    ///
    /// No `OnceLock`: several threads may have the words, and a child that is forked while another thread makes the
    /// memory would wait for that thread for ever.
    away: AtomicPtr<AtomicU64>,
}

// SAFETY: the pointer is into `_home`, which goes with it and is `Send` and `Sync`, or into `away`, which goes, too. It
// is not `Sync`: see `Own`.
unsafe impl<const HEAD: usize> Send for Words<HEAD> {}

impl<const HEAD: usize> Words<HEAD> {
    /// The words at byte `at` of the file, in `home`: the head and `rest` more.
    ///
    /// # Panics
    /// If `home` does not hold them, or if they are not aligned.
    pub(crate) fn new(home: Arc<Segment>, at: usize, rest: usize, mark: ForkMark) -> Self {
        let first: NonNull<AtomicU64> = home.pointer(at, (HEAD + rest) * WORD).cast();
        assert!(first.is_aligned(), "a word off its boundary");
        Self { first, rest, mark, _home: home, away: AtomicPtr::default() }
    }

    /// Calls `f` with the head and the rest: those of the file, or in a forked child its own.
    #[inline(always)]
    pub(crate) fn with<R>(&self, f: impl FnOnce(&[AtomicU64; HEAD], &[AtomicU64]) -> R) -> R {
        if !self.mark.is_home() {
            return self.with_away(f);
        }
        // SAFETY: `new` had bounds and boundary checked; `_home` keeps the memory, and this is the process that
        // has it.
        let (head, rest) = unsafe { self.at(self.first) };
        f(head, rest)
    }

    /// An update: as [`Words::with`], with what `f` needs besides the words handed on.
    ///
    /// What a closure holds is stored on the stack before it is known whether there was a fork, for the call that is
    /// made after one: for text that is a third of what is done besides copying. These go in registers.
    #[inline(always)]
    pub(crate) fn update<O, A>(
        &self,
        owner: &O,
        argument: A,
        f: impl Fn(&O, A, &[AtomicU64; HEAD], Own<'_>) + Copy,
    ) {
        if !self.mark.is_home() {
            self.update_away(owner, argument, f);
            return;
        }
        // SAFETY: as in `with`.
        let (head, rest) = unsafe { self.at(self.first) };
        f(owner, argument, head, Own { words: rest, not_send: PhantomData });
    }

    #[cold]
    #[inline(never)]
    fn update_away<O, A>(&self, owner: &O, argument: A, f: impl Fn(&O, A, &[AtomicU64; HEAD], Own<'_>)) {
        self.with_away(|head, rest| f(owner, argument, head, Own { words: rest, not_send: PhantomData }));
    }

    /// The whole of an update in a forked child. A call in the midst of an update would make it keep its
    /// numbers on the stack, which is half of what it costs.
    #[cold]
    #[inline(never)]
    fn with_away<R>(&self, f: impl FnOnce(&[AtomicU64; HEAD], &[AtomicU64]) -> R) -> R {
        // Acquire pairs with the exchange in `make_away`: another thread may have made it.
        let first = NonNull::new(self.away.load(Acquire)).unwrap_or_else(|| self.make_away());
        // SAFETY: as many words as `HEAD` and `rest` are, which stay until `self` goes.
        let (head, rest) = unsafe { self.at(first) };
        f(head, rest)
    }

    /// Memory of all the words: this thread's, or that of another one which was earlier.
    fn make_away(&self) -> NonNull<AtomicU64> {
        let made: Box<[AtomicU64]> = (0..HEAD + self.rest).map(|_| AtomicU64::new(0)).collect();
        let made: NonNull<[AtomicU64]> = Box::leak(made).into();
        let first = made.cast::<AtomicU64>();
        match self.away.compare_exchange(ptr::null_mut(), first.as_ptr(), AcqRel, Acquire) {
            Ok(_) => first,
            Err(earlier) => {
                // SAFETY: leaked above, and nobody else has seen it.
                drop(unsafe { Box::from_raw(made.as_ptr()) });
                // Never null, since only null is exchanged.
                NonNull::new(earlier).unwrap_or(first)
            }
        }
    }

    /// The head and the rest from `first` on.
    ///
    /// # Safety
    /// From `first` on there are `HEAD + rest` aligned words, for as long as `self` is borrowed, which this
    /// process accesses only as atomics. No order is promised here: what a store pairs with is said where it is
    /// made.
    #[inline(always)]
    unsafe fn at(&self, first: NonNull<AtomicU64>) -> (&[AtomicU64; HEAD], &[AtomicU64]) {
        // SAFETY: the caller vouches for the words; every `u64` is valid.
        let head = unsafe { first.cast::<[AtomicU64; HEAD]>().as_ref() };
        // SAFETY: inside of the same words, or at their end.
        let rest = unsafe { first.add(HEAD) };
        // SAFETY: the `rest` words after the head.
        let rest = unsafe { slice::from_raw_parts(rest.as_ptr(), self.rest) };
        (head, rest)
    }
}

impl<const HEAD: usize> Drop for Words<HEAD> {
    fn drop(&mut self) {
        if let Some(first) = NonNull::new(*self.away.get_mut()) {
            let words = ptr::slice_from_raw_parts_mut(first.as_ptr(), HEAD + self.rest);
            // SAFETY: `make_away` leaked a box of exactly these words, which nobody borrows any more.
            drop(unsafe { Box::from_raw(words) });
        }
    }
}

/// Words that any number of threads may update at the same time.
pub(crate) struct AtomicWords<const HEAD: usize>(Words<HEAD>);

// SAFETY: what threads get of it, by `with`, is atomics. `first`, `rest` and `mark` never change, `_home` is `Sync`, and
// `away` is set once, by an exchange. What stores plainly, `update`, is out of reach.
unsafe impl<const HEAD: usize> Sync for AtomicWords<HEAD> {}

impl<const HEAD: usize> AtomicWords<HEAD> {
    /// As [`Words::new`].
    ///
    /// # Panics
    /// As [`Words::new`].
    pub(crate) fn new(home: Arc<Segment>, at: usize, rest: usize, mark: ForkMark) -> Self {
        Self(Words::new(home, at, rest, mark))
    }

    /// As [`Words::with`].
    #[inline(always)]
    pub(crate) fn with<R>(&self, f: impl FnOnce(&[AtomicU64; HEAD], &[AtomicU64]) -> R) -> R {
        self.0.with(f)
    }
}

/// Words that nothing else in this process accesses for now: only their handle has them, and neither that is `Sync`
/// nor this `Send`.
pub(crate) struct Own<'a> {
    words: &'a [AtomicU64],
    not_send: PhantomData<*const ()>,
}

impl<'a> Own<'a> {
    /// All of them.
    #[inline(always)]
    pub(crate) fn words(self) -> &'a [AtomicU64] {
        self.words
    }

    /// The first half of the words, or the second.
    #[inline(always)]
    pub(crate) fn half(self, second: bool) -> Self {
        let (first, other) = self.words.split_at(self.words.len() / 2);
        Self { words: if second { other } else { first }, ..self }
    }

    /// Stores a number in word `at`.
    ///
    /// # Panics
    /// If there is no such word.
    #[inline(always)]
    pub(crate) fn store(&self, at: usize, number: u64) {
        self.words[at].store(number, Relaxed);
    }

    /// Copies bytes to word `at` and those after it, with zeros up to the end of the last word.
    ///
    /// Readers are other processes, and copy the bytes out in whatever order: that these are plain stores makes no
    /// difference to them. They stay between the fence before and the release store after this call.
    ///
    /// # Panics
    /// If there are not so many words.
    #[inline(always)]
    pub(crate) fn copy(&self, at: usize, bytes: &[u8]) {
        let Some(last) = bytes.len().checked_sub(1) else { return };
        let target = &self.words[at..];
        target[last / WORD].store(0, Relaxed);
        let to = target.as_ptr().cast_mut().cast::<u8>();
        // SAFETY: the word of the last byte is there, as was just looked at, so all the bytes have a place in the words,
        // which are atomics and so may be written through a shared reference, and which no slice of bytes overlaps.
        // Nothing else in this process accesses them now.
        unsafe { to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    }
}

/// The word that holds two numbers, the first at the lower address.
#[inline]
pub(crate) fn pair(first: u32, second: u32) -> u64 {
    // Byte by byte it would be 14 instructions.
    let (low, high) = if cfg!(target_endian = "little") { (first, second) } else { (second, first) };
    u64::from(high) << 32 | u64::from(low)
}

/// A pair's first number.
#[inline]
pub(crate) fn first_of(word: u64) -> u32 {
    let [a, b, c, d, ..] = word.to_ne_bytes();
    u32::from_ne_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::values::testing::{Place, in_a_child};

    #[test]
    fn the_head_comes_first_and_the_rest_after_it() {
        let place = Place::private();
        let words = Words::<2>::new(place.home(), place.at, 3, place.mark);
        words.with(|head, rest| {
            assert_eq!(rest.len(), 3);
            for (value, word) in (1..).zip(head.iter().chain(rest)) {
                word.store(value, Relaxed);
            }
        });
        assert_eq!(place.words(0..6), [1, 2, 3, 4, 5, 0]);
    }

    #[test]
    fn there_may_be_no_head_and_no_rest() {
        let place = Place::private();
        let words = Words::<0>::new(place.home(), place.at, 0, place.mark);
        assert!(words.with(|_, rest| rest.is_empty()));
    }

    #[test]
    #[should_panic(expected = "a word off its boundary")]
    fn words_off_their_boundary_are_refused() {
        let place = Place::private();
        Words::<1>::new(place.home(), place.at + 4, 0, place.mark);
    }

    #[test]
    #[should_panic(expected = "outside of the segment")]
    fn words_past_the_end_are_refused() {
        let home = Arc::new(Segment::private(0, 24).unwrap());
        Words::<2>::new(home, 0, 2, ForkMark::always_home());
    }

    /// Copies to the second half of four words, whose bits are all set.
    fn copied(place: &Place, bytes: &[u8]) {
        place.fill(&[0xff; 5 * WORD]);
        let words = Words::<1>::new(place.home(), place.at, 4, place.mark);
        words.update(&(), bytes, |(), bytes, _, rest| rest.half(true).copy(0, bytes));
    }

    #[test]
    fn bytes_fill_words_with_zeros_after_them_and_leave_the_others() {
        for len in 0..=2 * WORD {
            let place = Place::private();
            let given: Vec<u8> = (1..).take(len).collect();
            copied(&place, &given);
            let mut seen = given;
            seen.resize(len.next_multiple_of(WORD), 0);
            seen.resize(2 * WORD, 0xff);
            assert_eq!(place.bytes(3 * WORD..5 * WORD), seen);
            assert_eq!(place.words(0..3), [u64::MAX; 3]);
        }
    }

    #[test]
    #[should_panic(expected = "index out of bounds")]
    fn bytes_that_have_no_place_are_refused() {
        copied(&Place::private(), &[0; 2 * WORD + 1]);
    }

    #[test]
    fn a_pair_lies_in_the_order_it_is_named() {
        assert_eq!(pair(1, 2).to_ne_bytes(), [1_u32.to_ne_bytes(), 2_u32.to_ne_bytes()].concat()[..]);
        assert_eq!(first_of(pair(7, 9)), 7);
    }

    #[test]
    #[cfg_attr(miri, ignore = "no fork")]
    fn a_forked_child_has_zeroed_words_of_its_own() {
        let place = Place::in_file();
        let words = Words::<1>::new(place.home(), place.at, 1, place.mark);
        words.with(|head, _| head[0].store(5, Relaxed));
        assert!(in_a_child(|| {
            let before = words.with(|head, rest| {
                rest[0].store(7, Relaxed);
                head[0].swap(6, Relaxed)
            });
            before == 0 && words.with(|head, rest| [head[0].load(Relaxed), rest[0].load(Relaxed)]) == [6, 7]
        }));
        assert_eq!(place.words(0..2), [5, 0]);
    }
}
