//! A number that only goes up, until it wraps.

use std::cell::Cell;

use super::Spec;
use crate::error::Error;
use crate::format::kind::{DataType, MetricType};
use crate::write::builder::Builder;
use crate::write::description::{Data, Description, Number};
use crate::write::fold::Kind;
use crate::write::memory::slot::WordSlot;
use crate::write::model::labelled;

/// Counts from 0, wraps after 2^64 - 1. On disk a `u64`; in version 1 `Q`, two buffers.
///
/// ```
/// use mmstats::{Counter, Options};
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let hits = Options::new().dir(dir).create_with(|fields| fields.add("hits", Counter::spec()))?;
/// hits.incr();
/// hits.add(2);
/// assert_eq!(hits.value(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Counter {
    slot: WordSlot<u64>,
    value: Cell<u64>,
}

super::plain_spec!(Counter, CounterSpec);

impl Spec for CounterSpec {
    type Field = Counter;

    fn document(mut self, doc: &str) -> Self {
        self.about.document(doc);
        self
    }

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<Counter, Error> {
        let label = labelled(label, name);
        let data = Data::Number(Number::eight(DataType::U64, "Q", [0; 8]));
        let added =
            builder.place(label, &Description { data, metric: MetricType::Counter, about: &self.about })?;
        builder.folds(label, Kind::Counter(added.shared(1)), self.about);
        Ok(Counter { slot: added.number(), value: Cell::new(0) })
    }
}

impl Counter {
    /// Adds 1.
    #[inline]
    pub fn incr(&self) {
        self.add(1);
    }

    /// Adds `n`.
    #[inline]
    pub fn add(&self, n: u64) {
        self.set(self.value.get().wrapping_add(n));
    }

    /// Makes it `value`, for a program that takes its count from somewhere else.
    #[inline]
    pub fn set(&self, value: u64) {
        self.value.set(value);
        self.slot.set(value);
    }

    /// What was counted.
    #[inline]
    #[must_use]
    pub fn value(&self) -> u64 {
        self.value.get()
    }
}
