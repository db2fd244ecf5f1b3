//! Looks whose loads come in any order, while a writer stores in the order of the manual: what is read is
//! always something that was there, and never older than what was read before.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mmstats::format::window::{self, Slot};
use mmstats::format::{mean, recent, text};

/// A fixed sequence of random numbers.
struct Dice(u64);

impl Dice {
    /// A number below `sides`.
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

/// A value in memory, and what it was after each store.
struct Memory {
    states: Vec<Vec<u64>>,
}

impl Memory {
    fn new(value: &[u8]) -> Self {
        let words = value.chunks_exact(8).map(|word| u64::from_ne_bytes(word.try_into().unwrap()));
        Self { states: vec![words.collect()] }
    }

    /// Stores whole words, which may become visible in any order among themselves.
    fn store(&mut self, dice: &mut Dice, mut words: Vec<(usize, u64)>) {
        while !words.is_empty() {
            let (at, word) = words.swap_remove(dice.roll(words.len()));
            let mut state = self.states.last().unwrap().clone();
            state[at] = word;
            self.states.push(state);
        }
    }

    fn store_bytes(&mut self, dice: &mut Dice, at: usize, bytes: &[u8]) {
        let padded = [bytes, &vec![0; bytes.len().next_multiple_of(8) - bytes.len()]].concat();
        let words = padded.chunks_exact(8).map(|word| u64::from_ne_bytes(word.try_into().unwrap()));
        self.store(dice, words.enumerate().map(|(place, word)| (at / 8 + place, word)).collect());
    }

    fn time(&self) -> usize {
        self.states.len() - 1
    }

    /// Looks one after the other, up to the last store: each word of one is loaded at any time within it.
    /// With each, when it ended.
    fn looks(&self, dice: &mut Dice) -> Vec<(usize, Vec<u8>)> {
        let (mut looks, mut start) = (Vec::new(), 0);
        while start < self.time() {
            // Short ones and long ones.
            let longest = [1, 4, 12, 40][dice.roll(4)];
            let end = (start + 1 + dice.roll(longest)).min(self.time());
            let look = (0..self.states[0].len()).flat_map(|word| {
                let when = start + dice.roll(end - start + 1);
                self.states[when][word].to_ne_bytes()
            });
            looks.push((end, look.collect()));
            start = end;
        }
        // The writer pauses for good.
        let last: Vec<u8> = self.states[start].iter().flat_map(|word| word.to_ne_bytes()).collect();
        looks.extend([(start, last.clone()), (start, last.clone()), (start, last)]);
        looks
    }
}

/// Reads by every three looks in a row, and hands out what counts. The last three have a writer that pauses,
/// perhaps in the middle of an update: they always count.
fn read_all<'a, T>(
    looks: &'a [(usize, Vec<u8>)],
    may_be_stuck: bool,
    read: impl Fn([&'a [u8]; 3]) -> Option<T>,
    mut judge: impl FnMut(T, usize),
) {
    for (place, three) in looks.windows(3).enumerate() {
        match read([&three[0].1, &three[1].1, &three[2].1]) {
            Some(found) => judge(found, three[2].0),
            None => assert!(
                may_be_stuck || place + 3 < looks.len(),
                "a writer that pauses makes a value unreadable"
            ),
        }
    }
}

/// How many histories are tried of each type.
const HISTORIES: u64 = 4000;

#[test]
fn a_text_is_whole_and_never_older() {
    let mut counted = 0;
    for seed in 0..HISTORIES {
        let mut dice = Dice(seed);
        let texts: Vec<_> =
            (0..12_u32).map(|n| format!("{n}:") + &n.to_string().repeat(dice.roll(18))).collect();
        let mut memory = Memory::new(&text::encode(&texts[0], 40));
        for (settings, text) in (1_u32..).zip(&texts[1..]) {
            let copy = text::copy_at((settings & 1) as usize, 40);
            memory.store_bytes(&mut dice, copy, &text::encode_copy(text, 40));
            let word = [settings.to_ne_bytes(), 40_u32.to_ne_bytes()].concat();
            memory.store_bytes(&mut dice, 0, &word);
        }
        memory.states.truncate(memory.states.len() - dice.roll(8));
        let mut last = 0;
        read_all(
            &memory.looks(&mut dice),
            false,
            |looks| text::read(looks).unwrap(),
            |found, _| {
                let found = texts.iter().position(|text| text.as_bytes() == found).expect("a whole text");
                assert!(found >= last, "{found} after {last}");
                last = found;
                counted += 1;
            },
        );
    }
    assert!(counted > HISTORIES * 3 / 2, "{counted}");
}

#[test]
fn a_mean_is_of_one_moment_and_never_older() {
    let mut counted = 0;
    for seed in 0..HISTORIES {
        let mut dice = Dice(seed);
        let mut memory = Memory::new(&[0; mean::SIZE]);
        let mut means = vec![mean::Mean::default()];
        for turn in 1..30 {
            let mut next = means[turn - 1];
            next.merge(&mean::Mean { sum: dice.roll(3) as f64 - 0.5, count: 1 });
            memory.store_bytes(&mut dice, mean::COPY * (turn % 2), &next.encode_copy());
            means.push(next);
        }
        memory.states.truncate(memory.states.len() - dice.roll(6));
        let mut last = 0;
        read_all(
            &memory.looks(&mut dice),
            false,
            |[before, now, _]| mean::read([before, now]).unwrap(),
            |found, _| {
                assert_eq!(found, means[found.count as usize]);
                assert!(found.count >= last, "{found:?} after {last}");
                last = found.count;
                counted += 1;
            },
        );
    }
    assert!(counted > HISTORIES * 5, "{counted}");
}

#[test]
fn the_last_numbers_are_in_their_places() {
    let mut counted = 0;
    for seed in 0..HISTORIES {
        let mut dice = Dice(seed);
        let n = 1 + dice.roll(6);
        let number = |index: u64| index as f64 + 0.25;
        let mut memory = Memory::new(&recent::encode(&[], n));
        for index in 0..30 {
            memory.store(&mut dice, vec![(recent::place_at(index, n) / 8, number(index).to_bits())]);
            memory.store(&mut dice, vec![(0, index + 1)]);
        }
        memory.states.truncate(memory.states.len() - dice.roll(3));
        let mut last = 0;
        read_all(
            &memory.looks(&mut dice),
            false,
            |looks| recent::read(looks).unwrap(),
            |found, _| {
                let end = found.first + found.numbers.len() as u64;
                let want: Vec<_> = (found.first..end).map(number).collect();
                assert_eq!(found.numbers, want);
                assert!(end >= last && found.numbers.len() <= n);
                last = end;
                counted += found.numbers.len() as u64;
            },
        );
    }
    assert!(counted > HISTORIES * 5, "{counted}");
}

#[test]
fn a_window_has_every_second_and_is_never_older() {
    let mut counted = 0;
    for seed in 0..HISTORIES {
        let mut dice = Dice(seed);
        let seconds = 1 + dice.roll(5) as u32;
        let mut memory = Memory::new(&window::encode(&[], seconds));
        // What each second had in it after each number; how many of these states were before it was over; what
        // the clock said after each store; and which seconds were never current, so that they need not be seen.
        let mut truth: BTreeMap<u64, Vec<Slot>> = BTreeMap::new();
        let mut over = BTreeMap::new();
        let (mut late, mut additions) = (BTreeSet::new(), Vec::new());
        let has_additions = seed % 2 == 1;
        let mut clock = vec![1];
        let (mut current, mut copy) = (Slot::default(), 0);
        for _ in 0..30 {
            let stamp = current.stamp.max(1) + [0, 0, 0, 1, 1, 2][dice.roll(6)];
            if stamp > current.stamp {
                if current.stamp > 0 {
                    let at = window::slot_at(current.stamp, seconds) / 8;
                    memory.store(&mut dice, (at..).zip(current.words()).collect());
                    over.insert(current.stamp, truth[&current.stamp].len() - 1);
                }
                current = Slot { stamp, ..Slot::default() };
            }
            current.add(dice.roll(5) as f64 - 2.0);
            copy = 1 - copy;
            let at = (window::COPIES + window::SLOT * copy) / 8;
            memory.store(&mut dice, (at..).zip(current.words()).collect());
            truth.entry(stamp).or_default().push(current);
            // Sometimes a thread ends, and what it has seen is added to a second that is over.
            let past = stamp.saturating_sub(1 + dice.roll(12) as u64);
            if has_additions && past > 0 && stamp - past < u64::from(seconds) {
                let states = truth.entry(past).or_default();
                if states.is_empty() {
                    late.insert(past);
                }
                let mut more = states.last().copied().unwrap_or(Slot { stamp: past, ..Slot::default() });
                more.add(1.0);
                states.push(more);
                let at = window::slot_at(past, seconds) / 8;
                let start = memory.time();
                memory.store(&mut dice, (at..).zip(more.words()).collect());
                additions.push(start..memory.time());
            }
            clock.resize(memory.states.len(), stamp);
        }
        memory.states.truncate(memory.states.len() - dice.roll(12));
        // A slot in the ring is there once only. A writer that pauses while it adds to one is waited for.
        let is_stuck = additions.iter().any(|addition| addition.contains(&memory.time()));
        let mut last = (0, 0);
        read_all(
            &memory.looks(&mut dice),
            is_stuck,
            |looks| window::read(looks).unwrap(),
            |found, end| {
                let now = clock[end];
                let current = found.slots[0];
                let young = |stamp: &u64| *stamp <= now && now - stamp < u64::from(seconds);
                // A second that is too old counts no more, so it does not matter how much of it is seen. A slot
                // to which something is being added may be missed for a look, where it is the current one's.
                let is_older = young(&current.stamp) && (current.stamp, current.count) < last;
                assert!(has_additions || !is_older, "{current:?}: {last:?}");
                last = last.max((current.stamp, current.count));
                let mut seen = vec![];
                for slot in found.slots.iter().filter(|slot| slot.count > 0 && young(&slot.stamp)) {
                    let state = truth[&slot.stamp].iter().position(|state| state == slot);
                    let state = state.unwrap_or_else(|| panic!("{slot:?} never was"));
                    if slot.stamp < current.stamp && !late.contains(&slot.stamp) {
                        assert!(state >= over[&slot.stamp], "{slot:?} was not over");
                    }
                    seen.push(slot.stamp);
                }
                seen.sort_unstable();
                let wanted =
                    |stamp: &&u64| young(stamp) && **stamp <= current.stamp && !late.contains(*stamp);
                for stamp in truth.keys().filter(wanted) {
                    assert!(seen.contains(stamp), "second {stamp} is missing at {now}: {found:?}");
                }
                let summary = found.summary(Duration::from_secs(now - 1));
                let count = summary.map_or(0, |all| all.count);
                let slots = found.slots.iter().filter(|slot| young(&slot.stamp));
                assert_eq!(count, slots.map(|slot| slot.count).sum());
                counted += u64::from(count > 0);
            },
        );
    }
    assert!(counted > HISTORIES * 5, "{counted}");
}
