//! When something happened.

use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

use super::Spec;
use crate::error::Error;
use crate::format::kind::{DataType, MetricType};
use crate::write::about::About;
use crate::write::builder::Builder;
use crate::write::description::{Data, Description, Number};
use crate::write::memory::slot::WordSlot;
use crate::write::model::labelled;

/// When something happened last, in seconds since 1970, UTC; 0 is never. Of several files the latest counts. On
/// disk an `f64`; in version 1 `d`, two buffers.
///
/// ```
/// use mmstats::{Options, Timestamp};
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let backup = Options::new().dir(dir).create_with(|fields| fields.add("backup", Timestamp::spec()))?;
/// assert_eq!(backup.value(), 0.0, "never");
/// backup.now();
/// assert!(backup.value() > 1.5e9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Timestamp {
    slot: WordSlot<f64>,
    value: Cell<f64>,
}

/// What can be chosen for a [`Timestamp`].
#[derive(Clone, Debug, Default)]
pub struct TimestampSpec {
    initial: f64,
    about: About,
}

impl TimestampSpec {
    crate::write::about::described!();

    /// The first value, in seconds since 1970. Default: 0, which is never.
    #[must_use]
    pub fn initial(mut self, seconds: f64) -> Self {
        self.initial = seconds;
        self
    }
}

impl Spec for TimestampSpec {
    type Field = Timestamp;

    fn document(mut self, doc: &str) -> Self {
        self.about.document(doc);
        self
    }

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<Timestamp, Error> {
        let data = Data::Number(Number::eight(DataType::F64, "d", self.initial.to_ne_bytes()));
        let field = Description { data, metric: MetricType::Timestamp, about: &self.about };
        let added = builder.place(labelled(label, name), &field)?;
        Ok(Timestamp { slot: added.number(), value: Cell::new(self.initial) })
    }
}

super::spec_of!(Timestamp, TimestampSpec);

impl Timestamp {
    /// It is now.
    #[inline]
    pub fn now(&self) {
        self.set_time(SystemTime::now());
    }

    /// It was at `seconds` since 1970, UTC.
    #[inline]
    pub fn set(&self, seconds: f64) {
        self.value.set(seconds);
        self.slot.set(seconds);
    }

    /// It was at `time`; what was before 1970 counts as never.
    #[inline]
    pub fn set_time(&self, time: SystemTime) {
        self.set(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64());
    }

    /// When it was, in seconds since 1970; 0 is never.
    #[inline]
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value.get()
    }
}
