//! Rows: what the columns make of all files, look by look.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cli::{Left, Member, Roster, Stop, Tool, Visitor};
use mmstats::{Observation, Value};

use crate::change::Reading;
use crate::column::{Cell, ColumnTally, Per};
use crate::field::ColumnField;
use crate::filter::Filters;
use crate::fold::{Ledger, Process};
use crate::mixed::Named;

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
    tallies: Vec<ColumnTally>,
    ledger: Ledger,
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

/// What is remembered of a file.
#[derive(Default)]
pub(crate) struct PolledFile {
    parts: Vec<Part>,
    /// Whether the labels that filters ask for are there, and whether the file counts now.
    is_begun: bool,
    counts: bool,
    /// Whether all that the file gives to a row are changes of counters.
    only_counters: bool,
    is_known: bool,
}

/// One column in one file.
#[derive(Clone, Copy, Default)]
struct Part {
    /// Which of the file's fields.
    field: Option<usize>,
    /// A counter's value at the last look.
    before: Option<i128>,
}

impl PolledFile {
    /// Whether the file passes the filters.
    pub(crate) fn counts(&self) -> bool {
        self.counts
    }

    /// Which of the file's fields a column shows.
    pub(crate) fn field_of(&self, column: usize) -> Option<usize> {
        self.parts.get(column)?.field
    }
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
        roster.look(tool, self)?;
        self.cost = began.elapsed();
        let members = roster.members();
        let least = |process: &Process, column: usize| least(members, process, column);
        self.ledger.settle(least, |column, rest| self.tallies[column].add_change(rest));
        let per = match self.before.replace(self.now) {
            _ if !self.is_rate => Per::Row,
            None => Per::SecondSinceStart,
            Some(_) => Per::Second(self.passed.as_secs_f64()),
        };
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
    fn assign(&self, member: &mut Member<PolledFile>) {
        let Member { file, state, .. } = member;
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

    /// Takes a file's values into the row; of a file that leaves, only what was counted at the end.
    fn count(&mut self, member: &mut Member<PolledFile>, looked: Observation, leaves: bool) {
        if looked == Observation::Anew {
            self.assign(member);
        }
        let mut resumes = false;
        if looked != Observation::Unchanged {
            let holds = member.state.is_begun && self.filters.hold(&member.file);
            if member.state.counts && !holds {
                member.state.parts.iter_mut().for_each(|part| part.before = None);
            }
            resumes = holds && !member.state.counts && member.state.is_known;
            member.state.counts = holds;
            self.has_matched |= holds;
        }
        let Member { file, state, writer, .. } = member;
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
        let is_process = writer.tid == Some(0) && writer.pid.is_some() && !is_first;
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
                if !leaves {
                    tally.add_value(value);
                }
                continue;
            };
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
            if is_process {
                if change > 0 {
                    self.ledger.grown(process(file.path(), writer.pid), column, change);
                }
                tally.add_change(0);
            } else {
                tally.add_change(change);
            }
        }
    }
}

impl Visitor for Poll {
    type State = PolledFile;

    fn begin(&mut self) {
        self.filters.begin();
    }

    fn wants(&mut self, label: &[u8]) -> bool {
        self.filters.hear(label) | self.fields.iter().any(|field| field.spelling.rank(label).is_some())
    }

    fn visit(&mut self, member: &mut Member<PolledFile>, looked: Observation) -> Result<(), Stop> {
        self.count(member, looked, false);
        Ok(())
    }

    fn leave(&mut self, member: &mut Member<PolledFile>, looked: Observation, why: Left) -> Result<(), Stop> {
        if why != Left::Broken {
            self.count(member, looked, true);
        }
        if member.writer.tid != Some(0) && member.writer.pid.is_some() {
            for (column, part) in member.state.parts.iter().enumerate() {
                if let Some(counted) = part.before.filter(|&counted| counted > 0) {
                    self.ledger.gone(process(member.file.path(), member.writer.pid), column, counted);
                }
            }
        }
        Ok(())
    }
}

/// Whether a value is one whose change is shown.
fn is_counter(value: &Value<'_>) -> bool {
    matches!(value, Value::Signed(_) | Value::Unsigned(_))
}

fn process(path: &Path, pid: Option<i128>) -> Process {
    (path.parent().unwrap_or(path).to_owned(), pid.unwrap_or_default())
}

/// The smallest value above 0 that a thread's file of a process shows in a column.
fn least(members: &[Member<PolledFile>], (folder, pid): &Process, column: usize) -> Option<i128> {
    let threads = members.iter().filter(|member| {
        let is_thread = member.writer.pid == Some(*pid) && member.writer.tid != Some(0);
        is_thread && member.file.path().parent() == Some(folder)
    });
    threads.filter_map(|member| member.state.parts.get(column)?.before).filter(|&value| value > 0).min()
}

/// What was counted a second, if the file says since when.
fn since_start(counted: i128, created: Option<f64>, now: SystemTime) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let counted = counted as f64;
    created.map(|created| unix(now) - created).filter(|&age| age > 0.0).map_or(0.0, |age| counted / age)
}

fn unix(moment: SystemTime) -> f64 {
    moment.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
