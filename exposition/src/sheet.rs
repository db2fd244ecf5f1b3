//! Series that are never made one by one: of keys with one file, most fields are one series each, whose name and type
//! are the same for all keys. They are written from the tables of values (`rows.rs`), a column after the other.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
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
/// In place of a plan's number.
const NONE: u32 = u32::MAX;

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
    plans: Vec<Plan>,
    /// By head, of which there may be millions: the number of its plan, or [`NONE`].
    planned: Vec<u32>,
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
        let (mut plans, mut planned) = (Vec::new(), vec![NONE; heads.len()]);
        let many = rows.tables().iter().filter(|table| table.height() >= MANY);
        for &head in many.flat_map(|table| table.heads.iter()) {
            if planned[head as usize] != NONE {
                continue;
            }
            if let Some(plan) = Plan::of(prefix, heads.get(head), has_unit) {
                // There are no more than heads.
                #[allow(clippy::cast_possible_truncation)]
                let number = plans.len() as u32;
                planned[head as usize] = number;
                plans.push(plan);
            }
        }
        let part = |heads: &[u32]| {
            let is_planned: Vec<_> = heads.iter().map(|&head| planned[head as usize] != NONE).collect();
            let has_any = is_planned.contains(&true);
            Part { is_planned: if has_any { is_planned } else { Vec::new() }, ..Part::default() }
        };
        let parts = rows.tables().iter().map(|table| match table.has_twins {
            true => Part::default(),
            false => part(&table.heads),
        });
        let parts = parts.collect();
        Self { plans, planned, parts, labels: String::new(), ends: Vec::new(), columns: Vec::new() }
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
            let attributes = |column: &Column| self.plan(column.head).map(|plan| plan.attributes.as_str());
            let kind = |column: &Column| self.plan(column.head).map(|plan| plan.kind);
            columns.sort_by(|one, other| {
                (one.table, attributes(one), one.number).cmp(&(other.table, attributes(other), other.number))
            });
            let are_alike = |pair: &[Column]| {
                (pair[0].table, attributes(&pair[0])) == (pair[1].table, attributes(&pair[1]))
            };
            let is_one = columns.windows(2).all(|pair| kind(&pair[0]) == kind(&pair[1]) && !are_alike(pair));
            match columns.first().and_then(kind).filter(|_| is_one && !families.has(name)) {
                Some(kind) => families.add_columns(name, kind, self.help(&columns), columns),
                None => self.add_series(families, heads, &columns),
            }
        }
    }

    /// What the first key says that says something.
    fn help(&self, columns: &[Column]) -> Option<String> {
        let first = |column: &Column| {
            let help = self.plan(column.head)?.help.as_ref()?;
            Some((self.parts[column.table].keys.first()?, help))
        };
        columns.iter().filter_map(first).min_by_key(|(key, _)| *key).map(|(_, help)| help.clone())
    }

    fn add_series(&self, families: &mut Families, heads: &Heads, columns: &[Column]) {
        let mut all: BTreeMap<Type, Vec<Series>> = BTreeMap::new();
        let added = self.each(columns, &mut |key, column, bits| {
            let Some(plan) = self.plan(column.head) else { return Ok(()) };
            let head = heads.get(column.head);
            let mut labels = self.labels_of(key).to_owned();
            labels.push_str(&plan.attributes);
            if head.shape == Shape::Text {
                label(&mut labels, "value", &escape(heads.text(bits)));
            }
            let (origin, samples) = (Rc::clone(&plan.origin), Samples::One(number(head, bits)));
            let series = Series { key, labels: labels.into(), origin, samples };
            all.entry(plan.kind).or_default().push(series);
            Ok(())
        });
        debug_assert!(added.is_ok(), "nothing is written");
        let name = columns.first().and_then(|column| self.plan(column.head)).map(|plan| plan.name.as_str());
        for (kind, series) in all {
            families.merge(name.unwrap_or_default(), kind, self.help(columns), series);
        }
    }

    fn plan(&self, head: u32) -> Option<&Plan> {
        self.plans.get(self.planned[head as usize] as usize)
    }

    fn labels_of(&self, key: u32) -> &str {
        let key = key as usize;
        let start = if key == 0 { 0 } else { self.ends[key - 1] };
        &self.labels[start..self.ends[key]]
    }

    /// Hands over the values of these columns, which are sorted by table: with their keys, in the order of these.
    fn each(
        &self,
        columns: &[Column],
        take: &mut dyn FnMut(u32, &Column, u64) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let keys = |group: &[Column]| &self.parts[group[0].table].keys;
        let mut row = |group: &[Column], row: usize| {
            let key = keys(group)[row];
            group.iter().try_for_each(|column| {
                take(key, column, self.columns[column.table].column(column.number)[row])
            })
        };
        let groups: Vec<_> = columns.chunk_by(|one, other| one.table == other.table).collect();
        if let [only] = groups[..] {
            return (0..keys(only).len()).try_for_each(|number| row(only, number));
        }
        // Of each table the key that comes next, and its row.
        let first = |(number, group): (usize, &&[Column])| Some(Reverse((*keys(group).first()?, number, 0)));
        let mut next: BinaryHeap<_> = groups.iter().enumerate().filter_map(first).collect();
        while let Some(Reverse((_, number, at))) = next.pop() {
            row(groups[number], at)?;
            next.extend(keys(groups[number]).get(at + 1).map(|key| Reverse((*key, number, at + 1))));
        }
        Ok(())
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
        let mut own = String::new();
        self.each(columns, &mut |key, column, bits| {
            let (head, plan) = (heads.get(column.head), self.plan(column.head));
            own.clear();
            if head.shape == Shape::Text {
                label(&mut own, "value", &escape(heads.text(bits)));
            }
            if let Some(plan) = plan.filter(|_| has_several) {
                label(&mut own, "label", &escape(plan.origin.as_bytes()));
            }
            let attributes = plan.map_or("", |plan| &plan.attributes);
            out.gather(|out| {
                out.extend_from_slice(name.as_bytes());
                out.push(b'{');
                let start = out.len();
                for labels in [self.labels_of(key), attributes, &own] {
                    out.extend_from_slice(labels.as_bytes());
                }
                // The comma after the last, or the brace where there are none.
                out.pop();
                out.extend_from_slice(if out.len() < start { b" " } else { b"} " });
                number(head, bits).push_to(out);
                out.push(b'\n');
            })
        })
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
