//! Every interleaving of a small case, and every stale value that the memory model lets a load see: the
//! stores of `mmstats/src/slot.rs` and `map.rs` against the looks of `read.rs`.
//!
//! What is here is a model, since neither a mapping nor `pread` exists under loom. How it corresponds:
//!
//! | here | there |
//! |---|---|
//! | [`Field::update`] | `TextSlot::set`; of one word, a number of a writer that alternates as the original does, in order |
//! | [`in_place`] | `WordSlot::set`: one word, one store |
//! | [`Field::look`] | the copy that a `pread` makes: forward, so the index comes before the values |
//! | `fence(Acquire)` behind a look | the one in `Pages::fill` of `read.rs`, behind every `pread` |
//! | [`counts`] | `counts` in `read.rs` |
//! | [`Field::read`] | `settle` in `read.rs`, two of its looks: each further one is the same again, from its second look on |
//! | [`append`] | `Segment::fill`, then `Segment::publish` |
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
    /// A read is one look.
    OneLook,
    /// The value is stored without regard to the index store before it.
    ValueUnordered,
    /// The index is stored without regard to the value before it.
    IndexUnordered,
    /// Nothing keeps a look before the next.
    LooksUnordered,
    /// The copy runs backward: the values come before the index.
    CopiedBackward,
    /// A value of several words is taken for one that loads at once.
    TakenForOneWord,
}

/// A buffered field of `WORDS` machine words: 1 is a number on its boundary, more are text.
struct Field<const WORDS: usize> {
    index: AtomicU8,
    buffers: [[AtomicU64; WORDS]; 2],
    /// The last update whose index store is done. No part of the protocol, so loom does not see it.
    published: Tally,
}

/// A copy of a field: the index byte and both buffers.
#[derive(Clone, Copy)]
struct Copied<const WORDS: usize> {
    index: u8,
    buffers: [[u64; WORDS]; 2],
}

impl<const WORDS: usize> Field<WORDS> {
    /// As `Store::add` leaves it: buffer 0 is spare, the value in buffer 1 is 0.
    fn new() -> Self {
        let buffer = || std::array::from_fn(|_| AtomicU64::new(0));
        Self { index: AtomicU8::new(0), buffers: [buffer(), buffer()], published: Tally::new(0) }
    }

    fn update(&self, spare: usize, value: u64, protocol: Protocol) {
        let ordered = protocol != Protocol::ValueUnordered;
        if WORDS > 1 && ordered {
            fence(Release);
        }
        let order = if WORDS == 1 && ordered { Release } else { Relaxed };
        for word in &self.buffers[spare] {
            word.store(value, order);
        }
        let order = if protocol == Protocol::IndexUnordered { Relaxed } else { Release };
        self.index.store((spare ^ 1) as u8, order);
        self.published.store(value, Plain);
    }

    /// Only the buffer that is compared is loaded: `wanted`, else the current one. Loads that nobody looks
    /// at would only multiply the interleavings.
    fn look(&self, wanted: Option<usize>, protocol: Protocol) -> Copied<WORDS> {
        if protocol == Protocol::CopiedBackward {
            let buffers = std::array::from_fn(|buffer| self.load(buffer));
            fence(Acquire);
            return Copied { index: self.index.load(Acquire), buffers };
        }
        let index = self.index.load(Acquire);
        let buffers = std::array::from_fn(|buffer| {
            if wanted.unwrap_or(current(index)) == buffer { self.load(buffer) } else { [0; WORDS] }
        });
        if protocol != Protocol::LooksUnordered {
            fence(Acquire);
        }
        Copied { index, buffers }
    }

    fn load(&self, buffer: usize) -> [u64; WORDS] {
        std::array::from_fn(|word| self.buffers[buffer][word].load(Relaxed))
    }

    /// The words of the value that counts, if one does.
    fn read(&self, protocol: Protocol) -> Option<[u64; WORDS]> {
        let first = self.look(None, protocol);
        let buffer = current(first.index);
        if protocol == Protocol::OneLook {
            return Some(first.buffers[buffer]);
        }
        let second = self.look(Some(buffer), protocol);
        let loads_at_once = WORDS == 1 || protocol == Protocol::TakenForOneWord;
        counts(&first, &second, loads_at_once).then_some(first.buffers[buffer])
    }
}

fn current(index: u8) -> usize {
    usize::from(index ^ 1)
}

fn counts<const WORDS: usize>(first: &Copied<WORDS>, second: &Copied<WORDS>, loads_at_once: bool) -> bool {
    let buffer = current(first.index);
    let same_buffer = first.index == second.index;
    let same_bytes = first.buffers[buffer] == second.buffers[buffer];
    if loads_at_once { same_buffer || !same_bytes } else { same_buffer && same_bytes }
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

/// `updates` updates against `reads` reads that follow each other.
fn race<const WORDS: usize>(updates: u64, reads: usize, protocol: Protocol) -> Found {
    let found = Shared::new(Found::default());
    let seen = Shared::clone(&found);
    let mut model = loom::model::Builder::new();
    if protocol != Protocol::AsBuilt {
        // Enough to find what it must find.
        model.preemption_bound = Some(2);
    }
    model.check(move || {
        let one_more = |tally: &Tally| tally.fetch_add(1, Plain);
        one_more(&seen.interleavings);
        let field = Arc::new(Field::<WORDS>::new());
        let writer = {
            let field = Arc::clone(&field);
            thread::spawn(move || {
                for value in 1..=updates {
                    field.update((value as usize - 1) % 2, value, protocol);
                }
            })
        };
        let mut last = 0;
        for _ in 0..reads {
            let Some(words) = field.read(protocol) else { continue };
            one_more(&seen.reads);
            if words.iter().any(|word| *word != words[0]) {
                one_more(&seen.torn);
            }
            if words[0] > field.published.load(Plain) {
                one_more(&seen.unpublished);
            }
            if words[0] < last {
                one_more(&seen.backwards);
            }
            last = words[0];
        }
        writer.join().unwrap();
    });
    println!(
        "{protocol:?}, {updates} updates of {WORDS} words, {reads} reads: {} interleavings, {} reads that count; \
         torn, unpublished, backwards: {:?}",
        found.interleavings.load(Plain),
        found.reads.load(Plain),
        found.wrong()
    );
    Shared::into_inner(found).unwrap()
}

#[test]
fn an_alternating_number_is_published_and_never_runs_backwards() {
    for (updates, reads) in [(3, 1), (2, 2), (3, 2)] {
        let found = race::<1>(updates, reads, Protocol::AsBuilt);
        assert_eq!(found.wrong(), [0; 3], "{updates} updates, {reads} reads");
        assert!(found.reads.load(Plain) > 0);
    }
}

#[test]
fn text_is_whole_too() {
    for (updates, reads) in [(3, 1), (1, 2)] {
        let found = race::<2>(updates, reads, Protocol::AsBuilt);
        assert_eq!(found.wrong(), [0; 3], "{updates} updates, {reads} reads");
        assert!(found.reads.load(Plain) > 0);
    }
}

#[test]
fn one_look_can_run_backwards_and_ahead() {
    let [_, unpublished, backwards] = race::<1>(3, 2, Protocol::OneLook).wrong();
    assert!(unpublished > 0 && backwards > 0);
}

#[test]
fn each_ordering_is_needed() {
    let [_, unpublished, _] = race::<1>(3, 1, Protocol::ValueUnordered).wrong();
    assert!(unpublished > 0, "number, value unordered");
    let [torn, unpublished, _] = race::<2>(3, 1, Protocol::ValueUnordered).wrong();
    assert!(torn > 0 && unpublished > 0, "text, value unordered");
    let [_, _, backwards] = race::<1>(2, 2, Protocol::IndexUnordered).wrong();
    assert!(backwards > 0, "index unordered");
    let [_, unpublished, _] = race::<1>(3, 1, Protocol::LooksUnordered).wrong();
    assert!(unpublished > 0, "looks unordered");
    let [_, _, backwards] = race::<1>(2, 2, Protocol::CopiedBackward).wrong();
    assert!(backwards > 0, "copied backward");
}

#[test]
fn text_needs_bytes_that_agree() {
    let [torn, _, _] = race::<2>(3, 1, Protocol::TakenForOneWord).wrong();
    assert!(torn > 0);
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
/// often was the size seen without all of the field?
fn append(order: Ordering) -> u64 {
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
        let is_there = size.load(Acquire) != 0;
        let is_whole = field.iter().map(|word| word.load(Relaxed)).sum::<u64>() == 2;
        if is_there && !is_whole {
            seen.fetch_add(1, Plain);
        }
        writer.join().unwrap();
    });
    half_seen.load(Plain)
}

#[test]
fn who_sees_the_label_size_sees_the_field() {
    assert_eq!(append(Release), 0);
    assert!(append(Relaxed) > 0, "without the release it can be seen by halves");
}
