//! Looks whose loads come in any order, while a writer stores in the order of the manual: what is read is
//! always something that was there, and never older than what was read before.

use std::collections::BTreeMap;
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
    read: impl Fn([&'a [u8]; 3]) -> Option<T>,
    mut judge: impl FnMut(T, usize),
) {
    for (place, three) in looks.windows(3).enumerate() {
        match read([&three[0].1, &three[1].1, &three[2].1]) {
            Some(found) => judge(found, three[2].0),
            None => assert!(place + 3 < looks.len(), "a writer that pauses makes a value unreadable"),
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
        // What each second had in it after each number, and what the clock said after each store.
        let mut truth: BTreeMap<u64, Vec<Slot>> = BTreeMap::new();
        let mut clock = vec![1];
        let (mut current, mut copy) = (Slot::default(), 0);
        for _ in 0..30 {
            let stamp = current.stamp.max(1) + [0, 0, 0, 1, 1, 2][dice.roll(6)];
            if stamp > current.stamp {
                if current.stamp > 0 {
                    let at = window::slot_at(current.stamp, seconds) / 8;
                    memory.store(&mut dice, (at..).zip(current.words()).collect());
                }
                current = Slot { stamp, ..Slot::default() };
            }
            current.add(dice.roll(5) as f64 - 2.0);
            copy = 1 - copy;
            let at = (window::COPIES + window::SLOT * copy) / 8;
            memory.store(&mut dice, (at..).zip(current.words()).collect());
            truth.entry(stamp).or_default().push(current);
            clock.resize(memory.states.len(), stamp);
        }
        memory.states.truncate(memory.states.len() - dice.roll(12));
        let mut last = (0, 0);
        read_all(
            &memory.looks(&mut dice),
            |looks| window::read(looks).unwrap(),
            |found, end| {
                let now = clock[end];
                let current = found.slots[0];
                let young = |stamp: &u64| *stamp <= now && now - stamp < u64::from(seconds);
                // A second that is too old counts no more, so it does not matter how much of it is seen.
                assert!(
                    !young(&current.stamp) || (current.stamp, current.count) >= last,
                    "{current:?}: {last:?}"
                );
                last = last.max((current.stamp, current.count));
                let before = truth.iter().filter(|(stamp, _)| **stamp < current.stamp);
                let mut want: Vec<_> = before.map(|(_, slots)| *slots.last().unwrap()).collect();
                if current.count > 0 {
                    assert_eq!(current, truth[&current.stamp][current.count as usize - 1]);
                    want.push(current);
                }
                want.retain(|slot| young(&slot.stamp));
                let summary = found.summary(Duration::from_secs(now - 1));
                let of = |slots: &[Slot]| {
                    (slots.iter().map(|slot| slot.count).sum(), slots.iter().map(|slot| slot.sum).sum())
                };
                let (count, sum): (u64, f64) = of(&want);
                assert_eq!(
                    summary.map_or((0, 0.0), |all| (all.count, all.sum)),
                    (count, sum + 0.0),
                    "{want:?}"
                );
                counted += u64::from(count > 0);
            },
        );
    }
    assert!(counted > HISTORIES * 5, "{counted}");
}
