//! Two threads of a process end one after the other, and are folded into a file that is made when the first of them
//! does. Somebody adds everything up.

use super::{World, fails, holds};

/// What is weakened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Protocol {
    AsBuilt,
    /// Nothing says that a fold is under way.
    NotOdd,
    /// The thread's file gets its number when the fold is over.
    NumberLater,
    /// It goes before the fold begins.
    RemovedFirst,
    /// The reader does not wait until two looks agree.
    OneLook,
    /// It takes the threads' numbers when it opens their files.
    ThreadsFirst,
    /// It does not look for a process's file that was made after it listed the names.
    NoNewProcess,
}

use Protocol::*;

const COUNTS: [u8; 2] = [1, 2];
const ALL: u8 = 3;

/// The process's file: the number of the fold, and the count.
type Process = (u8, u8);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Reads {
    List,
    Open(usize),
    Anew,
    Number,
    Count,
    Thread(usize),
    Over,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Program {
    protocol: Protocol,
    process: Option<Process>,
    /// By thread: whether its file has its name, and the number in it.
    named: [bool; 2],
    numbers: [u8; 2],
    /// Steps of the writer so far.
    step: usize,
    at: Reads,
    listed: [bool; 2],
    open: [bool; 2],
    early: [u8; 2],
    has_process: bool,
    /// The looks at the process's file.
    before: Option<Process>,
    number: u8,
    looks: u8,
    sum: u8,
    held: u8,
    verdict: Option<bool>,
}

fn program(protocol: Protocol) -> Program {
    Program {
        protocol,
        process: None,
        named: [true; 2],
        numbers: [0; 2],
        step: 0,
        at: Reads::List,
        listed: [false; 2],
        open: [false; 2],
        early: [0; 2],
        has_process: false,
        before: None,
        number: 0,
        looks: 0,
        sum: 0,
        held: 0,
        verdict: None,
    }
}

/// The steps of a fold.
#[derive(Clone, Copy)]
enum Fold {
    Begin,
    Number,
    Count,
    End,
    Remove,
}

impl Program {
    fn write(&self) -> Option<Self> {
        use Fold::*;
        let order = match self.protocol {
            NumberLater => [Begin, Count, End, Number, Remove],
            RemovedFirst => [Remove, Begin, Number, Count, End],
            _ => [Begin, Number, Count, End, Remove],
        };
        let mut next = self.clone();
        next.step += 1;
        let Some(process) = &mut next.process else {
            next.process = Some((0, 0));
            return Some(next);
        };
        let (thread, step) = ((self.step - 1) / order.len(), (self.step - 1) % order.len());
        if thread == COUNTS.len() {
            return None;
        }
        let is_told = self.protocol != NotOdd;
        match order[step] {
            Begin => process.0 += u8::from(is_told),
            Number => next.numbers[thread] = 2 * (1 + u8::try_from(thread).unwrap()),
            Count => process.1 += COUNTS[thread],
            End => process.0 += if is_told { 1 } else { 2 },
            Remove => next.named[thread] = false,
        }
        Some(next)
    }

    fn read(&self) -> Option<Self> {
        let mut next = self.clone();
        next.at = match self.at {
            Reads::List => {
                (next.listed, next.has_process) = (self.named, self.process.is_some());
                Reads::Open(0)
            }
            Reads::Open(thread) => {
                // One that is open can be read to its end.
                next.open[thread] = self.listed[thread] && self.named[thread];
                next.early[thread] = self.numbers[thread];
                if thread == 0 { Reads::Open(1) } else { Reads::Anew }
            }
            Reads::Anew => {
                let has_gone = self.listed != self.open;
                let is_late = (0..2).any(|thread| self.open[thread] && self.early[thread] != 0);
                if (has_gone || is_late && !self.has_process) && self.protocol != NoNewProcess {
                    next.has_process |= self.process.is_some();
                }
                if next.has_process { Reads::Number } else { Reads::Thread(0) }
            }
            Reads::Number => {
                next.number = self.process.unwrap().0;
                Reads::Count
            }
            Reads::Count => {
                let look = (self.number, self.process.unwrap().1);
                next.looks += 1;
                let is_settled = self.before == Some(look) && look.0 % 2 == 0;
                next.before = Some(look);
                if is_settled || self.protocol == OneLook {
                    (next.held, next.sum) = look;
                    Reads::Thread(0)
                } else if next.looks < 6 {
                    Reads::Number
                } else {
                    // It says that it could not be done.
                    Reads::Over
                }
            }
            Reads::Thread(thread) => {
                let number =
                    if self.protocol == ThreadsFirst { self.early[thread] } else { self.numbers[thread] };
                let is_held = (1..=self.held).contains(&number);
                if self.open[thread] && !is_held {
                    next.sum += COUNTS[thread];
                }
                if thread == 0 {
                    Reads::Thread(1)
                } else {
                    next.verdict = Some(next.sum == ALL);
                    Reads::Over
                }
            }
            Reads::Over => return None,
        };
        Some(next)
    }
}

impl World for Program {
    fn next(&self) -> Vec<Self> {
        self.write().into_iter().chain(self.read()).collect()
    }

    fn verdict(&self) -> Option<bool> {
        self.verdict
    }
}

#[test]
fn a_thread_that_ends_is_counted_once() {
    holds(program(AsBuilt));
}

#[test]
fn folding_needs_each_of_its_steps() {
    for protocol in [NotOdd, NumberLater, RemovedFirst, OneLook, ThreadsFirst, NoNewProcess] {
        println!("{protocol:?}");
        fails(program(protocol));
    }
}
