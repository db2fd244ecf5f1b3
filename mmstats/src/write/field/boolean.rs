//! Yes or no.

use std::cell::Cell;

use super::{Field, Spec};
use crate::error::Error;
use crate::write::memory::slot::WordSlot;
use crate::write::model::{Builder, labelled};
use crate::write::store::Encoding;

/// Yes or no. On disk `?`, one buffer.
pub struct Bool {
    slot: WordSlot<u8>,
    value: Cell<bool>,
}

/// What can be chosen for a [`Bool`].
#[derive(Clone, Copy, Debug, Default)]
pub struct BoolSpec {
    initial: bool,
}

impl BoolSpec {
    /// The first value. Default: false.
    #[must_use]
    pub fn initial(mut self, initial: bool) -> Self {
        self.initial = initial;
        self
    }
}

impl Spec for BoolSpec {
    type Field = Bool;

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<Bool, Error> {
        let encoding = Encoding { code: "?", size: 1, align: 1, buffered: false };
        let place = builder.place(labelled(label, name), encoding, &[u8::from(self.initial)])?;
        Ok(Bool { slot: place.number(), value: Cell::new(self.initial) })
    }
}

impl Field for Bool {
    type Spec = BoolSpec;

    fn spec() -> BoolSpec {
        BoolSpec::default()
    }
}

impl Bool {
    /// The spec, for [`Builder::add`].
    #[must_use]
    pub fn spec() -> BoolSpec {
        BoolSpec::default()
    }

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
