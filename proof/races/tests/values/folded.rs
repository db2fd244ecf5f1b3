//! The numbers of a fold: an ended thread's count goes into its process's file.

use super::Protocol::*;
use super::{Protocol, fails, holds, race};

/// What the thread has counted; its values do not change any more.
const COUNTED: u64 = 5;

/// Words: the number in the process's file and its count, and the number in the thread's file. Each is stored as numbers
/// are: after what was stored before it.
fn fold(protocol: Protocol) -> [u64; 2] {
    race(
        [0; 3],
        protocol,
        |words, protocol| {
            let [number, total, theirs] = &words.0;
            let steps = [(number, 1), (theirs, 2), (total, COUNTED), (number, 2)];
            for (step, (word, value)) in steps.into_iter().enumerate() {
                // Without the first step nothing says that a fold is under way.
                if step > 0 || protocol != Unchecked {
                    protocol.store_current(word, value);
                }
            }
        },
        |words, protocol| {
            let look = || words.load::<2>(0);
            let first = look();
            let second = if protocol == FirstLooksAtOnce {
                first
            } else {
                protocol.between_looks(true);
                look()
            };
            let [number, total] = second;
            if first != second || number % 2 != 0 {
                return None;
            }
            // The thread's file comes last. What a look has found that agrees with the one before, both have found: so the
            // fence between them is enough.
            let [theirs] = words.load(2);
            let is_held = (1..=number).contains(&theirs);
            Some(total + if is_held { 0 } else { COUNTED } == COUNTED)
        },
    )
}

#[test]
fn a_thread_that_is_folded_is_counted_once() {
    holds(fold(AsBuilt));
}

#[test]
fn a_fold_needs_its_first_number_a_second_look_and_its_order() {
    fails(fold(Unchecked));
    fails(fold(FirstLooksAtOnce));
    fails(fold(CurrentUnordered));
}
