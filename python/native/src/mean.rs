//! The mean of all values.

use std::ffi::CStr;
use std::mem;
use std::sync::atomic::Ordering::{Relaxed, Release};
use std::sync::atomic::fence;

use pyo3::prelude::*;
use pyo3::types::PyFloat;

use crate::convert::{Real, exact};
use crate::handle::{Handle, cells};
use crate::memory::{Guarded, Numbers};
use crate::quick::{Quick, kept_usual};

/// Words of one copy: sum, count, check.
const COPY: usize = 3;
const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

/// The mean of all values: their sum and their count.
#[pyclass(frozen, extends = Handle, module = "mmstats._native")]
pub(crate) struct Mean {
    inside: Guarded<Inside>,
}

struct Inside {
    sum: f64,
    count: u64,
    /// Two copies in version 2. Version 1 shows the mean.
    words: Numbers,
}

impl Inside {
    #[inline(always)]
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count = self.count.wrapping_add(1);
        self.publish();
    }

    /// Copies are written by turns. A reader takes one only if its check agrees.
    #[inline(always)]
    fn publish(&self) {
        let Some((first, second)) = self.words.split_at_checked(COPY) else {
            self.words[0].store(self.mean().to_bits(), Release);
            return;
        };
        if self.count == 0 {
            return;
        }
        let copy = if self.count % 2 == 1 { second } else { first };
        let sum = self.sum.to_bits();
        // The update before this one comes first, as pairs with the fence between a reader's looks.
        fence(Release);
        for (word, number) in copy.iter().zip([sum, self.count, sum ^ self.count.wrapping_mul(FACTOR)]) {
            word.store(number, Relaxed);
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "no program adds 2^53 values")]
    fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum / self.count as f64 }
    }
}

impl Mean {
    fn move_to(slf: &Bound<'_, Self>, words: Numbers) {
        let before = slf.get().inside.with(slf, |inside| {
            let before = mem::replace(&mut inside.words, words);
            inside.publish();
            before
        });
        drop(before);
    }
}

/// The usual call of `add`.
pub(crate) struct Add;

impl Quick for Add {
    type Class = Mean;

    const NAME: &'static CStr = c"add";

    #[inline(always)]
    #[allow(clippy::cast_precision_loss, reason = "as Python's float does, to the nearest")]
    fn quick(mean: &Bound<'_, Mean>, argument: Option<&Bound<'_, PyAny>>) -> bool {
        let Some(value) = argument else { return false };
        let value = match value.cast_exact::<PyFloat>() {
            Ok(value) => value.value(),
            Err(_) => match exact(value) {
                Some(value) => value as f64,
                None => return false,
            },
        };
        let home = mean.as_super().get().is_home();
        if home {
            mean.get().inside.with(mean, |inside| inside.add(value));
        }
        home
    }

    kept_usual!();
}

#[pymethods]
impl Mean {
    #[new]
    fn new(
        instance: &Bound<'_, PyAny>,
        field: &Bound<'_, PyAny>,
        label: &Bound<'_, PyAny>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let inside = Guarded::new(Inside { sum: 0.0, count: 0, words: Numbers::private(1) });
        Ok(PyClassInitializer::from(Handle::new(instance, field, label)?).add_subclass(Self { inside }))
    }

    /// What a forked child begins with.
    fn begin_again(slf: &Bound<'_, Self>) {
        slf.get().inside.with(slf, |inside| (inside.sum, inside.count) = (0.0, 0));
    }

    /// From now on, the value is in this place.
    fn bind(
        slf: &Bound<'_, Self>,
        segment: &Bound<'_, PyAny>,
        at: &Bound<'_, PyAny>,
        version: u8,
    ) -> PyResult<()> {
        let count = if version == 2 { 2 * COPY } else { 1 };
        Self::move_to(slf, Numbers::of(&cells(slf, segment, "Q", at, count)?, count)?);
        Ok(())
    }

    /// Leaves the memory that it has.
    fn release(slf: &Bound<'_, Self>) {
        Self::move_to(slf, Numbers::private(1));
    }

    /// Adds a value to the mean.
    #[pyo3(signature = (value))]
    fn add(slf: &Bound<'_, Self>, value: Real) -> PyResult<()> {
        slf.as_super().get().go_home(slf.py())?;
        slf.get().inside.with(slf, |inside| inside.add(value.0));
        Ok(())
    }

    /// All values added up.
    #[getter]
    fn sum(slf: &Bound<'_, Self>) -> PyResult<f64> {
        slf.as_super().get().go_home(slf.py())?;
        Ok(slf.get().inside.with(slf, |inside| inside.sum))
    }

    /// How many values there were.
    #[getter]
    fn count(slf: &Bound<'_, Self>) -> PyResult<u64> {
        slf.as_super().get().go_home(slf.py())?;
        Ok(slf.get().inside.with(slf, |inside| inside.count))
    }

    /// The mean.
    #[getter]
    fn value(slf: &Bound<'_, Self>) -> PyResult<f64> {
        slf.as_super().get().go_home(slf.py())?;
        Ok(slf.get().inside.with(slf, |inside| inside.mean()))
    }
}
