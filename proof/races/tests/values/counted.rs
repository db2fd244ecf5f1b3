//! Values whose count says which copy is current: text, and recent numbers.

use super::Protocol::*;
use super::{Protocol, fails, holds, race};

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

/// A histogram of one bucket: two numbers are recorded, 1 and 3, each into bucket, sum and count. A later look has all
/// that an earlier look's count has counted.
fn histogram(protocol: Protocol) -> [u64; 2] {
    race(
        [0; 3],
        protocol,
        |words, protocol| {
            for (number, sum) in [(1, 1), (2, 4)] {
                for (word, value) in words.0.iter().zip([number, sum, number]) {
                    protocol.store_current(word, value);
                }
            }
        },
        |words, protocol| {
            let [count] = words.load(2);
            protocol.between_looks(true);
            let [bucket, sum] = words.load(0);
            Some(bucket >= count && sum >= [0, 1, 4][count as usize])
        },
    )
}

#[test]
fn a_later_look_at_a_histogram_has_all_that_an_earlier_one_has_counted() {
    holds(histogram(AsBuilt));
}

#[test]
fn a_histogram_needs_two_looks_and_their_order() {
    fails(histogram(FirstLooksAtOnce));
    fails(histogram(CurrentUnordered));
}
