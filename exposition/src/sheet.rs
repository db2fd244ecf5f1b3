//! Series that are never made one by one: of keys with one file, most fields are one series each, whose name and type
//! are the same for all keys. They are written from the tables of values (`rows.rs`), a column after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use cli::{Output, Stop, escape};
use mmstats::{MergeRule, MetricType};

use crate::family::{Families, Samples, Series, Type};
use crate::heads::{Head, Heads, Shape};
use crate::name::{Parsed, in_unit, info, moment, sanitized, total};
use crate::rows::{Columns, Row, Rows};
use crate::text::{Number, attribute, label};

/// Of how many files a table has to be that it is worth it.
const MANY: usize = 16;

/// What becomes of a field, whatever its key and its value.
struct Plan {
    name: String,
    kind: Type,
    help: Option<String>,
    /// The label of the field, without attributes.
    origin: Rc<str>,
    /// As labels of the series: `route="/a",`.
    attributes: String,
}

impl Plan {
    /// `None` where it is for the value to say. `has_unit` says whether any key has a label of ours for the unit.
    fn of(prefix: &str, head: &Head, has_unit: bool) -> Option<Self> {
        use Shape::{Double, Signed, Text, Unsigned};
        let parsed = Parsed::of(&head.label, false);
        if has_unit && !parsed.attributes.is_empty() {
            return None;
        }
        let (name, unit) = (sanitized(prefix, &parsed.name), head.unit.as_deref());
        let is_sum = matches!(head.merge, None | Some(MergeRule::Sum));
        let is_one =
            is_sum || matches!(head.merge, Some(MergeRule::Min | MergeRule::Max | MergeRule::Latest));
        let (kind, name) = match (head.kind, head.shape) {
            (MetricType::Info, Text) => (Type::Gauge, info(&name)),
            (MetricType::Counter, Signed | Unsigned | Double) => (Type::Counter, total(&name, unit)),
            (MetricType::Gauge, Signed | Unsigned) if is_one => (Type::Gauge, in_unit(&name, "", unit)),
            (MetricType::Gauge, Double) if is_sum => (Type::Gauge, in_unit(&name, "", unit)),
            (MetricType::Timestamp, Signed | Unsigned | Double) => (Type::Gauge, moment(&name)),
            _ => return None,
        };
        let mut attributes = String::new();
        for (name, value) in &parsed.attributes {
            label(&mut attributes, name, &attribute(value));
        }
        Some(Self { name, kind, help: head.help.clone(), origin: (&*parsed.name).into(), attributes })
    }
}

/// Which fields of a table are written from it, and of which files.
#[derive(Default)]
struct Part {
    /// By the places of the fields; empty where none is.
    is_planned: Vec<bool>,
    rows: Vec<Row>,
    /// The numbers of their keys, in order.
    keys: Vec<u32>,
}

/// What is written from tables.
pub(crate) struct Sheet {
    /// By head.
    plans: Vec<Option<Plan>>,
    /// By table.
    parts: Vec<Part>,
    /// The labels of all keys, one after the other, and where each ends.
    labels: String,
    ends: Vec<usize>,
    columns: Vec<Columns>,
}

/// A field of a table.
#[derive(Clone, Copy)]
pub(crate) struct Column {
    table: usize,
    number: usize,
    head: u32,
}

impl Sheet {
    /// What can be written so. `has_unit` says whether any key has a label of ours for the unit.
    pub(crate) fn new(prefix: &str, heads: &Heads, rows: &Rows, has_unit: bool) -> Self {
        let mut plans: Vec<Option<Plan>> = Vec::new();
        plans.resize_with(heads.len(), || None);
        let many = rows.tables().iter().filter(|table| table.height() >= MANY);
        let worthy: BTreeSet<_> = many.flat_map(|table| table.heads.iter().copied()).collect();
        for head in worthy {
            plans[head as usize] = Plan::of(prefix, heads.get(head), has_unit);
        }
        let part = |heads: &[u32]| {
            let is_planned: Vec<_> = heads.iter().map(|&head| plans[head as usize].is_some()).collect();
            let has_any = is_planned.contains(&true);
            Part { is_planned: if has_any { is_planned } else { Vec::new() }, ..Part::default() }
        };
        let parts = rows.tables().iter().map(|table| match table.has_twins {
            true => Part::default(),
            false => part(&table.heads),
        });
        let parts = parts.collect();
        Self { plans, parts, labels: String::new(), ends: Vec::new(), columns: Vec::new() }
    }

    /// Takes in the next key and the row of its file, if it has one. Gives which of the row's values are written from
    /// here, by their places; none where there are no more places.
    pub(crate) fn take(&mut self, labels: &str, row: Option<Row>) -> &[bool] {
        // There are fewer files than that.
        #[allow(clippy::cast_possible_truncation)]
        let key = self.ends.len() as u32;
        self.labels.push_str(labels);
        self.ends.push(self.labels.len());
        let Some(row) = row else { return &[] };
        let part = &mut self.parts[row.table as usize];
        if !part.is_planned.is_empty() {
            part.rows.push(row);
            part.keys.push(key);
        }
        &part.is_planned
    }

    /// Adds a family for each name that nothing else has. What else there is becomes series like others.
    pub(crate) fn add_to(&mut self, families: &mut Families, heads: &Heads, rows: &mut Rows) {
        for (table, part) in self.parts.iter_mut().enumerate() {
            self.columns.push(rows.take_columns(table, &std::mem::take(&mut part.rows)));
        }
        let mut names: BTreeMap<&str, Vec<Column>> = BTreeMap::new();
        for (table, part) in self.parts.iter().enumerate().filter(|(_, part)| !part.keys.is_empty()) {
            for (number, &head) in rows.tables()[table].heads.iter().enumerate() {
                if let Some(plan) = self.plan(head).filter(|_| part.is_planned[number]) {
                    names.entry(&plan.name).or_default().push(Column { table, number, head });
                }
            }
        }
        for (name, mut columns) in names {
            let plan = |column: &Column| self.plan(column.head);
            columns.sort_by_key(|column| plan(column).map(|plan| (&plan.origin, &plan.attributes)));
            let kinds: BTreeSet<_> = columns.iter().filter_map(plan).map(|plan| plan.kind).collect();
            let mut seen = BTreeSet::new();
            let are_distinct = columns
                .iter()
                .all(|column| seen.insert((column.table, plan(column).map(|plan| &plan.attributes))));
            if let (Some(&kind), 1, true, false) =
                (kinds.first(), kinds.len(), are_distinct, families.has(name))
            {
                let first_key = |column: &&Column| self.parts[column.table].keys.first();
                let with_help =
                    columns.iter().filter(|column| plan(column).is_some_and(|plan| plan.help.is_some()));
                let help = with_help.min_by_key(first_key).and_then(|column| plan(column)?.help.clone());
                families.add_columns(name, kind, help, columns);
                continue;
            }
            for column in columns {
                self.add_series(families, heads, column);
            }
            families.sort(name);
        }
    }

    fn add_series(&self, families: &mut Families, heads: &Heads, column: Column) {
        let Some(plan) = self.plan(column.head) else { return };
        let shape = heads.get(column.head).shape;
        for (key, bits) in self.values(column) {
            let mut labels = self.labels_of(key).to_owned();
            labels.push_str(&plan.attributes);
            if shape == Shape::Text {
                label(&mut labels, "value", &escape(heads.text(bits)));
            }
            let (origin, samples) =
                (Rc::clone(&plan.origin), Samples::One(number(heads.get(column.head), bits)));
            let series = Series { key, labels: labels.into(), origin, samples };
            families.add(plan.name.clone(), plan.kind, plan.help.clone(), series);
        }
    }

    fn plan(&self, head: u32) -> Option<&Plan> {
        self.plans[head as usize].as_ref()
    }

    fn labels_of(&self, key: u32) -> &str {
        let key = key as usize;
        let start = if key == 0 { 0 } else { self.ends[key - 1] };
        &self.labels[start..self.ends[key]]
    }

    /// The keys of a column, in order, and their values.
    fn values(&self, column: Column) -> impl Iterator<Item = (u32, u64)> {
        let keys = self.parts[column.table].keys.iter().copied();
        keys.zip(self.columns[column.table].column(column.number).iter().copied())
    }

    /// Writes the series of a family, sorted by key.
    pub(crate) fn write(
        &self,
        heads: &Heads,
        name: &str,
        columns: &[Column],
        out: &mut Output,
    ) -> Result<(), Stop> {
        let origin = |column: &Column| self.plan(column.head).map(|plan| &plan.origin);
        let has_several = columns.windows(2).any(|pair| origin(&pair[0]) != origin(&pair[1]));
        let ends: Vec<_> = columns
            .iter()
            .filter_map(|column| {
                let plan = self.plan(column.head)?;
                let mut end = plan.attributes.clone();
                let mut last = String::new();
                if has_several {
                    label(&mut last, "label", &escape(plan.origin.as_bytes()));
                }
                let head = heads.get(column.head);
                if head.shape != Shape::Text {
                    end.push_str(&std::mem::take(&mut last));
                }
                Some((head, end, last))
            })
            .collect();
        let write = |(key, bits): (u32, u64), place: usize, out: &mut Output| {
            let (head, end, last) = &ends[place];
            let text = if head.shape == Shape::Text { escape(heads.text(bits)) } else { "".into() };
            out.gather(|out| {
                out.extend_from_slice(name.as_bytes());
                out.push(b'{');
                let start = out.len();
                out.extend_from_slice(self.labels_of(key).as_bytes());
                out.extend_from_slice(end.as_bytes());
                if head.shape == Shape::Text {
                    let mut own = String::new();
                    label(&mut own, "value", &text);
                    out.extend_from_slice(own.as_bytes());
                    out.extend_from_slice(last.as_bytes());
                }
                // The comma after the last, or the brace where there are none.
                out.pop();
                out.extend_from_slice(if out.len() < start { b" " } else { b"} " });
                number(head, bits).push_to(out);
                out.push(b'\n');
            })
        };
        if let [column] = columns {
            return self.values(*column).try_for_each(|value| write(value, 0, out));
        }
        let mut all: Vec<_> = columns
            .iter()
            .enumerate()
            .flat_map(|(place, column)| self.values(*column).map(move |(key, bits)| (key, place, bits)))
            .collect();
        all.sort_unstable();
        all.into_iter().try_for_each(|(key, place, bits)| write((key, bits), place, out))
    }
}

/// What is shown of a value that is planned: of a text that there is one.
fn number(head: &Head, bits: u64) -> Number {
    match head.shape {
        Shape::Signed => Number::Signed(i64::from_ne_bytes(bits.to_ne_bytes())),
        Shape::Unsigned => Number::Unsigned(bits),
        // What is added to others: there is no zero below zero then.
        Shape::Double if head.kind != MetricType::Timestamp => Number::Double(0.0 + f64::from_bits(bits)),
        Shape::Double => Number::Double(f64::from_bits(bits)),
        _ => Number::Unsigned(1),
    }
}
