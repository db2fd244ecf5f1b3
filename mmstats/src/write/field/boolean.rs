//! Yes or no.

use std::cell::Cell;

use super::Spec;
use crate::error::Error;
use crate::format::kind::{DataType, MetricType};
use crate::write::about::About;
use crate::write::builder::Builder;
use crate::write::description::{Data, Description, Number};
use crate::write::memory::slot::WordSlot;
use crate::write::model::labelled;

/// Yes or no. On disk a byte, 0 or 1; in version 1 `?`, one buffer. The sum of several is how many say yes.
///
/// ```
/// use mmstats::{Bool, Options};
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let ready = Options::new().dir(dir).create_with(|fields| fields.add("ready", Bool::spec()))?;
/// ready.set(true);
/// assert!(ready.value());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Bool {
    slot: WordSlot<u8>,
    value: Cell<bool>,
}

/// What can be chosen for a [`Bool`].
#[derive(Clone, Debug, Default)]
pub struct BoolSpec {
    initial: bool,
    about: About,
}

impl BoolSpec {
    crate::write::about::described!();
    crate::write::about::merged!();

    /// The first value. Default: false.
    #[must_use]
    pub fn initial(mut self, initial: bool) -> Self {
        self.initial = initial;
        self
    }
}

impl Spec for BoolSpec {
    type Field = Bool;

    fn document(mut self, doc: &str) -> Self {
        self.about.document(doc);
        self
    }

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<Bool, Error> {
        let bytes = [u8::from(self.initial), 0, 0, 0, 0, 0, 0, 0];
        let data = Data::Number(Number { data: DataType::Bool, code: "?", buffered: false, bytes });
        let field = Description { data, metric: MetricType::Gauge, about: &self.about };
        let added = builder.place(labelled(label, name), &field)?;
        Ok(Bool { slot: added.number(), value: Cell::new(self.initial) })
    }
}

super::spec_of!(Bool, BoolSpec);

impl Bool {
    /// Makes it `value`.
    #[inline]
    pub fn set(&self, value: bool) {
        self.value.set(value);
        self.slot.set(u8::from(value));
    }

    /// What it was last set to.
    #[inline]
    #[must_use]
    pub fn value(&self) -> bool {
        self.value.get()
    }
}
