//! Followed files of threads whose counts go to one file of their process when they end: in which order they are
//! looked at, and which of them hold what counts.
//!
//! Files are looked at one after the other, so a thread may be folded between two looks. The files' own numbers tell
//! what was seen: the process's file, read at number n, holds the counts of every thread whose file, read after that,
//! has a number from 1 to n. Any other thread is still to be counted by its own file, though its name may be gone: a
//! file that is open can be read to its end.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use mmstats::{FOLDED_LABEL, Followed, Observation};

use crate::member::{Member, Writer};
use crate::roster::Roster;
use crate::visitor::Visitor;

/// How often the files of a group are looked at anew because one of them has gone meanwhile. Only files
/// that are not kept open can go so.
const ROUNDS: usize = 8;
/// How long a look waits for a fold to end, which takes a microsecond unless its thread has lost the
/// processor. A thread that was stopped is waited for once.
const WAIT: Duration = Duration::from_millis(250);
/// How long the processor is left to whoever folds.
const PAUSE: Duration = Duration::from_micros(50);
/// How many looks in a row find nothing new where the values are of one moment: the first and the last may
/// have seen their bytes in any order, but all of the one between lies between them.
const AGREEING: u8 = 2;

/// What is known of the files that are folded into one, and what the program has to remember of them.
#[derive(Default)]
pub struct Group<T> {
    /// The process's file was read at this number. `None` where it is not there, or does not count.
    pub number: Option<i128>,
    /// The same when the program looked before.
    settled: Option<i128>,
    /// The process's file has gone since then, with this number.
    last: Option<i128>,
    /// A fold was found under way at this number, and did not come to its end: what the process's file holds cannot be
    /// said.
    stuck: Option<i128>,
    /// The program's own.
    pub more: T,
}

impl<T> Group<T> {
    /// Whether the process's file holds what a thread has counted whose file has this number.
    #[must_use]
    pub fn holds(&self, number: i128) -> bool {
        number != 0 && self.number.is_some_and(|held| number <= held)
    }

    /// The process's file has gone, with this number.
    pub fn has_left(&mut self, number: i128) {
        self.last = Some(number);
    }

    /// Whether the process's file is there, and could not be read as it was at one moment: a fold did not come to its
    /// end, or too many came. What it holds is not known then, and no less is held than before.
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        self.stuck.is_some()
    }

    /// Whether a thread can have been folded since the program looked before.
    fn has_moved(&self) -> bool {
        self.number != self.settled
    }
}

/// All groups, by the process id and the number that their files have in common.
#[derive(Default)]
pub struct Groups<T>(HashMap<(i128, i128), Rc<RefCell<Group<T>>>>);

impl<T: Default> Groups<T> {
    /// What a file is in its group. `None` if it is in none.
    pub fn thread_of(&mut self, writer: &Writer) -> Option<Thread<T>> {
        let group = Rc::clone(self.0.entry((writer.pid?, writer.fold?)).or_default());
        let is_process = writer.tid == Some(0);
        Some(Thread {
            group,
            is_process,
            is_folded: false,
            number: None,
            agreeing: 0,
            is_read: false,
            is_lost: false,
        })
    }

    /// Whether no file is in a group.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Ends a look at all files. Groups of which no file is left are forgotten, unless `end` wants to keep them.
    pub fn end(&mut self, mut end: impl FnMut(&mut Group<T>) -> bool) {
        self.0.retain(|_, shared| {
            let mut group = shared.borrow_mut();
            let is_wanted = end(&mut group);
            (group.settled, group.last) = (group.number, None);
            is_wanted || Rc::strong_count(shared) > 1
        });
    }
}

/// What is remembered of a file that is one of a group.
pub struct Thread<T> {
    /// Its group.
    pub group: Rc<RefCell<Group<T>>>,
    /// Whether it is the process's file.
    pub is_process: bool,
    /// Whether the program knows that the process's file holds its counts: then it is not looked at again.
    pub is_folded: bool,
    /// Which of the file's fields is the number of the fold.
    number: Option<usize>,
    /// How many looks in a row have found nothing new.
    agreeing: u8,
    is_read: bool,
    is_lost: bool,
}

impl<T> Thread<T> {
    /// The number of the fold, as the file has it: 0 as long as the thread lives.
    #[must_use]
    pub fn number(&self, file: &Followed) -> i128 {
        let value = self.number.and_then(|number| file.field(number).value());
        value.and_then(|value| value.as_integer()).unwrap_or(0)
    }

    /// Whether the process's file was read as it was at one moment.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.is_read
    }

    /// Whether it could not be looked at again.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// Takes note of a look. The program gives every one.
    pub fn note(&mut self, file: &Followed, looked: Observation) {
        match looked {
            Observation::Replaced => {
                self.is_lost = true;
                return;
            }
            Observation::Anew => {
                let ends = |label: &[u8]| label.ends_with(FOLDED_LABEL.as_bytes());
                self.number = file.fields().position(|field| ends(field.label()));
            }
            _ => {}
        }
        self.is_lost = false;
        self.agreeing = if looked == Observation::Unchanged { self.agreeing.saturating_add(1) } else { 0 };
    }
}

/// A program that has to count each number once.
pub trait Threaded: Visitor {
    /// What it remembers of each group.
    type More: Default;

    /// What it remembers of a file's thread.
    fn thread(state: &Self::State) -> Option<&Thread<Self::More>>;

    /// The same, to be changed.
    fn thread_mut(state: &mut Self::State) -> Option<&mut Thread<Self::More>>;

    /// Whether a file's values count at all.
    fn counts(_state: &Self::State) -> bool {
        true
    }

    /// All groups.
    fn groups(&mut self) -> &mut Groups<Self::More>;
}

/// Looks once more at the files of groups, after [`Roster::look`]: then [`Group::holds`] says of each thread's file
/// whether the process's file has its counts.
///
/// # Errors
/// Whatever the visitor gives.
pub fn settle<V: Threaded>(roster: &mut Roster<V::State>, visitor: &mut V) -> Result<(), V::Stop> {
    if visitor.groups().is_empty() {
        return Ok(());
    }
    for _ in 0..ROUNDS {
        read_processes(roster, visitor)?;
        // What has no number was not folded when its file was looked at, and that was before the
        // process's file was read: so it is looked at again, unless no fold has come since the look before.
        let lost = count_lost::<V>(roster);
        roster.look_again(visitor, may_be_folded::<V>)?;
        if count_lost::<V>(roster) == lost {
            break;
        }
    }
    Ok(())
}

/// Reads the processes' files, each as it was at one moment with no fold under way.
fn read_processes<V: Threaded>(roster: &mut Roster<V::State>, visitor: &mut V) -> Result<(), V::Stop> {
    let began = Instant::now();
    for thread in roster.members_mut().iter_mut().filter_map(|member| V::thread_mut(&mut member.state)) {
        (thread.agreeing, thread.is_read) = (0, false);
    }
    loop {
        roster.look_again(visitor, is_unread::<V>)?;
        let (mut is_waited_for, mut is_under_way) = (false, false);
        for member in roster.members_mut() {
            let Some(thread) = V::thread_mut(&mut member.state) else { continue };
            let number = thread.number(&member.file);
            thread.is_read = thread.is_process && thread.agreeing >= AGREEING && number % 2 == 0;
            // A file at rest is read by the next look at the latest.
            let is_stuck = number % 2 != 0 && thread.group.borrow().stuck == Some(number);
            let is_wanted = thread.is_process && !thread.is_read && !thread.is_lost && !is_stuck;
            is_waited_for |= is_wanted;
            is_under_way |= is_wanted && number % 2 != 0;
        }
        if !is_waited_for || began.elapsed() > WAIT {
            break;
        }
        if is_under_way {
            // Only to yield would not do where its thread waits for this very processor among many.
            std::thread::sleep(PAUSE);
        }
    }
    for group in visitor.groups().0.values() {
        let mut group = group.borrow_mut();
        (group.number, group.stuck) = (group.last, None);
    }
    for member in roster.members() {
        let Some(thread) = V::thread(&member.state).filter(|thread| thread.is_process) else { continue };
        let (number, mut group) = (thread.number(&member.file), thread.group.borrow_mut());
        group.stuck = (!thread.is_read).then_some(number);
        if V::counts(&member.state) {
            // What could not be read counts as it did before.
            group.number = if thread.is_read { Some(number) } else { group.settled };
        }
    }
    Ok(())
}

/// Whether it is a process's file that has not been read as it was at one moment.
fn is_unread<V: Threaded>(member: &Member<V::State>) -> bool {
    V::thread(&member.state).is_some_and(|thread| thread.is_process && !thread.is_read && !thread.is_lost)
}

/// Whether it is the file of a thread that may have been folded since it was looked at.
fn may_be_folded<V: Threaded>(member: &Member<V::State>) -> bool {
    V::thread(&member.state).is_some_and(|thread| {
        let is_open = !thread.is_process && !thread.is_lost && !thread.is_folded;
        is_open && thread.group.borrow().has_moved()
    })
}

fn count_lost<V: Threaded>(roster: &Roster<V::State>) -> usize {
    let threads = roster.members().iter().filter_map(|member| V::thread(&member.state));
    threads.filter(|thread| thread.is_lost).count()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::path::PathBuf;

    use mmstats::format::image::{Description, Image};
    use mmstats::format::item::Items;
    use mmstats::format::kind::{DataType, MetricType};
    use mmstats::{Certainty, FOLD_LABEL};

    use super::*;
    use crate::member::Left;
    use crate::operands::Operands;

    #[test]
    fn a_thread_is_held_from_its_number_on() {
        let mut group = Group::<()>::default();
        assert!(!group.holds(2), "there is no file of the process");
        group.number = Some(4);
        assert!(group.holds(2) && group.holds(4));
        assert!(!group.holds(6) && !group.holds(0));
    }

    /// The file of a process. Its writer lives: it is this one.
    fn process(number: u64) -> Vec<u8> {
        let mut image = Image::new();
        for (label, value) in
            [("sys.pid", std::process::id().into()), ("sys.tid", 0), (FOLD_LABEL, 5), (FOLDED_LABEL, number)]
        {
            let items = Items::default();
            let description = Description { label, data: DataType::U64, metric: MetricType::Info, items };
            image.add(&description, &value.to_ne_bytes()).unwrap();
        }
        image.finish()
    }

    /// Loses the processor at a bad moment.
    #[derive(Default)]
    struct Slow {
        path: PathBuf,
        groups: Groups<()>,
        looks: usize,
    }

    impl Visitor for Slow {
        type State = Option<Thread<()>>;
        type Stop = Infallible;

        fn wants(&mut self, _: &[u8]) -> bool {
            true
        }

        fn visit(&mut self, member: &mut Member<Self::State>, looked: Observation) -> Result<(), Infallible> {
            if member.state.is_none() {
                member.state = self.groups.thread_of(&member.writer);
            }
            member.state.iter_mut().for_each(|thread| thread.note(&member.file, looked));
            self.looks += 1;
            match self.looks {
                3 => std::fs::write(&self.path, process(4)).unwrap(),
                // It has seen the end of the fold, once.
                4 => std::thread::sleep(WAIT + Duration::from_millis(1)),
                _ => {}
            }
            Ok(())
        }

        fn leave(&mut self, _: &mut Member<Self::State>, _: Observation, _: Left) -> Result<(), Infallible> {
            Ok(())
        }
    }

    impl Threaded for Slow {
        type More = ();

        fn thread(state: &Self::State) -> Option<&Thread<()>> {
            state.as_ref()
        }

        fn thread_mut(state: &mut Self::State) -> Option<&mut Thread<()>> {
            state.as_mut()
        }

        fn groups(&mut self) -> &mut Groups<()> {
            &mut self.groups
        }
    }

    #[test]
    fn a_fold_whose_end_was_seen_too_late_is_known_at_the_next_look() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("web-1-0.mmstats");
        std::fs::write(&path, process(3)).unwrap();
        let mut operands = Operands::default();
        operands.paths.push(dir.path().into());
        let mut roster = Roster::new(operands, Certainty::Newest);
        let mut slow = Slow { path, ..Slow::default() };
        let mut look = || {
            let Ok(()) = roster.look(&mut slow, &mut |_| {});
            let Ok(()) = settle(&mut roster, &mut slow);
            let number = slow.groups.0.values().next().unwrap().borrow().number;
            slow.groups.end(|_| false);
            number
        };
        assert_eq!(look(), None);
        assert_eq!(look(), Some(4));
    }
}
