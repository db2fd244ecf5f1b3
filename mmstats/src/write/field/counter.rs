//! A number that only goes up, until it wraps.

use std::cell::Cell;

use super::{Field, Spec};
use crate::error::Error;
use crate::write::fold::Kind;
use crate::write::memory::slot::WordSlot;
use crate::write::model::{Builder, labelled};
use crate::write::store::Encoding;

/// Counts from 0, wraps after 2^64 - 1. On disk `Q`, two buffers.
pub struct Counter {
    slot: WordSlot<u64>,
    value: Cell<u64>,
}

super::plain_spec!(Counter, CounterSpec);

impl Spec for CounterSpec {
    type Field = Counter;

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<Counter, Error> {
        let encoding = Encoding { code: "Q", size: 8, align: 8, buffered: true };
        let label = labelled(label, name);
        let place = builder.place(label, encoding, &[0; 8])?;
        builder.folds(label, Kind::Counter(place.word()));
        Ok(Counter { slot: place.number(), value: Cell::new(0) })
    }
}

impl Field for Counter {
    type Spec = CounterSpec;

    fn spec() -> CounterSpec {
        Self::spec()
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
