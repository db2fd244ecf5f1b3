//! Values that several threads update at the same time: numbers and histograms, whose every word is right on its
//! own. Each update adds to a word by one atomic operation, so nothing is lost, and no update waits for another.
//!
//! Values of which several words must match (text, mean, window, recent) have no such writer.
//!
//! All operations have release ordering, so that what readers are promised of one writer holds for several: who sees a
//! word sees what was stored before it. An addition continues the release sequence of the additions before it, so who
//! sees the `n`th addition to one word sees what each of the `n` threads had done before its own.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicU64, fence};

use super::histogram::{HEAD, look};
use super::words::AtomicWords;
use crate::format::histogram::{self as read, Shape};
use crate::write::memory::segment::{ForkMark, Segment};

/// A number of eight bytes. In version 1 it is the buffer that is current, which never changes.
pub(crate) struct Number(AtomicWords<1>);

impl Number {
    /// The word at byte `at` of the file, in `home`.
    ///
    /// # Panics
    /// If `home` does not hold it, or if it is not aligned.
    pub(crate) fn new(home: Arc<Segment>, at: usize, mark: ForkMark) -> Self {
        Self(AtomicWords::new(home, at, 0, mark))
    }

    /// Adds modulo 2^64, which is right for signed numbers, too.
    #[inline(always)]
    pub(crate) fn add(&self, n: u64) {
        // By value: what the closure refers to would have to be in memory, and before an atomic operation each store
        // takes as long as the operation.
        self.0.with(move |[word], _| word.fetch_add(n, Release));
    }

    /// Makes it `value`, if it is less.
    #[inline(always)]
    pub(crate) fn raise(&self, value: u64) {
        self.0.with(move |[word], _| raise(word, value));
    }

    #[inline(always)]
    pub(crate) fn set(&self, value: u64) {
        self.0.with(move |[word], _| word.store(value, Release));
    }

    #[inline(always)]
    pub(crate) fn get(&self) -> u64 {
        self.0.with(|[word], _| word.load(Acquire))
    }

    /// Adds to an `f64`.
    #[inline(always)]
    pub(crate) fn add_f64(&self, n: f64) {
        self.0.with(move |[word], _| {
            let mut before = word.load(Relaxed);
            loop {
                let sum = (f64::from_bits(before) + n).to_bits();
                match word.compare_exchange_weak(before, sum, Release, Relaxed) {
                    Ok(_) => return,
                    Err(now) => before = now,
                }
            }
        });
    }
}

/// Count, sum and maximum of whole numbers, and how many fell into each bucket.
pub(crate) struct Histogram {
    words: AtomicWords<HEAD>,
    shape: Shape,
}

impl Histogram {
    /// As [`super::histogram::Histogram::new`].
    ///
    /// # Panics
    /// As [`AtomicWords::new`].
    pub(crate) fn new(home: Arc<Segment>, at: usize, shape: Shape, mark: ForkMark) -> Self {
        Self { words: AtomicWords::new(home, at, shape.buckets(), mark), shape }
    }

    /// Counts a number, in the order in which one writer does: bucket, sum, greatest, count. A reader that sees the
    /// count sees at least as many numbers in the buckets, and all of their sum.
    #[inline]
    pub(crate) fn record(&self, value: u64) {
        let shape = self.shape;
        self.words.with(move |[count, sum, max, _], buckets| {
            let [.., last] = buckets else { return };
            let bucket = buckets.get(shape.index_or_beyond(value)).unwrap_or(last);
            bucket.fetch_add(1, Release);
            sum.fetch_add(value, Release);
            raise(max, value);
            count.fetch_add(1, Release);
        });
    }

    /// What a reader would read.
    pub(crate) fn read(&self) -> read::Histogram {
        self.words.with(|head, buckets| look(self.shape, head, buckets))
    }

    /// How many numbers were recorded.
    pub(crate) fn count(&self) -> u64 {
        self.words.with(|[count, ..], _| count.load(Acquire))
    }

    /// The sum of all numbers, modulo 2^64: of at least those that `count` has counted before.
    pub(crate) fn sum(&self) -> u64 {
        self.words.with(|[_, sum, ..], _| sum.load(Acquire))
    }

    /// The largest number; 0 before the first.
    pub(crate) fn max(&self) -> u64 {
        self.words.with(|[_, _, max, _], _| max.load(Acquire))
    }

    /// Shows the mean in a word of its own, for version 1. While several threads record, it may be off by the numbers
    /// that are not counted yet; once all have recorded, it is right.
    pub(crate) fn show_mean(&self, shown: &Number, mean: impl Fn(u64, u64) -> f64) {
        // Whoever stores last has seen the last count: it looks again after its store, and a thread that counts after
        // that look stores after it. All of it in one order for all threads, hence the fences.
        fence(SeqCst);
        let mut count = self.count();
        loop {
            shown.set(mean(self.sum(), count).to_bits());
            fence(SeqCst);
            let now = self.count();
            if now == count {
                return;
            }
            count = now;
        }
    }
}

/// Most values are not above the greatest, which costs a load.
#[inline(always)]
fn raise(word: &AtomicU64, value: u64) {
    if value > word.load(Relaxed) {
        word.fetch_max(value, Release);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::write::values::histogram;
    use crate::write::values::testing::{Place, in_a_child};

    const THREADS: u64 = 4;
    const ROUNDS: u64 = if cfg!(miri) { 20 } else { 5_000 };

    fn number(place: &Place) -> Number {
        Number::new(place.home(), place.at, place.mark)
    }

    fn at_once(work: impl Fn(u64) + Sync) {
        thread::scope(|scope| {
            let work = &work;
            for thread in 0..THREADS {
                scope.spawn(move || (0..ROUNDS).for_each(|round| work(thread * ROUNDS + round)));
            }
        });
    }

    #[test]
    fn no_addition_is_lost() {
        let places = [(); 3].map(|()| Place::private());
        let [whole, float, greatest] = [0, 1, 2].map(|place: usize| number(&places[place]));
        float.set(0.5_f64.to_bits());
        at_once(|n| {
            whole.add(n);
            float.add_f64(1.0);
            greatest.raise(n);
        });
        let all = THREADS * ROUNDS;
        assert_eq!(places[0].word(0), all * (all - 1) / 2);
        assert_eq!(places[1].float(0).to_bits(), (all as f64 + 0.5).to_bits());
        assert_eq!(places[2].word(0), all - 1);
    }

    #[test]
    fn a_histogram_has_the_bytes_of_one_that_one_thread_fills() {
        let places = [(); 2].map(|()| Place::private());
        let shape = Shape::new(3, 10).unwrap();
        places.iter().for_each(|place| place.fill(&histogram::Histogram::initial(shape)));
        let shared = Histogram::new(places[0].home(), places[0].at, shape, places[0].mark);
        let own = histogram::Histogram::new(places[1].home(), places[1].at, shape, places[1].mark);
        at_once(|n| shared.record(n));
        (0..THREADS * ROUNDS).for_each(|n| own.record(n));
        assert_eq!(places[0].bytes(0..shape.size()), places[1].bytes(0..shape.size()));
        assert_eq!((shared.count(), shared.sum(), shared.max()), (own.count(), own.sum(), own.max()));
        assert_eq!(shared.read(), own.read());
    }

    #[test]
    fn the_mean_that_is_shown_is_right_once_all_have_recorded() {
        let places = [(); 2].map(|()| Place::private());
        let shape = Shape::new(3, 10).unwrap();
        places[0].fill(&histogram::Histogram::initial(shape));
        let shared = Histogram::new(places[0].home(), places[0].at, shape, places[0].mark);
        let shown = number(&places[1]);
        let mean = |sum, count| sum as f64 / count as f64;
        at_once(|n| {
            shared.record(n);
            shared.show_mean(&shown, mean);
        });
        let all = THREADS * ROUNDS;
        assert_eq!(places[1].float(0).to_bits(), mean(all * (all - 1) / 2, all).to_bits());
    }

    #[test]
    #[cfg_attr(miri, ignore = "no fork")]
    fn the_threads_of_a_forked_child_begin_anew_and_leave_the_parents_alone() {
        let place = Place::in_file();
        let number = number(&place);
        number.add(7);
        assert!(in_a_child(|| {
            let before = number.get();
            at_once(|_| number.add(1));
            before == 0 && number.get() == THREADS * ROUNDS
        }));
        assert_eq!(place.word(0), 7);
        number.add(1);
        assert_eq!((place.word(0), number.get()), (8, 8));
    }

    /// A child that is forked while another thread of its parent begins to count away from home: it must not wait
    /// for that thread.
    #[test]
    #[cfg_attr(miri, ignore = "no fork")]
    fn a_childs_child_waits_for_no_thread_that_it_does_not_have() {
        let place = Place::in_file();
        let numbers: Vec<_> = (0..64).map(|_| number(&place)).collect();
        let all = || numbers.iter().for_each(|number| number.add(1));
        assert!(in_a_child(|| {
            thread::scope(|scope| {
                let counting = scope.spawn(all);
                let held = in_a_child(|| {
                    all();
                    numbers.iter().all(|number| (1..=2).contains(&number.get()))
                });
                held && counting.join().is_ok()
            })
        }));
        assert_eq!(place.word(0), 0);
    }
}
