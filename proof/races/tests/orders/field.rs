//! A buffered field, its writer and its reader.

use std::sync::Arc as Shared;
use std::sync::atomic::{AtomicU64 as Tally, Ordering::Relaxed as Plain};

use loom::sync::Arc;
use loom::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use loom::sync::atomic::{AtomicU8, AtomicU64, fence};
use loom::thread;

/// What is weakened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
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
pub(super) struct Found {
    interleavings: Tally,
    pub(super) reads: Tally,
    torn: Tally,
    unpublished: Tally,
    backwards: Tally,
}

impl Found {
    /// Torn, unpublished, backwards.
    pub(super) fn wrong(&self) -> [u64; 3] {
        [&self.torn, &self.unpublished, &self.backwards].map(|tally| tally.load(Plain))
    }
}

/// `updates` updates of a number, or of text, against `reads` reads that follow each other. `bound` is how
/// often a thread may lose its turn, which loads that see old values do not need.
pub(super) fn race(
    is_text: bool,
    updates: u64,
    reads: usize,
    protocol: Protocol,
    bound: Option<usize>,
) -> Found {
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
pub(super) fn wrong(is_text: bool, updates: u64, reads: usize, protocol: Protocol) -> [u64; 3] {
    race(is_text, updates, reads, protocol, Some(2)).wrong()
}
