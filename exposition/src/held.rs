//! What the files of one key say: those of a command, of a process, or one file.
//!
//! Where keys are processes or files, most have one file, and there may be very many of them. So of a key with one file,
//! numbers and texts alone are held until everything is written, eight bytes each, and what is said of them once for all
//! files: see `heads.rs` and `rows.rs`.

use figures::{Aggregate, Function, Sample, Source};
use mmstats::SnapshotField;

use crate::heads::Heads;
use crate::rows::{Row, Rows};

/// What one key says.
pub(crate) enum Held {
    One(One),
    Many(Box<Aggregate>),
}

/// What one file says.
pub(crate) struct One {
    source: Source,
    /// Its numbers and texts, once all of the file was taken in.
    pub(crate) row: Option<Row>,
    /// Values of several numbers.
    rest: Option<Box<Aggregate>>,
}

impl Held {
    /// What the first file of a key says.
    pub(crate) fn first(source: Source) -> Self {
        Self::One(One { source, row: None, rest: None })
    }

    /// Another file comes.
    pub(crate) fn another(&mut self, heads: &Heads, rows: &Rows) {
        if let Self::One(one) = self {
            let one = One { source: one.source, row: one.row, rest: one.rest.take() };
            *self = Self::Many(Box::new(one.aggregate(heads, rows, |_| true)));
        }
    }

    /// Takes a field's value in.
    pub(crate) fn add(
        &mut self,
        heads: &mut Heads,
        rows: &mut Rows,
        source: &Source,
        field: &SnapshotField<'_>,
    ) {
        let sample = Sample::of(field);
        let aggregate = match self {
            Self::Many(all) => all,
            Self::One(one) => match heads.simple(sample.value).zip(heads.place(field, &sample)) {
                Some((value, place)) => return rows.push(place, value),
                None => one.rest.get_or_insert_with(|| Box::new(Aggregate::new(Function::Auto))),
            },
        };
        aggregate.add_sample(source, field.label(), || field.type_code().into_owned(), &sample);
    }

    /// All of a file was taken in.
    pub(crate) fn end(&mut self, heads: &Heads, rows: &mut Rows) {
        if let Self::One(one) = self {
            one.row = rows.end(heads);
        }
    }
}

impl One {
    /// Whether it has values of several numbers.
    pub(crate) fn has_rest(&self) -> bool {
        self.rest.is_some()
    }

    /// What it says, its numbers and texts as far as they are chosen by their places in a row.
    pub(crate) fn aggregate(
        self,
        heads: &Heads,
        rows: &Rows,
        is_chosen: impl Fn(usize) -> bool,
    ) -> Aggregate {
        let mut all = self.rest.map_or_else(|| Aggregate::new(Function::Auto), |rest| *rest);
        let row = self.row.into_iter().flat_map(|row| rows.row(row)).enumerate();
        for (_, (place, bits)) in row.filter(|(number, _)| is_chosen(*number)) {
            let head = heads.get(place);
            all.add_sample(&self.source, &head.label, || head.code.clone(), &heads.sample(head, bits));
        }
        all
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
        let (mut heads, mut rows) = (Heads::default(), Rows::default());
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
                Some(held) => held.another(&heads, &rows),
                None => held = Some(Held::first(source)),
            }
            for field in snapshot.fields().map(Result::unwrap) {
                held.as_mut().unwrap().add(&mut heads, &mut rows, &source, &field);
                all.add(&source, &field);
            }
            held.as_mut().unwrap().end(&heads, &mut rows);
            let mut again = Held::first(source);
            for field in snapshot.fields().map(Result::unwrap) {
                again.add(&mut heads, &mut rows, &source, &field);
            }
            again.end(&heads, &mut rows);
            let Held::One(again) = again else { panic!("it is one file") };
            let again = again.aggregate(&heads, &rows, |_| true);
            let mut alone = Aggregate::new(Function::Auto);
            snapshot.fields().for_each(|field| alone.add(&source, &field.unwrap()));
            assert_eq!(format!("{:?}", again.results()), format!("{:?}", alone.results()));
        }
        let Some(Held::Many(held)) = held else { panic!("there are several files") };
        let held = held.results();
        assert_eq!(format!("{held:?}"), format!("{:?}", all.results()));
    }
}
