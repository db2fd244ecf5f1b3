//! Values whose copies have a check word: means, and windows.

use super::Protocol::*;
use super::{Protocol, fails, holds, race};

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
