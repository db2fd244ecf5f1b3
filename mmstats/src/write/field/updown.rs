//! How many there are now, counted by those who come and those who go.

use std::cell::Cell;

use super::Spec;
use crate::error::Error;
use crate::format::kind::{DataType, MetricType};
use crate::write::builder::Builder;
use crate::write::description::{Data, Description, Number};
use crate::write::fold::Kind;
use crate::write::memory::slot::WordSlot;
use crate::write::model::labelled;

/// How many there are: tasks, connections, bytes in use. On disk an `i64`; in version 1
/// `q`, two buffers.
///
/// Each thread adds for what it begins and takes away for what it ends, wherever that began. So one
/// thread's value may be negative; the sum over a process's threads is how many there are, as long as the
/// counts of ended threads are kept ([`crate::ThreadEnd::Fold`]). A [`crate::Gauge`] goes with its thread.
///
/// ```
/// use mmstats::{Options, UpDown};
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let tasks = Options::new().dir(dir).create_with(|fields| fields.add("tasks", UpDown::spec()))?;
/// tasks.incr();
/// tasks.decr();
/// tasks.decr();
/// assert_eq!(tasks.value(), -1, "one of them began on another thread");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct UpDown {
    slot: WordSlot<i64>,
    value: Cell<i64>,
}

super::plain_spec!(UpDown, UpDownSpec);

impl Spec for UpDownSpec {
    type Field = UpDown;

    fn document(mut self, doc: &str) -> Self {
        self.about.document(doc);
        self
    }

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<UpDown, Error> {
        let label = labelled(label, name);
        let data = Data::Number(Number::eight(DataType::I64, "q", [0; 8]));
        let added =
            builder.place(label, &Description { data, metric: MetricType::Gauge, about: &self.about })?;
        builder.folds(label, Kind::UpDown(added.shared(1)), self.about);
        Ok(UpDown { slot: added.number(), value: Cell::new(0) })
    }
}

impl UpDown {
    /// Adds 1.
    #[inline]
    pub fn incr(&self) {
        self.add(1);
    }

    /// Takes 1 away.
    #[inline]
    pub fn decr(&self) {
        self.sub(1);
    }

    /// Adds `n`, which may be negative. Wraps.
    #[inline]
    pub fn add(&self, n: i64) {
        let value = self.value.get().wrapping_add(n);
        self.value.set(value);
        self.slot.set(value);
    }

    /// Takes `n` away. Wraps.
    #[inline]
    pub fn sub(&self, n: i64) {
        self.add(n.wrapping_neg());
    }

    /// What this instance has added, less what it has taken away.
    #[inline]
    #[must_use]
    pub fn value(&self) -> i64 {
        self.value.get()
    }
}
