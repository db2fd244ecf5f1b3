//! What is stored once: numbers in place, and the end of the list.

use std::sync::Arc as Shared;
use std::sync::atomic::{AtomicU64 as Tally, Ordering::Relaxed as Plain};

use loom::sync::Arc;
use loom::sync::atomic::Ordering::{self, Acquire, Relaxed, Release};
use loom::sync::atomic::{AtomicU16, AtomicU64, fence};
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
