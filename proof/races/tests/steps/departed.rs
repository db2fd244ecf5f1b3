//! What dead processes have counted is kept in the file of their command's departed, and their files are removed, by two
//! who may do it at the same time, one of whom may be killed. A process that comes after one of them has its name, and
//! somebody adds everything up.

use super::{World, fails, holds};

/// What is weakened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Protocol {
    AsBuilt,
    /// The files go before the counts are in place.
    RemovedFirst,
    /// The file of the departed does not say which files it holds.
    NoList,
    /// It says so by their names alone.
    ByName,
    /// Two keep counts at the same time.
    NoLock,
    /// A file that has gone meanwhile is added all the same.
    NotThere,
    /// The reader does not look whether counts have moved meanwhile.
    NoSecondLook,
    /// The reader reads the file of the departed after the others.
    DepartedLast,
}

use Protocol::*;

/// What the files have counted: two of dead processes, and that of the next process, which has the first one's name.
const COUNTS: [u8; 3] = [1, 2, 4];
const NEXT: usize = 2;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Departed {
    sum: u8,
    /// Files, and what they are called.
    list: Vec<(usize, usize)>,
    state: u8,
}

/// Where somebody is. The numbers are those of the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum At {
    Open(usize),
    Add(usize),
    Publish,
    Remove(usize),
    Settle,
    Over,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Keeper {
    at: At,
    /// By name: the file that was opened.
    open: [Option<usize>; 2],
    kept: Option<Departed>,
    has_changed: bool,
    may_die: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Reads {
    List,
    Departed,
    File(usize),
    Again,
    Over,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Reader {
    at: Reads,
    tries: u8,
    /// What there was when it began, and which names it has found.
    least: u8,
    names: [bool; 2],
    has_departed: bool,
    held: Option<Departed>,
    read: [Option<usize>; 2],
    verdict: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Files {
    protocol: Protocol,
    /// Which file has the name.
    names: [Option<usize>; 2],
    departed: Option<Departed>,
    /// Who has the lock of the directory.
    lock: Option<usize>,
    keepers: [Keeper; 2],
    reader: Reader,
    /// What was counted in all.
    counted: u8,
}

fn files(protocol: Protocol) -> Files {
    let keeper =
        |may_die| Keeper { at: At::Open(0), open: [None; 2], kept: None, has_changed: false, may_die };
    Files {
        protocol,
        names: [Some(0), Some(1)],
        departed: None,
        lock: None,
        keepers: [keeper(true), keeper(false)],
        reader: Reader {
            at: Reads::List,
            tries: 0,
            least: 0,
            names: [false; 2],
            has_departed: false,
            held: None,
            read: [None; 2],
            verdict: None,
        },
        counted: COUNTS[0] + COUNTS[1],
    }
}

impl Files {
    /// The step of one who keeps counts. `None` while he waits for the other.
    fn keep(&self, who: usize) -> Option<Self> {
        let mut next = self.clone();
        let Self { names, departed, lock, keepers, protocol, .. } = &mut next;
        let keeper = &mut keepers[who];
        keeper.at = match keeper.at {
            At::Open(name) => {
                // The next process lives.
                keeper.open[name] = names[name].filter(|&file| file != NEXT);
                if keeper.open[name].is_some() { At::Add(name) } else { after(name) }
            }
            At::Add(name) => {
                if *protocol != NoLock {
                    if lock.is_some_and(|holder| holder != who) {
                        return None;
                    }
                    *lock = Some(who);
                }
                let nothing = || Departed { sum: 0, list: Vec::new(), state: 0 };
                let kept = keeper.kept.get_or_insert_with(|| departed.clone().unwrap_or_else(nothing));
                let file = keeper.open[name].unwrap();
                let is_there = names[name] == Some(file) || *protocol == NotThere;
                if is_there && !kept.list.contains(&(file, name)) {
                    kept.sum += COUNTS[file];
                    kept.list.push((file, name));
                    keeper.has_changed = true;
                }
                after(name)
            }
            At::Publish => {
                if keeper.has_changed {
                    publish(keeper, departed);
                }
                if *protocol == RemovedFirst { At::Settle } else { At::Remove(0) }
            }
            At::Remove(name) => {
                if keeper.open[name].is_some() && names[name] == keeper.open[name] {
                    names[name] = None;
                }
                match name {
                    0 => At::Remove(1),
                    _ if *protocol == RemovedFirst => At::Publish,
                    _ => At::Settle,
                }
            }
            At::Settle => {
                if let Some(kept) = &mut keeper.kept {
                    let before = kept.list.len();
                    kept.list.retain(|&(file, name)| names[name] == Some(file));
                    if kept.list.len() < before {
                        publish(keeper, departed);
                    }
                }
                if *lock == Some(who) {
                    *lock = None;
                }
                At::Over
            }
            At::Over => return None,
        };
        // From the last file that was added straight to its removal; what is published comes after that.
        if *protocol == RemovedFirst && keeper.at == At::Publish && self.keepers[who].at != At::Remove(1) {
            keeper.at = At::Remove(0);
        }
        Some(next)
    }

    fn read(&self) -> Option<Self> {
        let mut next = self.clone();
        let Self { names, departed, reader, protocol, counted, .. } = &mut next;
        let files = if *protocol == DepartedLast { Reads::Departed } else { Reads::Again };
        reader.at = match reader.at {
            Reads::List => {
                if reader.tries == 0 {
                    reader.least = *counted;
                }
                reader.tries += 1;
                (reader.names, reader.has_departed) = (names.map(|file| file.is_some()), departed.is_some());
                (reader.held, reader.read) = (None, [None; 2]);
                if *protocol == DepartedLast { Reads::File(0) } else { Reads::Departed }
            }
            Reads::Departed => {
                if reader.has_departed {
                    reader.held.clone_from(departed);
                }
                if *protocol == DepartedLast { Reads::Again } else { Reads::File(0) }
            }
            Reads::File(name) => {
                if reader.names[name] {
                    reader.read[name] = names[name];
                }
                if name == 0 { Reads::File(1) } else { files }
            }
            Reads::Again => {
                let state = |departed: &Option<Departed>| departed.as_ref().map(|departed| departed.state);
                if state(&reader.held) == state(departed) || *protocol == NoSecondLook {
                    let sum = reader.sum(*protocol);
                    reader.verdict = Some((reader.least..=*counted).contains(&sum));
                    Reads::Over
                } else if reader.tries < 4 {
                    Reads::List
                } else {
                    Reads::Over
                }
            }
            Reads::Over => return None,
        };
        Some(next)
    }
}

/// After the file with this name was opened and added.
fn after(name: usize) -> At {
    if name == 0 { At::Open(1) } else { At::Publish }
}

fn publish(keeper: &mut Keeper, departed: &mut Option<Departed>) {
    if let Some(kept) = &mut keeper.kept {
        // After any other, by the clock.
        kept.state = departed.as_ref().map_or(0, |departed| departed.state).max(kept.state) + 1;
        *departed = Some(kept.clone());
    }
}

impl Reader {
    fn sum(&self, protocol: Protocol) -> u8 {
        let is_held = |file: usize, at: usize| {
            self.held.as_ref().is_some_and(|held| match protocol {
                NoList => false,
                ByName => held.list.iter().any(|&(_, name)| name == at),
                _ => held.list.contains(&(file, at)),
            })
        };
        let files = (0..2).filter_map(|name| self.read[name].filter(|&file| !is_held(file, name)));
        files.map(|file| COUNTS[file]).sum::<u8>() + self.held.as_ref().map_or(0, |held| held.sum)
    }
}

impl World for Files {
    fn next(&self) -> Vec<Self> {
        let mut all: Vec<_> = (0..2).filter_map(|who| self.keep(who)).collect();
        all.extend(self.read());
        if self.keepers[0].may_die && self.keepers[0].at != At::Over {
            let mut killed = self.clone();
            killed.keepers[0].at = At::Over;
            killed.lock = self.lock.filter(|&holder| holder != 0);
            all.push(killed);
        }
        // Were the dead one's file still there, the next one's would take its place, and its counts would be lost unless
        // they are kept already: a program that does not want that has the process id in its files' names.
        if self.names[0].is_none() && self.counted == COUNTS[0] + COUNTS[1] {
            let mut begun = self.clone();
            begun.names[0] = Some(NEXT);
            begun.counted += COUNTS[NEXT];
            all.push(begun);
        }
        all
    }

    fn verdict(&self) -> Option<bool> {
        self.reader.verdict
    }
}

#[test]
fn what_is_kept_is_counted_once_whoever_is_killed() {
    holds(files(AsBuilt));
}

#[test]
fn keeping_needs_each_of_its_steps() {
    for protocol in [RemovedFirst, NoList, ByName, NoLock, NotThere, NoSecondLook, DepartedLast] {
        println!("{protocol:?}");
        fails(files(protocol));
    }
}
