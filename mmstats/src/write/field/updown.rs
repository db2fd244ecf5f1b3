//! How many there are now, counted by those who come and those who go.

use std::cell::Cell;

use super::{Field, Spec};
use crate::error::Error;
use crate::write::fold::Kind;
use crate::write::memory::slot::WordSlot;
use crate::write::model::{Builder, labelled};
use crate::write::store::Encoding;

/// How many there are: tasks, connections, bytes in use. On disk `q`, two buffers.
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
/// let tasks = Options::new().path(dir).create_with(|fields| fields.add("tasks", UpDown::spec()))?;
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

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<UpDown, Error> {
        let label = labelled(label, name);
        let encoding = Encoding { code: "q", size: 8, align: 8, buffered: true };
        let place = builder.place(label, encoding, &[0; 8])?;
        builder.folds(label, Kind::UpDown(place.word()));
        Ok(UpDown { slot: place.number(), value: Cell::new(0) })
    }
}

impl Field for UpDown {
    type Spec = UpDownSpec;

    fn spec() -> UpDownSpec {
        Self::spec()
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
