//! Every interleaving of a small case of version 2's values: the stores of `mmstats/src/write/values/` against a
//! reader whose loads within one look come in any order.
//!
//! A look is one copy of the bytes, as a `pread` makes it. Here it is relaxed loads, so that the memory model
//! may show each of them any store that was not overwritten for the reader before the look began. Looks follow
//! each other: there is an acquire fence between them, which pairs with the writer's release fences.
//!
//! | here | there |
//! |---|---|
//! | [`counted::text`] | `Text::set`, whose copy of bytes is stores in any order |
//! | [`checked::mean`] | `Mean::add`, two of the words of each copy |
//! | [`checked::window`] | `Window::add` when the second changes, two of the words of each slot |
//! | [`counted::recent`] | `Recent::add` |
//! | [`counted::histogram`] | `Histogram::record` of one writer |
//! | [`folded::fold`] | `Folded::take` in `mmstats/src/write/fold.rs`, against `files/src/folds.rs` and `threads.rs` |
//! | [`shared::counters`], [`shared::histogram`] | `add` and `record` in `values/shared.rs`, by two threads |
//! | [`shared::shown_mean`] | `show_mean` there |
//!
//! Each protocol is also weakened in one place, and then the same model must find it failing: otherwise it could
//! not find anything.

#![cfg(target_pointer_width = "64")] // loom's; what is tried is a model, the same on every machine.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod checked;
mod counted;
mod folded;
mod shared;

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
