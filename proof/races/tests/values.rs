//! Every interleaving of a small case of version 2's values: the stores of `mmstats/src/values/` against a
//! reader whose loads within one look come in any order.
//!
//! A look is one copy of the bytes, as a `pread` makes it. Here it is relaxed loads, so that the memory model
//! may show each of them any store that was not overwritten for the reader before the look began. Looks follow
//! each other: there is an acquire fence between them, which pairs with the writer's release fences.
//!
//! | here | there |
//! |---|---|
//! | [`text`] | `Text::set` |
//! | [`mean`] | `Mean::add`, two of the words of each copy |
//! | [`window`] | `Window::add` when the second changes, two of the words of each slot |
//! | [`recent`] | `Recent::add` |
//!
//! Each protocol is also weakened in one place, and then the same model must find it failing: otherwise it could
//! not find anything.

#![cfg(target_pointer_width = "64")] // loom's; what is tried is a model, the same on every machine.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::sync::Arc as Shared;
use std::sync::atomic::{AtomicU64 as Tally, Ordering::Relaxed as Plain};

use loom::sync::Arc;
use loom::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use loom::sync::atomic::{AtomicU64, fence};
use loom::thread;

/// What is weakened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    /// Nothing.
    AsBuilt,
    /// The first two looks are one.
    FirstLooksAtOnce,
    /// The last two looks are one.
    LastLooksAtOnce,
    /// An update is stored without regard to the one before it.
    UpdateUnordered,
    /// What makes an update current is stored without regard to its body.
    CurrentUnordered,
    /// Check words are not compared.
    Unchecked,
}

use Protocol::*;

impl Protocol {
    /// Before an update's first store.
    fn before_update(self) {
        if self != UpdateUnordered {
            fence(Release);
        }
    }

    fn store_current(self, word: &AtomicU64, value: u64) {
        word.store(value, if self == CurrentUnordered { Relaxed } else { Release });
    }

    /// Between two looks; `first` says whether they are the first two of a reading.
    fn between_looks(self, first: bool) {
        if self != if first { FirstLooksAtOnce } else { LastLooksAtOnce } {
            fence(Acquire);
        }
    }
}

/// Some words, at first with these values.
struct Words<const N: usize>([AtomicU64; N]);

impl<const N: usize> Words<N> {
    fn new(first: [u64; N]) -> Self {
        Self(first.map(AtomicU64::new))
    }

    fn load<const LEN: usize>(&self, at: usize) -> [u64; LEN] {
        std::array::from_fn(|word| self.0[at + word].load(Relaxed))
    }

    fn store<const LEN: usize>(&self, at: usize, values: [u64; LEN]) {
        for (word, value) in self.0[at..].iter().zip(values) {
            word.store(value, Relaxed);
        }
    }
}

/// How often a reading counted and was right, and how often it counted and was wrong.
#[derive(Debug, Default)]
struct Found {
    right: Tally,
    wrong: Tally,
}

/// All interleavings of `write` with `read`, which says whether what it has read is right; `None`: the reader
/// would look again.
fn race<const N: usize>(
    first: [u64; N],
    protocol: Protocol,
    write: fn(&Words<N>, Protocol),
    read: fn(&Words<N>, Protocol) -> Option<bool>,
) -> [u64; 2] {
    let found = Shared::new(Found::default());
    let seen = Shared::clone(&found);
    let mut model = loom::model::Builder::new();
    // Where it is weakened, two are enough to find what must be found. With three the window takes seconds, with
    // any number it takes half a minute, and finds no more.
    model.preemption_bound = match protocol {
        AsBuilt if N < 6 => None,
        AsBuilt => Some(3),
        _ => Some(2),
    };
    let begin = std::time::Instant::now();
    model.check(move || {
        let words = Arc::new(Words::new(first));
        let writer = {
            let words = Arc::clone(&words);
            thread::spawn(move || write(&words, protocol))
        };
        match read(&words, protocol) {
            Some(true) => seen.right.fetch_add(1, Plain),
            Some(false) => seen.wrong.fetch_add(1, Plain),
            None => 0,
        };
        writer.join().unwrap();
    });
    println!("{protocol:?}: {found:?} in {:?}", begin.elapsed());
    [&found.right, &found.wrong].map(|tally| tally.load(Plain))
}

fn holds([right, wrong]: [u64; 2]) {
    assert!(right > 0, "no reading counted");
    assert_eq!(wrong, 0);
}

fn fails([_, wrong]: [u64; 2]) {
    assert!(wrong > 0, "the model finds nothing");
}

/// A count of settings, and two copies of two words each. The text of setting `k` is `k`, twice.
fn text(protocol: Protocol) -> [u64; 2] {
    race(
        [0; 5],
        protocol,
        |words, protocol| {
            for setting in 1..=3 {
                protocol.before_update();
                words.store(copy(setting), [setting; 2]);
                protocol.store_current(&words.0[0], setting);
            }
        },
        |words, protocol| {
            let [before] = words.load(0);
            protocol.between_looks(true);
            let text: [u64; 2] = words.load(copy(before));
            protocol.between_looks(false);
            let [after] = words.load(0);
            (before == after).then_some(text == [before; 2])
        },
    )
}

fn copy(setting: u64) -> usize {
    if setting % 2 == 0 { 1 } else { 3 }
}

#[test]
fn text_of_three_looks_is_whole_and_the_one_that_the_count_names() {
    holds(text(AsBuilt));
}

#[test]
fn text_needs_each_look_and_each_order() {
    fails(text(FirstLooksAtOnce));
    fails(text(LastLooksAtOnce));
    fails(text(UpdateUnordered));
    fails(text(CurrentUnordered));
}

/// What a copy's words say, where its check agrees. A word is here the number of the update that stored it. The
/// check agrees if all words of the copy are of one update, so the check word itself is left out: where it is
/// the one that is of another update, the reader only takes less.
fn agreed([one, other]: [u64; 2], protocol: Protocol) -> Option<[u64; 2]> {
    (protocol == Unchecked || one == other).then_some([one, other])
}

/// Update `k` stores the sum and the count of `k` numbers. There are two already, which an earlier reading has
/// seen.
fn mean(protocol: Protocol) -> [u64; 2] {
    race(
        [1, 1, 2, 2],
        protocol,
        |words, protocol| {
            for (at, count) in [(0, 3), (2, 4)] {
                protocol.before_update();
                words.store(at, [count; 2]);
            }
        },
        |words, protocol| {
            let look = || [0, 2].map(|at| agreed(words.load(at), protocol));
            let right = |[sum, count]: [u64; 2]| sum == count && count >= 2;
            let first = look();
            if let [Some(one), Some(other)] = first {
                return Some(right(newest([one, other])?));
            }
            let first = newest(first.into_iter().flatten());
            if protocol == FirstLooksAtOnce {
                return first.map(right);
            }
            protocol.between_looks(true);
            let second = newest(look().into_iter().flatten())?;
            (Some(second[1]) >= first.map(|first| first[1])).then_some(right(second))
        },
    )
}

fn newest(copies: impl IntoIterator<Item = [u64; 2]>) -> Option<[u64; 2]> {
    copies.into_iter().max_by_key(|&[_, count]| count)
}

#[test]
fn a_mean_is_of_one_update_and_never_runs_backwards() {
    holds(mean(AsBuilt));
}

#[test]
fn a_mean_needs_its_check_and_a_second_look_where_one_copy_does_not_agree() {
    fails(mean(Unchecked));
    fails(mean(FirstLooksAtOnce));
    fails(mean(UpdateUnordered));
}

/// The update that stores `count` in second `stamp`.
fn slot(stamp: u64, count: u64) -> [u64; 2] {
    [stamp << 8 | count; 2]
}

/// Stamp and count that two words give which may be of two updates.
fn second_of([one, other]: [u64; 2]) -> [u64; 2] {
    [one >> 8, other & 0xff]
}

/// Two copies of the current second and one slot of the ring. Five were added in second 1, which is over, and
/// an earlier reading has seen them; two are added in second 2.
fn window(protocol: Protocol) -> [u64; 2] {
    let ([a, b], [c, d]) = (slot(1, 4), slot(1, 5));
    race(
        [a, b, c, d, 0, 0],
        protocol,
        |words, protocol| {
            for (at, stamp, count) in [(4, 1, 5), (0, 2, 1), (2, 2, 2)] {
                protocol.before_update();
                words.store(at, slot(stamp, count));
            }
        },
        |words, protocol| {
            let look = |at| agreed(words.load(at), protocol).map(second_of);
            let current = || [0, 2].into_iter().filter_map(look).max();
            let first = current();
            protocol.between_looks(true);
            let ring = look(4);
            let second = current()?;
            // The same second in both looks, and nothing older than before.
            let is_steady = protocol == FirstLooksAtOnce
                || first.is_some_and(|first| first[0] == second[0] && first <= second);
            let over = ring.filter(|ring| ring[0] != second[0]).map_or(0, |ring| ring[1]);
            is_steady.then_some(matches!((second, over), ([1, 5], 0) | ([2, 1 | 2], 5)))
        },
    )
}

#[test]
fn a_window_has_every_second_once() {
    holds(window(AsBuilt));
}

#[test]
fn a_window_needs_its_checks_two_looks_and_the_ring_first() {
    fails(window(Unchecked));
    fails(window(FirstLooksAtOnce));
    fails(window(UpdateUnordered));
}

/// The last number of those that were added, in a ring of two places. Number `i` is `10 + i`.
fn recent(protocol: Protocol) -> [u64; 2] {
    race(
        [0; 3],
        protocol,
        |words, protocol| {
            for number in 0..3 {
                protocol.before_update();
                words.store(1 + number as usize % 2, [10 + number]);
                protocol.store_current(&words.0[0], number + 1);
            }
        },
        |words, protocol| {
            const KEEP: u64 = 1;
            let [before] = words.load(0);
            protocol.between_looks(true);
            let ring: [u64; 2] = words.load(1);
            protocol.between_looks(false);
            let [after] = if protocol == Unchecked { [before] } else { words.load(0) };
            let mut right = (after.saturating_sub(KEEP)..before).map(|i| ring[i as usize % 2] == 10 + i);
            (after.saturating_sub(KEEP) < before).then(|| right.all(|right| right))
        },
    )
}

#[test]
fn recent_numbers_are_those_that_both_counts_vouch_for() {
    holds(recent(AsBuilt));
}

#[test]
fn recent_numbers_need_each_look_and_each_order() {
    fails(recent(Unchecked));
    fails(recent(FirstLooksAtOnce));
    fails(recent(LastLooksAtOnce));
    fails(recent(UpdateUnordered));
    fails(recent(CurrentUnordered));
}
