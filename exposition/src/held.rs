//! What the files of one key say: those of a command, of a process, or one file.
//!
//! Where keys are processes or files, most have one file, and there may be very many of them. So of a key with one file,
//! numbers and texts alone are held until everything is written, and what is said of them once for all files.

use std::collections::HashMap;

use figures::{Aggregate, Function, Sample, Source};
use mmstats::{MergeRule, MetricType, SnapshotField, Value};

/// What one key says.
pub(crate) enum Held {
    One(Box<One>),
    Many(Box<Aggregate>),
}

/// What one file says.
pub(crate) struct One {
    source: Source,
    values: Vec<(u32, Simple)>,
    /// Values of several numbers.
    rest: Option<Aggregate>,
}

/// A value in its unit.
#[derive(Clone, Copy)]
enum Simple {
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f32),
    Double(f64),
    /// Its place among the texts.
    Text(u32),
}

/// What is said of a field besides its value.
#[derive(PartialEq)]
struct Head {
    label: Vec<u8>,
    code: String,
    kind: MetricType,
    merge: Option<MergeRule>,
    unit: Option<String>,
    help: Option<String>,
    scale: f64,
}

/// What is said of fields, and the texts that they have: once for all files.
#[derive(Default)]
pub(crate) struct Heads {
    heads: Vec<Head>,
    /// The heads of a label.
    known: HashMap<Vec<u8>, Vec<u32>>,
    /// The place after that of the head that came last. Files of one program have theirs in one order.
    next: usize,
    texts: Vec<Vec<u8>>,
    known_texts: HashMap<Vec<u8>, u32>,
}

impl Held {
    /// What the first file of a key says.
    pub(crate) fn first(source: Source) -> Self {
        Self::One(Box::new(One { source, values: Vec::new(), rest: None }))
    }

    /// Another file comes.
    pub(crate) fn another(&mut self, heads: &Heads) {
        if let Self::One(one) = self {
            let one =
                One { source: one.source, values: std::mem::take(&mut one.values), rest: one.rest.take() };
            *self = Self::Many(Box::new(one.aggregate(heads)));
        }
    }

    /// Takes a field's value in.
    pub(crate) fn add(&mut self, heads: &mut Heads, source: &Source, field: &SnapshotField<'_>) {
        let sample = Sample::of(field);
        let aggregate = match self {
            Self::Many(all) => all,
            Self::One(one) => match (heads.simple(sample.value), heads.place(field, &sample)) {
                (Some(value), Some(place)) => return one.values.push((place, value)),
                _ => one.rest.get_or_insert_with(|| Aggregate::new(Function::Auto)),
            },
        };
        aggregate.add_sample(source, field.label(), || field.type_code().into_owned(), &sample);
    }

    /// All that it says.
    pub(crate) fn aggregate(self, heads: &Heads) -> Aggregate {
        match self {
            Self::One(one) => one.aggregate(heads),
            Self::Many(all) => *all,
        }
    }
}

impl One {
    fn aggregate(self, heads: &Heads) -> Aggregate {
        let mut all = self.rest.unwrap_or_else(|| Aggregate::new(Function::Auto));
        for (place, value) in self.values {
            let head = &heads.heads[place as usize];
            let value = match value {
                Simple::Bool(value) => Value::Bool(value),
                Simple::Signed(value) => Value::Signed(value),
                Simple::Unsigned(value) => Value::Unsigned(value),
                Simple::Float(value) => Value::Float(value),
                Simple::Double(value) => Value::Double(value),
                Simple::Text(place) => Value::Text(&heads.texts[place as usize]),
            };
            let Head { kind, merge, scale, .. } = *head;
            let (unit, help) = (head.unit.as_deref(), head.help.as_deref());
            let sample = Sample { value, kind, merge, unit, help, scale };
            all.add_sample(&self.source, &head.label, || head.code.clone(), &sample);
        }
        all
    }
}

impl Heads {
    /// `None` of a value of several numbers.
    fn simple(&mut self, value: Value<'_>) -> Option<Simple> {
        Some(match value {
            Value::Bool(value) => Simple::Bool(value),
            Value::Signed(value) => Simple::Signed(value),
            Value::Unsigned(value) => Simple::Unsigned(value),
            Value::Float(value) => Simple::Float(value),
            Value::Double(value) => Simple::Double(value),
            Value::Text(text) => Simple::Text(match self.known_texts.get(text) {
                Some(place) => *place,
                None => {
                    let place = u32::try_from(self.texts.len()).ok()?;
                    self.texts.push(text.to_vec());
                    self.known_texts.insert(text.to_vec(), place);
                    place
                }
            }),
            _ => return None,
        })
    }

    /// Where what is said of a field is.
    fn place(&mut self, field: &SnapshotField<'_>, sample: &Sample<'_>) -> Option<u32> {
        let is_same = |place: &usize| self.heads.get(*place).is_some_and(|head| head.is_of(field, sample));
        let found = Some(self.next).filter(is_same).or_else(|| {
            let known = self.known.get(field.label())?;
            known.iter().map(|&place| place as usize).find(is_same)
        });
        let place = found.unwrap_or(self.heads.len());
        let number = u32::try_from(place).ok()?;
        if found.is_none() {
            self.known.entry(field.label().to_vec()).or_default().push(number);
            self.heads.push(Head {
                label: field.label().to_vec(),
                code: field.type_code().into_owned(),
                kind: sample.kind,
                merge: sample.merge,
                unit: sample.unit.map(str::to_owned),
                help: sample.help.map(str::to_owned),
                scale: sample.scale,
            });
        }
        self.next = place + 1;
        Some(number)
    }
}

impl Head {
    fn is_of(&self, field: &SnapshotField<'_>, sample: &Sample<'_>) -> bool {
        self.label == field.label()
            && self.kind == sample.kind
            && self.merge == sample.merge
            && self.unit.as_deref() == sample.unit
            && self.help.as_deref() == sample.help
            && self.scale.to_bits() == sample.scale.to_bits()
            && self.code == field.type_code()
    }
}

#[cfg(test)]
mod tests {
    use mmstats::{Average, Bool, Counter, Gauge, Histogram, Options, Snapshot, StaticText, Text, stats};

    use super::*;

    stats! {
        struct Every {
            hits: Counter { unit: "requests", help: "What came." },
            level: Gauge<f32>,
            below: Gauge<i8>,
            ready: Bool,
            page: Text,
            version: StaticText { value: "1" },
            size: Average { unit: "bytes" },
            answer: Histogram { unit: "seconds" },
        }
    }

    #[test]
    fn it_says_what_all_values_say_however_many_files_there_are() {
        let dir = tempfile::tempdir().unwrap();
        let mut heads = Heads::default();
        let (mut held, mut all) = (None::<Held>, Aggregate::new(Function::Auto));
        for file in 0..3 {
            let every = Options::new().dir(dir.path()).create::<Every>().unwrap();
            every.hits.add(5);
            every.level.set(0.5);
            every.below.set(-3);
            every.ready.set(file == 0);
            every.page.set(&format!("/{file}"));
            every.size.add(3.0);
            every.answer.record(7);
            let snapshot = Snapshot::of(every.path()).unwrap();
            let source = Source::of(file, &snapshot, true);
            match &mut held {
                Some(held) => held.another(&heads),
                None => held = Some(Held::first(source)),
            }
            for field in snapshot.fields().map(Result::unwrap) {
                held.as_mut().unwrap().add(&mut heads, &source, &field);
                all.add(&source, &field);
            }
            let mut again = Held::first(source);
            for field in snapshot.fields().map(Result::unwrap) {
                again.add(&mut heads, &source, &field);
            }
            let mut alone = Aggregate::new(Function::Auto);
            snapshot.fields().for_each(|field| alone.add(&source, &field.unwrap()));
            assert_eq!(format!("{:?}", again.aggregate(&heads).results()), format!("{:?}", alone.results()));
        }
        let held = held.unwrap().aggregate(&heads).results();
        assert_eq!(format!("{held:?}"), format!("{:?}", all.results()));
    }
}
