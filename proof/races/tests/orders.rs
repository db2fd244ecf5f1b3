//! Every interleaving of a small case, and every stale value that the memory model lets a load see: the
//! stores of `mmstats/src/slot.rs` and `map.rs` against the looks of `read.rs`.
//!
//! What is here is a model, since neither a mapping nor `pread` exists under loom. How it corresponds:
//!
//! | here | there |
//! |---|---|
//! | [`Field::update`] | `TextSlot::set`, the count of updates included; without one, a number of a writer that alternates as the original does, in order |
//! | [`in_place`] | `WordSlot::set`: one word, one store |
//! | [`Field::look`] | the copy that a `pread` makes, in any order: loads that nothing keeps in order |
//! | `fence(Acquire)` behind a look | the one in `Pages::fill` of `read/pages.rs`, behind every `pread` |
//! | [`agree`], [`is_published`] | their like in `read/settle.rs` |
//! | [`Field::number`], [`Field::text`] | `settle` there, of as many looks as it needs at least: each further one is the same again, from its second look on |
//! | [`append`] | `Segment::fill`, then `Segment::publish`, against the heads in two looks of `read.rs` |
//!
//! In loom, a relaxed load may see any value that a load before it has not ruled out. So the loads of one
//! look see what they would see in every order, however they are written down here.
//!
//! Each protocol is also weakened in one place, and then the same model must find it failing: otherwise
//! it could not find anything.

#![cfg(target_pointer_width = "64")] // loom's; what is tried is a model, the same on every machine.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::sync::Arc as Shared;
use std::sync::atomic::{AtomicU64 as Tally, Ordering::Relaxed as Plain};

use loom::sync::Arc;
use loom::sync::atomic::Ordering::{self, Acquire, Relaxed, Release};
use loom::sync::atomic::{AtomicU8, AtomicU16, AtomicU64, fence};
use loom::thread;

/// What is weakened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    /// Nothing.
    AsBuilt,
    /// A read of a number is one look.
    OneLook,
    /// A read of a number that changes is two looks, and its value is of the first.
    TwoLooks,
    /// A read of text is this many looks, fewer than it needs.
    Looks(usize),
    /// The value is stored without regard to the index store before it.
    ValueUnordered,
    /// The index is stored without regard to the value before it.
    IndexUnordered,
    /// The text is stored without regard to its count.
    CountUnordered,
    /// Nothing keeps a look before the next.
    LooksUnordered,
}

/// How many looks must agree on text with a count.
const LOOKS_AT_TEXT: usize = 4;

/// A buffered field: a number on its boundary, or text of two machine words with a count of its updates.
struct Field {
    is_text: bool,
    index: AtomicU8,
    buffers: [[AtomicU64; 3]; 2],
    /// The last update whose index store is done. No part of the protocol, so loom does not see it.
    published: Tally,
}

/// A copy of a field: the index byte and the buffer that is compared. A number is its update's count; the
/// rest is zero.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Copied {
    index: u8,
    count: u64,
    words: [u64; 2],
}

/// What a text holds after update `n`: two texts, each of them every other time in either buffer.
fn letter(n: u64) -> u64 {
    n / 2 % 2
}

impl Field {
    /// As `Store::add` leaves it: buffer 0 is spare, the value in buffer 1 is of update 0.
    fn new(is_text: bool) -> Self {
        let buffer = || std::array::from_fn(|_| AtomicU64::new(0));
        Self { is_text, index: AtomicU8::new(0), buffers: [buffer(), buffer()], published: Tally::new(0) }
    }

    fn update(&self, n: u64, protocol: Protocol) {
        let spare = (n as usize - 1) % 2;
        let [count, first, second] = &self.buffers[spare];
        let ordered = protocol != Protocol::ValueUnordered;
        if self.is_text {
            if ordered {
                fence(Release);
            }
            count.store(n, Relaxed);
            if protocol != Protocol::CountUnordered {
                fence(Release);
            }
            first.store(letter(n), Relaxed);
            second.store(letter(n), Relaxed);
        } else {
            count.store(n, if ordered { Release } else { Relaxed });
        }
        let order = if protocol == Protocol::IndexUnordered { Relaxed } else { Release };
        self.index.store((spare ^ 1) as u8, order);
        self.published.store(n, Plain);
    }

    /// Only the buffer that is compared is loaded: `wanted`, else the current one. Loads that nobody looks
    /// at would only multiply the interleavings.
    fn look(&self, wanted: Option<usize>, protocol: Protocol) -> Copied {
        let index = self.index.load(Relaxed);
        let [count, first, second] = &self.buffers[wanted.unwrap_or(current(index))];
        let count = count.load(Relaxed);
        let words = if self.is_text { [first.load(Relaxed), second.load(Relaxed)] } else { [0; 2] };
        if protocol != Protocol::LooksUnordered {
            fence(Acquire);
        }
        Copied { index, count, words }
    }

    /// What counts of the field, if anything does.
    fn read(&self, protocol: Protocol) -> Option<Copied> {
        if self.is_text { self.text(protocol) } else { self.number(protocol) }
    }

    fn number(&self, protocol: Protocol) -> Option<Copied> {
        let first = self.look(None, protocol);
        if protocol == Protocol::OneLook {
            return Some(first);
        }
        let buffer = current(first.index);
        let second = self.look(Some(buffer), protocol);
        if protocol == Protocol::TwoLooks {
            return (first.index == second.index || first.count != second.count).then_some(first);
        }
        if agree(&first, &second) {
            return Some(first);
        }
        let third = self.look(Some(buffer), protocol);
        is_published(&first, &second, &third).then_some(second)
    }

    fn text(&self, protocol: Protocol) -> Option<Copied> {
        let looks = if let Protocol::Looks(looks) = protocol { looks } else { LOOKS_AT_TEXT };
        let first = self.look(None, protocol);
        let alike = (1..looks).all(|_| agree(&first, &self.look(Some(current(first.index)), protocol)));
        alike.then_some(first)
    }
}

fn current(index: u8) -> usize {
    usize::from(index ^ 1)
}

fn agree(first: &Copied, second: &Copied) -> bool {
    first == second
}

fn is_published(first: &Copied, second: &Copied, third: &Copied) -> bool {
    first.index == third.index || second.count != third.count
}

/// What a model found in all its interleavings.
#[derive(Default)]
struct Found {
    interleavings: Tally,
    reads: Tally,
    torn: Tally,
    unpublished: Tally,
    backwards: Tally,
}

impl Found {
    /// Torn, unpublished, backwards.
    fn wrong(&self) -> [u64; 3] {
        [&self.torn, &self.unpublished, &self.backwards].map(|tally| tally.load(Plain))
    }
}

/// `updates` updates of a number, or of text, against `reads` reads that follow each other. `bound` is how
/// often a thread may lose its turn, which loads that see old values do not need.
fn race(is_text: bool, updates: u64, reads: usize, protocol: Protocol, bound: Option<usize>) -> Found {
    let found = Shared::new(Found::default());
    let seen = Shared::clone(&found);
    let mut model = loom::model::Builder::new();
    model.preemption_bound = bound;
    model.check(move || {
        let one_more = |tally: &Tally| tally.fetch_add(1, Plain);
        one_more(&seen.interleavings);
        let field = Arc::new(Field::new(is_text));
        let writer = {
            let field = Arc::clone(&field);
            thread::spawn(move || {
                for n in 1..=updates {
                    field.update(n, protocol);
                }
            })
        };
        let mut last = 0;
        for _ in 0..reads {
            let Some(Copied { count, words, .. }) = field.read(protocol) else { continue };
            one_more(&seen.reads);
            if is_text && words != [letter(count); 2] {
                one_more(&seen.torn);
            }
            if count > field.published.load(Plain) {
                one_more(&seen.unpublished);
            }
            if count < last {
                one_more(&seen.backwards);
            }
            last = count;
        }
        writer.join().unwrap();
    });
    println!(
        "{protocol:?}, {updates} updates of {}, {reads} reads: {} interleavings, {} reads that count; \
         torn, unpublished, backwards: {:?}",
        if is_text { "text" } else { "a number" },
        found.interleavings.load(Plain),
        found.reads.load(Plain),
        found.wrong()
    );
    Shared::into_inner(found).unwrap()
}

/// What is wrong with a protocol that is weakened: few turns are enough to find what must be found.
fn wrong(is_text: bool, updates: u64, reads: usize, protocol: Protocol) -> [u64; 3] {
    race(is_text, updates, reads, protocol, Some(2)).wrong()
}

#[test]
fn an_alternating_number_is_published_and_never_runs_backwards() {
    for (updates, reads) in [(3, 1), (2, 2), (3, 2)] {
        let found = race(false, updates, reads, Protocol::AsBuilt, None);
        assert_eq!(found.wrong(), [0; 3], "{updates} updates, {reads} reads");
        assert!(found.reads.load(Plain) > 0);
    }
}

#[test]
fn text_is_whole_too() {
    for (updates, reads, bound) in [(2, 1, Some(3)), (6, 1, Some(2)), (2, 2, Some(2))] {
        let found = race(true, updates, reads, Protocol::AsBuilt, bound);
        assert_eq!(found.wrong(), [0; 3], "{updates} updates, {reads} reads");
        assert!(found.reads.load(Plain) > 0);
    }
}

#[test]
fn one_look_at_a_number_can_run_backwards_and_ahead() {
    let [_, unpublished, backwards] = wrong(false, 3, 2, Protocol::OneLook);
    assert!(unpublished > 0 && backwards > 0);
}

#[test]
fn two_looks_at_a_number_that_changes_can_run_backwards() {
    // The value in the first look may be older than the index in it.
    let [_, _, backwards] = wrong(false, 3, 2, Protocol::TwoLooks);
    assert!(backwards > 0);
}

#[test]
fn two_looks_at_text_can_be_torn() {
    let [torn, _, _] = wrong(true, 3, 1, Protocol::Looks(2));
    assert!(torn > 0, "a writer that stops in the middle of a text");
}

#[test]
fn three_looks_at_texts_that_repeat_can_be_torn() {
    let [torn, _, _] = wrong(true, 6, 1, Protocol::Looks(3));
    assert!(torn > 0);
}

#[test]
fn each_ordering_is_needed() {
    let [_, unpublished, _] = wrong(false, 3, 1, Protocol::ValueUnordered);
    assert!(unpublished > 0, "number, value unordered");
    let [torn, unpublished, _] = wrong(true, 3, 1, Protocol::ValueUnordered);
    assert!(torn > 0 && unpublished > 0, "text, value unordered");
    let [_, _, backwards] = wrong(false, 2, 2, Protocol::IndexUnordered);
    assert!(backwards > 0, "index unordered");
    let [torn, _, _] = wrong(true, 4, 1, Protocol::CountUnordered);
    assert!(torn > 0, "count unordered");
    let [_, unpublished, _] = wrong(false, 3, 1, Protocol::LooksUnordered);
    assert!(unpublished > 0, "looks unordered");
}

/// Two numbers of ours, which are stored in place, the second after the first each time. How often did one
/// run backwards, and how often was the first one older than the second, looked at before it?
fn in_place(order: Ordering) -> [u64; 2] {
    let found = Shared::new([Tally::new(0), Tally::new(0)]);
    let seen = Shared::clone(&found);
    loom::model(move || {
        let asked = Arc::new(AtomicU64::new(0));
        let answered = Arc::new(AtomicU64::new(0));
        let writer = {
            let (asked, answered) = (Arc::clone(&asked), Arc::clone(&answered));
            thread::spawn(move || {
                for value in 1..=2 {
                    asked.store(value, order);
                    answered.store(value, order);
                }
            })
        };
        let mut last = 0;
        for _ in 0..2 {
            let second = answered.load(Relaxed);
            // Behind each `pread`.
            fence(Acquire);
            let first = asked.load(Relaxed);
            fence(Acquire);
            seen[0].fetch_add(u64::from(second < last), Plain);
            seen[1].fetch_add(u64::from(first < second), Plain);
            last = second;
        }
        writer.join().unwrap();
    });
    Shared::into_inner(found).unwrap().map(Tally::into_inner)
}

#[test]
fn a_number_in_place_never_runs_backwards_and_keeps_its_order() {
    assert_eq!(in_place(Release), [0, 0]);
    let [backwards, disordered] = in_place(Relaxed);
    assert_eq!(backwards, 0, "one word alone needs no order");
    assert!(disordered > 0, "without the release, what came first may be seen last");
}

/// A field is filled in where the list ends so far, then its label size is published with `order`. How
/// often was the size seen, and not all of the field by the last of `looks` looks, the first of which saw
/// the size?
fn append(order: Ordering, looks: usize) -> u64 {
    let half_seen = Shared::new(Tally::new(0));
    let seen = Shared::clone(&half_seen);
    loom::model(move || {
        let size = Arc::new(AtomicU16::new(0));
        let field: Arc<[AtomicU64; 2]> = Arc::new(std::array::from_fn(|_| AtomicU64::new(0)));
        let writer = {
            let (size, field) = (Arc::clone(&size), Arc::clone(&field));
            thread::spawn(move || {
                for word in field.iter() {
                    word.store(1, Relaxed);
                }
                size.store(5, order);
            })
        };
        let is_there = size.load(Relaxed) != 0;
        let mut whole = 0;
        for _ in 0..looks {
            whole = field.iter().map(|word| word.load(Relaxed)).sum();
            fence(Acquire);
        }
        if is_there && whole < 2 {
            seen.fetch_add(1, Plain);
        }
        writer.join().unwrap();
    });
    half_seen.load(Plain)
}

#[test]
fn a_look_after_the_one_that_saw_the_label_size_sees_the_field() {
    assert_eq!(append(Release, 2), 0);
    assert!(append(Release, 1) > 0, "in one look the size may be seen before the rest");
    assert!(append(Relaxed, 2) > 0, "without the release it can be seen by halves");
}
