//! The readers of counts that move, and their judge.

use std::convert::Infallible;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use cli::{Stop, Tool};
use exposition::{Counted, Files};
use files::{Groups, Left, Member, Operands, Roster, Thread, Threaded, Visitor, Ways};
use mmstats::{Certainty, FOLDED_LABEL, Observation, Origin, Snapshot, Value};

use super::SLOTS;
use super::truth::Truth;
use super::work::{self, SIZE};
use crate::judge::Counts;

/// Who reads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// As slurpstats adds up.
    Once,
    /// As programs do that go on.
    Follow,
    /// All files, one after the other.
    Naive,
}

impl Look {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Once => "mmstats",
            Self::Follow => "follow",
            Self::Naive => "naive",
        }
    }
}

/// The labels.
const LABELS: [&[u8]; 3] = [b"count", b"mean", b"size"];

/// What a reader has added up: by label how many updates, and the sum of what was recorded, in ones.
#[derive(Clone, Copy, Default)]
struct Sums([Option<(u64, u64)>; 3]);

impl Sums {
    fn add(&mut self, label: &[u8], value: &Value<'_>) {
        let Some(place) = LABELS.iter().position(|known| *known == label) else { return };
        let (count, sum) = match value {
            Value::Unsigned(count) => (*count, *count),
            // Of ones.
            Value::Mean(mean) => (mean.count, mean.sum as u64),
            Value::Histogram(view) => {
                let total = view.total();
                (total.count(), total.histogram.sum() / SIZE)
            }
            // Version 1 does not say what they are.
            _ => return,
        };
        let all = self.0[place].get_or_insert((0, 0));
        *all = (all.0 + count, all.1 + sum);
    }

    fn add_all(&mut self, snapshot: &Snapshot) {
        for field in snapshot.fields().filter_map(Result::ok) {
            self.add(field.label(), &field.value());
        }
    }
}

/// A reader and its judge.
pub(crate) struct Looker {
    how: How,
    dir: PathBuf,
    truth: Truth,
    tally: Counts,
    /// The sums at the look before.
    last: Sums,
}

enum How {
    Once(Operands, Box<Tool>),
    Follow(Box<Roster<Option<Thread<()>>>>, Follow),
    Naive,
}

impl Looker {
    pub(crate) fn new(look: Look, place: &Path) -> Self {
        let dir = work::dir(place);
        let operands = || {
            let mut operands = Operands::default();
            operands.paths.push(OsString::from(&dir));
            operands
        };
        let how = match look {
            Look::Once => How::Once(operands(), Box::new(Tool::silent("races"))),
            Look::Follow => {
                How::Follow(Box::new(Roster::new(operands(), Certainty::Newest)), Follow::default())
            }
            Look::Naive => How::Naive,
        };
        Self { how, dir, truth: Truth::new(place), tally: Counts::default(), last: Sums::default() }
    }

    pub(crate) fn tally(&self) -> Counts {
        self.tally
    }

    /// Adds everything up once, and judges the sums.
    pub(crate) fn look(&mut self) {
        let Ok(done) = self.truth.done() else {
            self.tally.refused += 1;
            return;
        };
        let sums = match &mut self.how {
            How::Once(operands, tool) => once(operands, tool),
            How::Follow(roster, follow) => follow.sums(roster),
            How::Naive => Some(naive(&self.dir)),
        };
        let (Some(sums), Ok(begun)) = (sums, self.truth.begun()) else {
            self.tally.refused += 1;
            return;
        };
        for ((sum, last), label) in sums.0.into_iter().zip(&mut self.last.0).zip(LABELS) {
            let before = last.unwrap_or_default();
            let Some((count, sum)) = sum else {
                // There is none before the first update; of version 1 there is none of a mean and a histogram at all.
                self.tally.backwards += u64::from(before.0 > 0 || (label == b"count" && done > 0));
                continue;
            };
            self.tally.reads += 1;
            self.tally.changed += u64::from(count != before.0);
            // A histogram's numbers go into their buckets before they go into the sum.
            let under_way = if label == b"size" { SLOTS as u64 } else { 0 };
            self.tally.torn += u64::from(sum > count || sum + under_way < count);
            self.tally.backwards += u64::from(count < done.max(before.0));
            self.tally.half += u64::from(count > begun);
            *last = Some((count, sum));
        }
    }
}

/// As slurpstats does it. `None` if it has anything to say: that it could not be done.
fn once(operands: &Operands, tool: &Tool) -> Option<Sums> {
    let found = files::find(operands, Ways::One).found;
    let files = Files::new(tool, operands, &found);
    let add = |sums: &mut Sums, snapshot: &Snapshot, _: Counted<'_>| sums.add_all(snapshot);
    let sums: Result<_, Stop> = exposition::gather(&files, &Sums::default, &add);
    sums.ok().filter(|_| tool.take_said().is_empty())
}

/// What one sees who reads every file that is listed.
fn naive(dir: &Path) -> Sums {
    let (mut sums, mut snapshot) = (Sums::default(), Snapshot::new());
    for entry in std::fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok) {
        if files::is_stats_name(&entry.file_name()) && snapshot.read(&entry.path(), Origin::Found).is_ok() {
            sums.add_all(&snapshot);
        }
    }
    sums
}

/// As pollstats and mmash do it.
#[derive(Default)]
struct Follow {
    groups: Groups<()>,
}

impl Follow {
    /// `None` if a fold did not come to its end.
    fn sums(&mut self, roster: &mut Roster<Option<Thread<()>>>) -> Option<Sums> {
        let Ok(()) = roster.look(self, &mut |_| {});
        let Ok(()) = files::settle(roster, self);
        let mut sums = Sums::default();
        let mut is_known = true;
        for Member { file, state, .. } in roster.members() {
            if let Some(thread) = state {
                is_known &= !thread.is_process || thread.is_read();
                let is_held = thread.group.borrow().holds(thread.number(file));
                if is_held && !thread.is_process {
                    continue;
                }
            }
            for field in file.fields() {
                if let Some(value) = field.value() {
                    sums.add(field.label(), &value);
                }
            }
        }
        self.groups.end(|_| false);
        is_known.then_some(sums)
    }
}

impl Visitor for Follow {
    type State = Option<Thread<()>>;
    type Stop = Infallible;

    fn wants(&mut self, label: &[u8]) -> bool {
        LABELS.contains(&label) || label == FOLDED_LABEL.as_bytes()
    }

    fn visit(&mut self, member: &mut Member<Self::State>, looked: Observation) -> Result<(), Infallible> {
        if member.state.is_none() {
            member.state = self.groups.thread_of(&member.writer);
        }
        if let Some(thread) = &mut member.state {
            thread.note(&member.file, looked);
        }
        Ok(())
    }

    fn leave(&mut self, _: &mut Member<Self::State>, _: Observation, _: Left) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Threaded for Follow {
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
