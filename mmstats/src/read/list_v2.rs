//! The fields of a file of version 2, as a snapshot has them.

use std::fs::File;
use std::ops::Range;
use std::sync::OnceLock;

use super::about::Said;
use super::alike_v2::Known;
use super::pages::Pages;
use super::settle_v2::{Again, Compound, is_compound, is_of_this_boot, takes_third_look, value};
use super::snapshot::Snapshot;
use crate::error::Reason;
use crate::format::compound::WindowTotal;
use crate::format::kind::{DataType, MetricType};
use crate::format::reading::check;
use crate::format::v2::{self, FIELD_HEAD, Record};
use crate::format::value::Value;
use crate::format::{Defect, What};

/// Values that are not further apart than this are looked at together.
const GAP: usize = 16 * 4096;

/// What is known of a file of version 2, besides its bytes.
#[derive(Default)]
pub(crate) struct List {
    pub(super) fields: Vec<Listed>,
    pub(super) compounds: Vec<Compound>,
    pub(super) defects: Vec<Defect>,
    /// Where the first record begins.
    pub(super) first: usize,
    /// Where the list of records ends.
    pub(super) end: usize,
    /// Those of `fields` that take a third look.
    pub(super) todo: Vec<usize>,
    /// Those of `fields` that are more than a number.
    pub(super) composed: Vec<usize>,
    /// The parts of the file that say which fields there are and never change: whole records of fields, and of others
    /// what says how large they are.
    pub(super) fixed: Vec<Range<usize>>,
    /// How many bytes a look at all fields takes.
    pub(super) needed: usize,
    /// Whether another file may be compared with this one: everything in it could be read.
    pub(super) is_pattern: bool,
    /// Which of `fields` have the labels that every reader asks for, once somebody has.
    pub(super) known: OnceLock<Known>,
    third: Pages,
    pub(super) again: Again,
}

/// A field of a known type. A file may have millions, so this is small: no offset is beyond [`Snapshot::LIMIT`].
pub(crate) struct Listed {
    at: u32,
    value_at: u32,
    value_size: u32,
    items_size: u32,
    label_size: u16,
    pub(super) data: DataType,
    pub(super) metric: MetricType,
    pub(super) state: State,
}

/// Whether a field's value could be read.
#[derive(Clone, Copy)]
pub(super) enum State {
    /// Yes, by one look.
    Plain,
    /// Yes, and what it is is among the `compounds`.
    Compound(u32),
    /// It changes too fast.
    Unstable,
    /// It makes no sense: see `defects`.
    Bad(u32),
    /// It ends too far from the file's beginning, or values of all fields have more bytes than a file.
    TooLarge,
}

impl Listed {
    fn new(field: &v2::Field, data: DataType) -> Self {
        Self {
            at: small(field.record.at),
            value_at: small(field.value.start),
            value_size: small(field.value.len()),
            items_size: small(field.items.len()),
            // A label is not longer than that.
            #[allow(clippy::cast_possible_truncation)]
            label_size: field.label.len() as u16,
            data,
            metric: MetricType::from_id(field.metric).unwrap_or(MetricType::Unknown),
            state: State::Plain,
        }
    }

    /// One of which nothing is known but what is wrong with it.
    fn unknown(at: usize, state: State) -> Self {
        let (data, metric) = (DataType::U64, MetricType::Unknown);
        Self { at: small(at), value_at: 0, value_size: 0, items_size: 0, label_size: 0, data, metric, state }
    }

    pub(super) fn at(&self) -> usize {
        wide(self.at)
    }

    pub(super) fn value_range(&self) -> Range<usize> {
        wide(self.value_at)..wide(self.value_at) + wide(self.value_size)
    }

    /// Label and items, and the numbers before them.
    pub(super) fn head_range(&self) -> Range<usize> {
        self.at()..self.at() + FIELD_HEAD + usize::from(self.label_size) + wide(self.items_size)
    }

    pub(super) fn label<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let at = self.at() + FIELD_HEAD;
        bytes.get(at..at + usize::from(self.label_size)).unwrap_or_default()
    }

    pub(super) fn about<'a>(&self, bytes: &'a [u8]) -> Said<'a> {
        let at = self.at() + FIELD_HEAD + usize::from(self.label_size);
        Said(bytes.get(at..at + wide(self.items_size)).unwrap_or_default())
    }
}

impl List {
    pub(super) fn forget(&mut self) {
        self.fields.clear();
        self.compounds.clear();
        self.defects.clear();
        self.todo.clear();
        self.composed.clear();
        self.fixed.clear();
        self.again.forget();
        self.known = OnceLock::new();
        (self.first, self.end, self.needed, self.is_pattern) = (0, 0, 0, false);
    }

    /// What is in a field, where it takes more than one look to say.
    pub(super) fn compound(&self, listed: &Listed) -> Option<&Compound> {
        match listed.state {
            State::Compound(place) => self.compounds.get(wide(place)),
            _ => None,
        }
    }

    pub(super) fn value<'a>(&'a self, listed: &Listed, bytes: &'a [u8]) -> Value<'a> {
        let value_bytes = &bytes[listed.value_range()];
        value(listed.data, listed.about(bytes), value_bytes, self.compound(listed))
    }

    /// Why a field's value cannot be read, if so.
    pub(super) fn wrong(&self, listed: &Listed, bytes: &[u8]) -> Option<Reason> {
        let at = listed.at();
        match listed.state {
            State::Plain | State::Compound(_) => None,
            State::Unstable => {
                let label = String::from_utf8_lossy(listed.label(bytes)).into_owned();
                Some(Reason::Unstable { at, label })
            }
            State::Bad(place) => self.defects.get(wide(place)).map(|&defect| Reason::Record(defect)),
            State::TooLarge => Some(Reason::TooLarge { at, limit: Snapshot::LIMIT }),
        }
    }

    /// The fields that make sense. Their values could be read, or could not for now.
    pub(super) fn sound(&self) -> impl Iterator<Item = (usize, &Listed)> {
        let fields = self.fields.iter().enumerate();
        fields.filter(|(_, listed)| !matches!(listed.state, State::Bad(_) | State::TooLarge))
    }

    /// Whether what windows say of the last seconds is of this boot. By the file's own word.
    pub(super) fn is_of_this_boot(&self, bytes: &[u8]) -> bool {
        let says = |listed: &&Listed| listed.label(bytes).ends_with(b"sys.boot_id");
        let id = self.fields.iter().find(says).filter(|listed| self.wrong(listed, bytes).is_none());
        is_of_this_boot(id.and_then(|listed| match self.value(listed, bytes) {
            Value::Text(id) => Some(id),
            _ => None,
        }))
    }

    /// Takes in a record of a field whose value ends too far from the file's beginning.
    pub(super) fn too_large(&mut self, record: Record) {
        self.fields.push(Listed::unknown(record.at, State::TooLarge));
    }

    fn bad(&mut self, at: usize, what: What) -> State {
        self.defects.push(Defect { at, what });
        State::Bad(small(self.defects.len() - 1))
    }

    /// Takes in what is in `record` by the look in `second`. `total` is how many bytes all values have so far.
    pub(super) fn take(
        &mut self,
        record: Record,
        field: Result<v2::Field, Defect>,
        second: &[u8],
        total: &mut usize,
    ) {
        let field = match field {
            Ok(field) => field,
            Err(Defect { at, what }) => {
                let state = self.bad(at, what);
                return self.fields.push(Listed::unknown(record.at, state));
            }
        };
        let Some(data) = field.data_type() else { return };
        let mut listed = Listed::new(&field, data);
        // Values do not lie over each other, unless somebody wants to keep readers busy.
        *total += field.value.len();
        if *total > Snapshot::LIMIT {
            listed.state = State::TooLarge;
        } else if let Err(what) = check(data, &second[field.value.clone()]) {
            let at = place_of(&listed, what);
            listed.state = self.bad(at, what);
        } else if !data.is_number() {
            self.composed.push(self.fields.len());
            if is_compound(data) {
                self.todo.push(self.fields.len());
            }
        }
        self.fields.push(listed);
    }

    /// Finds out what is in the values that take a third look.
    pub(super) fn settle(&mut self, file: &File, first: &Pages, second: &mut Pages) -> std::io::Result<()> {
        let mut todo = std::mem::take(&mut self.todo);
        todo.sort_unstable_by_key(|&number| self.fields[number].value_at);
        for number in todo.iter().copied() {
            if !takes_third_look(self.fields[number].data) {
                self.settle_one(number, file, first, second)?;
            }
        }
        todo.retain(|&number| takes_third_look(self.fields[number].data));
        let mut rest = &todo[..];
        let mut has_windows = false;
        while let Some(&number) = rest.first() {
            let Range { start, mut end } = self.fields[number].value_range();
            let mut count = 1;
            while let Some(&next) = rest.get(count) {
                let value = self.fields[next].value_range();
                if value.start > end + GAP {
                    break;
                }
                end = end.max(value.end);
                count += 1;
            }
            let (group, others) = rest.split_at(count);
            rest = others;
            self.third.read_range(file, start..end)?;
            for &number in group {
                has_windows |= self.fields[number].data == DataType::Window;
                self.settle_one(number, file, first, second)?;
            }
        }
        todo.clear();
        self.todo = todo;
        if has_windows && !self.is_of_this_boot(second.bytes()) {
            for compound in &mut self.compounds {
                if let Compound::Window(_, total) = compound {
                    *total = WindowTotal::new(total.length(), None);
                }
            }
        }
        Ok(())
    }

    /// Finds out what is in a value, by a look before the one in `second`, which has the bytes that count, and
    /// one after it, which a mean does without.
    fn settle_one(
        &mut self,
        number: usize,
        file: &File,
        first: &Pages,
        second: &mut Pages,
    ) -> std::io::Result<()> {
        let listed = &self.fields[number];
        let (data, range) = (listed.data, listed.value_range());
        let [first, now, third] =
            [first, &*second, &self.third].map(|pages| pages.bytes().get(range.clone()).unwrap_or_default());
        let looks = if takes_third_look(data) { [first, now, third] } else { [&[][..], first, now] };
        let state = match self.again.settle(file, data, &range, looks)? {
            Ok(Some(settled)) => {
                if let Some(bytes) = settled.bytes {
                    second.bytes_mut()[range].copy_from_slice(bytes);
                }
                self.compounds.push(settled.compound);
                State::Compound(small(self.compounds.len() - 1))
            }
            Ok(None) => State::Unstable,
            Err(what) => {
                let listed = &self.fields[number];
                let at = place_of(listed, what);
                self.bad(at, what)
            }
        };
        self.fields[number].state = state;
        Ok(())
    }
}

/// Where the bytes are that say what is wrong with a value.
fn place_of(listed: &Listed, what: What) -> usize {
    match what {
        What::ValueSize(..) => listed.at() + 16,
        What::Shape { .. } => wide(listed.value_at) + 24,
        _ => wide(listed.value_at),
    }
}

/// An offset or a size: none is beyond [`Snapshot::LIMIT`].
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn wide(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
