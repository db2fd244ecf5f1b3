//! Values that several threads update at the same time: numbers, histograms, and the mean that version 1 shows.

use std::sync::Arc as Shared;
use std::sync::atomic::{AtomicU64 as Tally, Ordering::Relaxed as Plain};

use loom::sync::Arc;
use loom::sync::atomic::Ordering::{self, Acquire, Relaxed, Release, SeqCst};
use loom::sync::atomic::{AtomicU64, fence};
use loom::thread;

/// What is weakened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writing {
    /// Nothing.
    AsBuilt,
    /// An addition is a load and a store, as with one writer.
    LoadAndStore,
    /// The additions have no order.
    Unordered,
    /// The mean is stored once.
    ShownOnce,
    /// The last look at the count may come before the mean's store.
    NoFence,
}

use Writing::*;

impl Writing {
    fn add(self, word: &AtomicU64, n: u64) {
        let order = if self == Unordered { Relaxed } else { Release };
        if self == LoadAndStore {
            word.store(word.load(Relaxed) + n, order);
        } else {
            word.fetch_add(n, order);
        }
    }

    fn fence(self, order: Ordering) {
        if self != NoFence {
            fence(order);
        }
    }
}

/// How often what was found was wrong: by a reader meanwhile, and when all was done.
type Wrong = [u64; 2];

/// All interleavings of two writers, the first of which records 1 and the other 3, with a reader.
fn race<const N: usize>(
    write: impl Fn(&[AtomicU64; N], u64) + Copy + Send + Sync + 'static,
    is_right_meanwhile: fn(&[AtomicU64; N]) -> bool,
    is_right_at_last: fn([u64; N]) -> bool,
) -> Wrong {
    let wrong = Shared::new([Tally::new(0), Tally::new(0)]);
    let found = Shared::clone(&wrong);
    let mut model = loom::model::Builder::new();
    // With any number it takes minutes, and finds no more.
    model.preemption_bound = Some(3);
    model.check(move || {
        let words: Arc<[AtomicU64; N]> = Arc::new(std::array::from_fn(|_| AtomicU64::new(0)));
        let writers = [1, 3].map(|value| {
            let words = Arc::clone(&words);
            thread::spawn(move || write(&words, value))
        });
        found[0].fetch_add(u64::from(!is_right_meanwhile(&words)), Plain);
        for writer in writers {
            writer.join().unwrap();
        }
        let last = std::array::from_fn(|word| words[word].load(Relaxed));
        found[1].fetch_add(u64::from(!is_right_at_last(last)), Plain);
    });
    Shared::into_inner(wrong).unwrap().map(Tally::into_inner)
}

/// Two counters, the second updated after the first each time, by each of the writers.
fn counters(writing: Writing) -> Wrong {
    race(
        move |[asked, answered], _| {
            writing.add(asked, 1);
            writing.add(answered, 1);
        },
        |[asked, answered]| {
            let second = answered.load(Relaxed);
            // After each `pread`.
            fence(Acquire);
            asked.load(Relaxed) >= second
        },
        |last| last == [2, 2],
    )
}

#[test]
fn additions_of_several_threads_are_all_there_and_keep_their_order() {
    assert_eq!(counters(AsBuilt), [0, 0]);
}

#[test]
fn additions_of_several_threads_need_one_operation_and_an_order() {
    assert!(counters(LoadAndStore)[1] > 0, "without it one is lost");
    assert!(counters(Unordered)[0] > 0, "without it what came first is seen last");
}

/// A histogram of one bucket: a record is bucket, sum and count.
fn histogram(writing: Writing) -> Wrong {
    race(
        move |[bucket, sum, count], value| {
            writing.add(bucket, 1);
            writing.add(sum, value);
            writing.add(count, 1);
        },
        |[bucket, sum, count]| {
            let count = count.load(Relaxed);
            fence(Acquire);
            // A later look has all that the count has counted: the least sum is that of the smaller ones.
            bucket.load(Relaxed) >= count && sum.load(Relaxed) >= [0, 1, 4][count as usize]
        },
        |last| last == [2, 4, 2],
    )
}

#[test]
fn a_histogram_that_threads_share_has_in_its_buckets_what_its_count_has_counted() {
    assert_eq!(histogram(AsBuilt), [0, 0]);
}

#[test]
fn a_histogram_that_threads_share_needs_one_operation_each_and_their_order() {
    assert!(histogram(LoadAndStore)[1] > 0);
    assert!(histogram(Unordered)[0] > 0);
}

/// The mean of a histogram, as version 1 shows it: here the sum, and the count times 16, that it is made of.
fn shown_mean(writing: Writing) -> Wrong {
    race(
        move |[sum, count, shown], value| {
            writing.add(sum, value);
            writing.add(count, 1);
            writing.fence(SeqCst);
            let mut seen = count.load(Acquire);
            loop {
                shown.store(sum.load(Acquire) + 16 * seen, Release);
                writing.fence(SeqCst);
                let now = count.load(Acquire);
                if now == seen || writing == ShownOnce {
                    return;
                }
                seen = now;
            }
        },
        |_| true,
        |[.., shown]| shown == 4 + 16 * 2,
    )
}

#[test]
fn the_shown_mean_is_right_once_all_have_recorded() {
    assert_eq!(shown_mean(AsBuilt), [0, 0]);
}

#[test]
fn the_shown_mean_needs_another_look_after_its_store_and_that_after_it() {
    assert!(shown_mean(ShownOnce)[1] > 0);
    assert!(shown_mean(NoFence)[1] > 0);
}
