//! Two writers want a name that a dead one's file has. One of them may be killed, and cleanstats may remove what is
//! dead. A name that a living writer was given stays its own.

use super::{World, fails, holds};

/// What is weakened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Protocol {
    AsBuilt,
    /// A dead file's name is taken by a rename that replaces whatever has it by then.
    Replaced,
    /// What was exchanged is not looked at.
    NotSettled,
    /// The file goes to its name whoever has it.
    NotFree,
}

use Protocol::*;

/// Files: the dead one's, and those of the writers.
const DEAD: usize = 0;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum At {
    /// It gives its file the name, if that is free.
    Rename,
    Judge,
    /// What it has judged.
    Exchange(usize),
    Settle(usize),
    /// It has the name, or was refused it.
    Done,
    Held,
    Killed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Directory {
    protocol: Protocol,
    /// Which file has the name that both want.
    name: Option<usize>,
    /// Their temporary names.
    temporary: [Option<usize>; 2],
    writers: [At; 2],
    may_die: bool,
    /// A file with a living writer was removed.
    is_lost: bool,
}

fn directory(protocol: Protocol, may_die: bool) -> Directory {
    Directory {
        protocol,
        name: Some(DEAD),
        temporary: [Some(1), Some(2)],
        writers: [At::Rename; 2],
        may_die,
        is_lost: false,
    }
}

impl Directory {
    fn is_alive(&self, file: usize) -> bool {
        file != DEAD && self.writers[file - 1] != At::Killed
    }

    fn remove(&mut self, file: Option<usize>) {
        self.is_lost |= file.is_some_and(|file| self.is_alive(file));
    }

    fn step(&self, who: usize) -> Option<Self> {
        let mut next = self.clone();
        let own = self.temporary[who];
        next.writers[who] = match self.writers[who] {
            At::Rename if self.name.is_none() || self.protocol == NotFree => {
                next.remove(self.name);
                (next.name, next.temporary[who]) = (own, None);
                At::Done
            }
            At::Rename => At::Judge,
            At::Judge => match self.name {
                None => At::Rename,
                Some(file) if self.is_alive(file) => At::Held,
                Some(file) => At::Exchange(file),
            },
            // Nobody has the name any more.
            At::Exchange(_) if self.name.is_none() => At::Rename,
            At::Exchange(_) if self.protocol == Replaced => {
                next.remove(self.name);
                (next.name, next.temporary[who]) = (own, None);
                At::Done
            }
            At::Exchange(judged) => {
                (next.name, next.temporary[who]) = (own, self.name);
                At::Settle(judged)
            }
            At::Settle(judged) if own == Some(judged) || self.protocol == NotSettled => {
                next.remove(own);
                next.temporary[who] = None;
                At::Done
            }
            // Somebody else has removed what was dead.
            At::Settle(_) if own.is_none() => At::Done,
            At::Settle(_) => {
                (next.name, next.temporary[who]) = (own, self.name);
                At::Rename
            }
            At::Done | At::Held | At::Killed => return None,
        };
        Some(next)
    }

    /// cleanstats removes a dead file, whatever it is called.
    fn clean(&self) -> Vec<Self> {
        let mut all = Vec::new();
        let is_dead = |file: &Option<usize>| file.is_some_and(|file| !self.is_alive(file));
        if is_dead(&self.name) {
            all.push(Self { name: None, ..self.clone() });
        }
        for who in 0..2 {
            if is_dead(&self.temporary[who]) {
                let mut next = self.clone();
                next.temporary[who] = None;
                all.push(next);
            }
        }
        all
    }
}

impl World for Directory {
    fn next(&self) -> Vec<Self> {
        let mut all: Vec<_> = (0..2).filter_map(|who| self.step(who)).collect();
        all.extend(self.clean());
        if self.may_die && !matches!(self.writers[0], At::Done | At::Held | At::Killed) {
            let mut killed = self.clone();
            killed.writers[0] = At::Killed;
            all.push(killed);
        }
        all
    }

    /// No living writer's file is removed. And when both are through, who was given the name has it.
    fn verdict(&self) -> Option<bool> {
        if self.is_lost {
            return Some(false);
        }
        let is_over = self.writers.iter().all(|at| matches!(at, At::Done | At::Held | At::Killed));
        let done = |who: &usize| self.writers[*who] == At::Done;
        // One that is killed between its two exchanges leaves the other's file under its own temporary name.
        let has_name = |who| self.name == Some(who + 1) || self.writers.contains(&At::Killed);
        is_over.then(|| (0..2).filter(done).all(has_name))
    }
}

#[test]
fn a_name_goes_to_one_writer_and_stays_its_own() {
    holds(directory(AsBuilt, false));
    holds(directory(AsBuilt, true));
}

#[test]
fn publishing_needs_each_of_its_steps() {
    for protocol in [Replaced, NotSettled, NotFree] {
        println!("{protocol:?}");
        fails(directory(protocol, false));
    }
}
