//! Rows: what the columns make of all files, look by look.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cli::{Stop, Tool};
use files::{Left, Member, Roster, Visitor};
use mmstats::{FOLDED_LABEL, Observation, Value};

use crate::change::Reading;
use crate::column::{Cell, ColumnTally, Per};
use crate::field::ColumnField;
use crate::filter::Filters;
use crate::fold::Ledger;
use crate::mixed::Named;
use crate::polled::{Part, PolledFile, Thread};

/// How long a file may be on its way between the moment that it names as its beginning and the one when
/// it can be found, in seconds.
const PUBLISHING: f64 = 0.5;

/// One row.
pub(crate) struct Row {
    pub(crate) at: SystemTime,
    pub(crate) cells: Vec<Cell>,
}

/// Gathers rows.
pub(crate) struct Poll {
    pub(crate) fields: Vec<ColumnField>,
    pub(crate) filters: Filters,
    is_rate: bool,
    pub(crate) tallies: Vec<ColumnTally>,
    pub(crate) ledger: Ledger,
    /// When this row's look began and the one's before; `None` in the first row.
    now: SystemTime,
    began: Instant,
    before: Option<SystemTime>,
    passed: Duration,
    cost: Duration,
    /// Whether any file passes the filters.
    has_matched: bool,
    named: Named,
}

/// What of a file a row is to have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gives {
    All,
    /// What was counted: the file goes, or its counts go elsewhere.
    Changes,
    /// Whatever is shown as it is.
    Values,
}

impl Poll {
    pub(crate) fn new(fields: Vec<ColumnField>, filters: Filters, is_rate: bool) -> Self {
        Self {
            fields,
            filters,
            is_rate,
            tallies: Vec::new(),
            ledger: Ledger::default(),
            now: SystemTime::now(),
            began: Instant::now(),
            before: None,
            passed: Duration::ZERO,
            cost: Duration::ZERO,
            has_matched: false,
            named: Named::default(),
        }
    }

    /// Looks at all files, and makes a row of them.
    pub(crate) fn row(&mut self, tool: &Tool, roster: &mut Roster<PolledFile>) -> Result<Row, Stop> {
        let began = Instant::now();
        (self.now, self.passed, self.began) = (SystemTime::now(), began - self.began, began);
        self.tallies = self.fields.iter().map(|_| ColumnTally::default()).collect();
        roster.look(self, &mut |notice| tool.tell(notice))?;
        self.settle(roster)?;
        self.cost = began.elapsed();
        let per = match self.before.replace(self.now) {
            _ if !self.is_rate => Per::Row,
            None => Per::SecondSinceStart,
            Some(_) => Per::Second(self.passed.as_secs_f64()),
        };
        let members = roster.members();
        for (column, _) in self.tallies.iter().enumerate().filter(|(_, tally)| tally.is_mixed()) {
            self.named.tell(tool, column, members);
        }
        let cells = self.tallies.drain(..).map(|tally| tally.cell(per)).collect();
        Ok(Row { at: self.now, cells })
    }

    /// The fields that no file has, after a first row.
    pub(crate) fn missing(&self, roster: &Roster<PolledFile>) -> Vec<&ColumnField> {
        let has = |column: usize| {
            let mut members = roster.members().iter().filter(|member| member.state.counts);
            members.any(|member| member.state.parts[column].field.is_some())
        };
        let fields = self.fields.iter().enumerate();
        fields.filter(|(column, _)| !has(*column)).map(|(_, field)| field).collect()
    }

    /// What looking at all files took in the last row.
    pub(crate) fn cost(&self) -> Duration {
        self.cost
    }

    /// Whether any file has passed the filters so far.
    pub(crate) fn has_matched(&self) -> bool {
        self.has_matched
    }

    /// Finds out anew which of the file's fields each column means.
    fn assign(&mut self, member: &mut Member<PolledFile>) {
        let Member { file, state, writer, .. } = member;
        if let (None, Some(pid), Some(fold)) = (&state.thread, writer.pid, writer.fold) {
            let group = self.ledger.group((pid, fold), self.fields.len());
            let is_process = writer.tid == Some(0);
            state.thread = Some(Thread::new(group, is_process));
        }
        if let Some(thread) = &mut state.thread {
            thread.number = file.fields().position(|field| field.label().ends_with(FOLDED_LABEL.as_bytes()));
        }
        state.parts.resize_with(self.fields.len(), Part::default);
        for (part, field) in state.parts.iter_mut().zip(&self.fields) {
            let labels = file.fields().enumerate();
            let ranked =
                labels.filter_map(|(number, found)| Some((field.spelling.rank(found.label())?, number)));
            // The first of several fields with one label.
            part.field = ranked.min().map(|(_, number)| number);
        }
        state.is_begun = self.filters.are_begun();
        state.only_counters = state.parts.iter().zip(&self.fields).all(|(part, field)| {
            let value = part.field.and_then(|number| file.field(number).value());
            !field.is_gauge && value.is_none_or(|value| is_counter(&value))
        });
    }

    /// Takes note of what a look has found.
    fn note(&mut self, member: &mut Member<PolledFile>, looked: Observation) {
        if looked == Observation::Anew {
            self.assign(member);
        }
        if let Some(thread) = &mut member.state.thread {
            thread.is_lost = false;
            thread.agreeing =
                if looked == Observation::Unchanged { thread.agreeing.saturating_add(1) } else { 0 };
        }
        if looked != Observation::Unchanged {
            let holds = member.state.is_begun && self.filters.hold(&member.file);
            if member.state.counts && !holds {
                member.state.parts.iter_mut().for_each(|part| part.before = None);
            }
            member.state.resumes |= holds && !member.state.counts && member.state.is_known;
            member.state.counts = holds;
            self.has_matched |= holds;
        }
    }

    /// Takes what a file gives into the row.
    pub(crate) fn count(&mut self, member: &mut Member<PolledFile>, looked: Observation, gives: Gives) {
        let Member { file, state, writer, .. } = member;
        let resumes = std::mem::take(&mut state.resumes);
        if !state.counts {
            state.is_known = true;
            return;
        }
        // What a file that is new has counted, it has counted since the row before if it was made since. A
        // field that is new in a known file began at 0, too; what a filter let through only now did not.
        let is_young = || match (self.before, writer.created) {
            (Some(before), Some(created)) => created >= unix(before) - PUBLISHING,
            _ => false,
        };
        let from_zero = !resumes && (state.is_known || is_young());
        let is_first = !state.is_known && self.before.is_none();
        state.is_known = true;
        for (column, part) in state.parts.iter_mut().enumerate() {
            let Some(number) = part.field else {
                part.before = None;
                continue;
            };
            let tally = &mut self.tallies[column];
            if looked == Observation::Unchanged && state.only_counters && part.before.is_some() {
                tally.add_change(0);
                continue;
            }
            let field = file.field(number);
            let Some(value) = field.value() else { continue };
            let integer = value.as_integer().filter(|_| is_counter(&value) && !self.fields[column].is_gauge);
            let Some(integer) = integer else {
                if gives != Gives::Changes {
                    tally.add_value(value);
                }
                continue;
            };
            if gives == Gives::Values {
                tally.add_change(0);
                continue;
            }
            let reading =
                Reading { value: integer, bits: field.bits(), is_signed: matches!(value, Value::Signed(_)) };
            let change = match part.before.replace(integer) {
                Some(before) => reading.since(before, self.passed),
                None if is_first => {
                    tally.add_since_start(since_start(integer, writer.created, self.now));
                    integer
                }
                None if from_zero => integer.max(0),
                None => 0,
            };
            match &state.thread {
                Some(thread) if thread.is_process => {
                    thread.group.borrow_mut().grown(column, change);
                    tally.add_change(0);
                }
                _ => tally.add_change(change),
            }
        }
    }
}

impl Visitor for Poll {
    type State = PolledFile;
    type Stop = Stop;

    fn begin(&mut self) {
        self.filters.begin();
    }

    fn wants(&mut self, label: &[u8]) -> bool {
        self.filters.hear(label)
            | label.ends_with(FOLDED_LABEL.as_bytes())
            | self.fields.iter().any(|field| field.spelling.rank(label).is_some())
    }

    fn visit(&mut self, member: &mut Member<PolledFile>, looked: Observation) -> Result<(), Stop> {
        if looked == Observation::Replaced {
            member.state.thread.iter_mut().for_each(|thread| thread.is_lost = true);
            return Ok(());
        }
        self.note(member, looked);
        // The values of a group's files are taken when all of them were seen.
        if member.state.thread.is_none() {
            self.count(member, looked, Gives::All);
        }
        Ok(())
    }

    fn leave(&mut self, member: &mut Member<PolledFile>, looked: Observation, why: Left) -> Result<(), Stop> {
        if why != Left::Broken {
            self.note(member, looked);
            match member.state.thread {
                Some(_) => self.depart(member),
                None => self.count(member, looked, Gives::Changes),
            }
        }
        Ok(())
    }
}

/// Whether a value is one whose change is shown.
fn is_counter(value: &Value<'_>) -> bool {
    matches!(value, Value::Signed(_) | Value::Unsigned(_))
}

/// What was counted per second, if the file says since when.
fn since_start(counted: i128, created: Option<f64>, now: SystemTime) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let counted = counted as f64;
    created.map(|created| unix(now) - created).filter(|&age| age > 0.0).map_or(0.0, |age| counted / age)
}

fn unix(moment: SystemTime) -> f64 {
    moment.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
