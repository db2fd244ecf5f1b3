//! What is stored once: numbers in place, and the end of the list.

use std::sync::Arc as Shared;
use std::sync::atomic::{AtomicU64 as Tally, Ordering::Relaxed as Plain};

use loom::sync::Arc;
use loom::sync::atomic::Ordering::{self, Acquire, Relaxed, Release};
use loom::sync::atomic::{AtomicU8, AtomicU16, AtomicU64, AtomicUsize, fence};
use loom::thread;

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

/// A record is published while somebody begins to follow the file: one look finds where the list ends, the next one what
/// is in it. How often was the record neither found, nor by what is remembered of the end when all is done?
fn grow(remembers_second: bool) -> u64 {
    let missed = Shared::new(Tally::new(0));
    let seen = Shared::clone(&missed);
    loom::model(move || {
        let size = Arc::new(AtomicU64::new(0));
        let writer = {
            let size = Arc::clone(&size);
            thread::spawn(move || size.store(32, Release))
        };
        let is_found = size.load(Relaxed) != 0;
        fence(Acquire);
        let second = size.load(Relaxed);
        let end = if remembers_second { second } else { 0 };
        writer.join().unwrap();
        let now = size.load(Relaxed);
        seen.fetch_add(u64::from(!is_found && now == end), Plain);
    });
    missed.load(Plain)
}

#[test]
fn a_record_that_is_added_while_a_follower_begins_is_found() {
    assert_eq!(grow(false), 0);
    assert!(grow(true) > 0, "what the second look has at the end may be more of the list");
}

/// Two threads at once ask for the mark of their process, and look whether it says that they are at home. How often did
/// one that was there already say no?
fn mark(publish: Ordering, take: Ordering) -> u64 {
    let strange = Shared::new(Tally::new(0));
    let seen = Shared::clone(&strange);
    loom::model(move || {
        let pages: Arc<[AtomicU8; 2]> = Arc::new(std::array::from_fn(|_| AtomicU8::new(0)));
        let current = Arc::new(AtomicUsize::new(0));
        let ask = |own: usize| {
            let (pages, current) = (Arc::clone(&pages), Arc::clone(&current));
            move || {
                let found = current.load(take);
                if found > 0 {
                    return u64::from(pages[found - 1].load(Relaxed) == 0);
                }
                pages[own].store(1, Relaxed);
                current.store(own + 1, publish);
                0
            }
        };
        let other = thread::spawn(ask(1));
        let strange = ask(0)() + other.join().unwrap();
        seen.fetch_add(strange, Plain);
    });
    strange.load(Plain)
}

#[test]
fn a_mark_that_another_thread_has_made_says_that_it_is_at_home() {
    assert_eq!(mark(Release, Acquire), 0);
    assert!(mark(Relaxed, Acquire) > 0 && mark(Release, Relaxed) > 0, "each order is needed");
}
