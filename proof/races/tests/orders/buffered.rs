//! Numbers and text in two buffers.

use std::sync::atomic::Ordering::Relaxed as Plain;

use super::field::{Protocol, race, wrong};

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
