//! Rows: what the columns make of all files, look by look.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cli::{Stop, Tool};
use files::{Left, Member, Roster, Visitor};
use mmstats::{FOLDED_LABEL, FieldSet, Followed, Observation, Value};

use crate::class::{Class, has_part};
use crate::column::{ColumnTally, Per};
use crate::field::ColumnField;
use crate::filter::Filters;
use crate::fold::Ledger;
use crate::mixed::Named;
use crate::polled::{Known, Part, PolledFile};
use crate::row::Row;

/// How long a file may be on its way between the moment that it names as its beginning and the one when
/// it can be found, in seconds.
pub(crate) const PUBLISHING: f64 = 0.5;

/// Gathers rows.
pub(crate) struct Poll {
    pub(crate) fields: Vec<ColumnField>,
    /// The classes that were seen, by column.
    pub(crate) classes: Vec<Vec<Class>>,
    pub(crate) filters: Filters,
    pub(crate) is_rate: bool,
    pub(crate) tallies: Vec<ColumnTally>,
    pub(crate) ledger: Ledger,
    /// When this row's look began and the one's before; `None` in the first row.
    pub(crate) now: SystemTime,
    began: Instant,
    pub(crate) before: Option<SystemTime>,
    pub(crate) passed: Duration,
    cost: Duration,
    /// Whether any file passes the filters.
    has_matched: bool,
    pub(crate) named: Named,
    /// What the columns mean in the file that was asked about last, and in all with the same fields.
    meant: Option<MeantIn>,
}

/// The number of the field that a column means in a file, and its class and scale.
type Meant = (Option<usize>, Option<(usize, f64)>);

/// What all columns mean in the files with the same fields.
struct MeantIn {
    set: FieldSet,
    columns: Vec<Meant>,
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
            classes: fields.iter().map(|_| Vec::new()).collect(),
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
            meant: None,
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
        let (mut cells, mut units) = (Vec::new(), Vec::new());
        for (column, tally) in std::mem::take(&mut self.tallies).into_iter().enumerate() {
            units.push(self.unit(column, &tally));
            cells.push(self.cell(tool, column, tally, per, members));
        }
        Ok(Row { at: self.now, cells, units })
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
        if state.thread.is_none() {
            state.thread = self.ledger.thread_of(writer, self.fields.len());
        }
        state.parts.resize_with(self.fields.len(), Part::default);
        if !self.meant.as_ref().is_some_and(|meant| file.has_fields(&meant.set)) {
            self.meant = None;
        }
        for (column, part) in state.parts.iter_mut().enumerate() {
            let (field, class) = match &self.meant {
                Some(meant) => meant.columns[column],
                None => self.means(column, file),
            };
            part.field = field;
            // What was counted of another field, or in another way, says nothing about this one.
            if part.class() != class {
                part.before = None;
                part.known = class.map(|class| Box::new(Known::new(class)));
            }
        }
        if self.meant.is_none() {
            self.meant = self.remember(file, &state.parts);
        }
        self.share(&mut state.parts);
        state.is_begun = self.filters.are_begun();
        state.only_counters =
            state.parts.iter().zip(self.fields.iter().zip(&self.classes)).all(|(part, (column, classes))| {
                match part.class() {
                    Some((class, _)) => classes[class].is_change,
                    None => {
                        let value = part.field.and_then(|number| file.field(number).value());
                        !column.is_gauge && value.is_none_or(|value| is_counter(&value))
                    }
                }
            });
    }

    /// Which of a file's fields a column means, and of which class and scale that is.
    fn means(&mut self, column: usize, file: &Followed) -> Meant {
        let (classes, column) = (&mut self.classes[column], &self.fields[column]);
        let labels = file.fields().enumerate();
        let ranked = labels.filter_map(|(number, found)| {
            let rank = column.rank(found.label())?;
            let has = !rank.0 || column.part().is_some_and(|part| has_part(&found, part));
            has.then_some((rank, number))
        });
        // The first of several fields with one label.
        let found = ranked.min().map(|(_, number)| number);
        let class = found.and_then(|number| {
            let field = file.field(number);
            let class = Class::of(&field, column.is_gauge)?;
            Some((class.intern(classes), field.scale()))
        });
        (found, class)
    }

    /// What the columns mean in all files with these fields, if it is for the fields to say.
    fn remember(&self, file: &Followed, parts: &[Part]) -> Option<MeantIn> {
        // How long a window is, its value says.
        let is_plain = |(column, part): (usize, &Part)| match part.class() {
            Some((class, _)) => !self.classes[column][class].is_compound(),
            None => part.field.is_some() || self.fields[column].part().is_none(),
        };
        let set = file.field_set().filter(|_| parts.iter().enumerate().all(is_plain))?;
        Some(MeantIn { set, columns: parts.iter().map(|part| (part.field, part.class())).collect() })
    }

    /// Lets columns that show what is added to the same values of several numbers have it from the first of them.
    fn share(&self, parts: &mut [Part]) {
        let adds_up = |part: &Part, column: usize| {
            let class = &self.classes[column][part.class()?.0];
            (class.is_change && class.is_compound()).then_some(part.field)
        };
        for column in 0..parts.len() {
            let Some(field) = adds_up(&parts[column], column) else { continue };
            let owner = (0..column).find(|&before| adds_up(&parts[before], before) == Some(field));
            if let Some(known) = owner.and_then(|owner| parts[owner].known.as_mut()) {
                known.is_owner = true;
            }
            if let Some(known) = &mut parts[column].known {
                (known.owner, known.is_owner) = (owner, false);
                if owner.is_some() {
                    known.amount = None;
                }
            }
        }
    }

    /// Takes note of what a look has found.
    fn note(&mut self, member: &mut Member<PolledFile>, looked: Observation) {
        if looked == Observation::Anew {
            self.assign(member);
        }
        if let Some(thread) = &mut member.state.thread {
            thread.note(&member.file, looked);
        }
        if looked != Observation::Unchanged {
            let holds = member.state.is_begun && self.filters.hold(&member.file);
            if member.state.counts && !holds {
                member.state.parts.iter_mut().for_each(Part::forget);
            }
            member.state.resumes |= holds && !member.state.counts && member.state.is_known;
            member.state.counts = holds;
            self.has_matched |= holds;
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
            | self.fields.iter().any(|field| field.rank(label).is_some())
    }

    fn visit(&mut self, member: &mut Member<PolledFile>, looked: Observation) -> Result<(), Stop> {
        if looked == Observation::Replaced {
            member.state.thread.iter_mut().for_each(|thread| thread.note(&member.file, looked));
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
pub(crate) fn is_counter(value: &Value<'_>) -> bool {
    matches!(value, Value::Signed(_) | Value::Unsigned(_))
}

pub(crate) fn unix(moment: SystemTime) -> f64 {
    moment.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
