//! What counts up.

use std::ffi::CStr;
use std::sync::atomic::Ordering::{Relaxed, Release};

use pyo3::prelude::*;

use crate::convert::{Whole, exact};
use crate::handle::{Handle, cells};
use crate::memory::{Guarded, Numbers, add};
use crate::quick::{Quick, kept_usual};

/// Counts up.
#[pyclass(frozen, extends = Handle, module = "mmstats._native")]
pub(crate) struct Counter {
    /// The total is kept in the place that readers look at, and nowhere else.
    total: Guarded<Numbers>,
}

impl Counter {
    fn load(slf: &Bound<'_, Self>) -> u64 {
        slf.get().total.with(slf, |total| total[0].load(Relaxed))
    }

    fn store(slf: &Bound<'_, Self>, number: u64) {
        slf.get().total.with(slf, |total| total[0].store(number, Release));
    }

    #[inline(always)]
    fn add(slf: &Bound<'_, Self>, amount: u64) -> PyResult<()> {
        slf.as_super().get().go_home(slf.py())?;
        slf.get().total.with(slf, |total| add(&total[0], amount));
        Ok(())
    }
}

/// The usual call of `incr`.
pub(crate) struct Incr;

impl Quick for Incr {
    type Class = Counter;

    const NAME: &'static CStr = c"incr";

    #[inline(always)]
    fn quick(counter: &Bound<'_, Counter>, argument: Option<&Bound<'_, PyAny>>) -> bool {
        let amount = match argument {
            None => 1,
            Some(amount) => match exact(amount) {
                Some(amount) => amount,
                None => return false,
            },
        };
        if !counter.as_super().get().is_home() {
            return false;
        }
        counter.get().total.with(counter, |total| add(&total[0], amount));
        true
    }

    kept_usual!();
}

#[pymethods]
impl Counter {
    #[new]
    fn new(
        instance: &Bound<'_, PyAny>,
        field: &Bound<'_, PyAny>,
        label: &Bound<'_, PyAny>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let total = Guarded::new(Numbers::private(1));
        Ok(PyClassInitializer::from(Handle::new(instance, field, label)?).add_subclass(Self { total }))
    }

    /// What a forked child begins with.
    fn begin_again(slf: &Bound<'_, Self>) {
        Self::store(slf, 0);
    }

    /// From now on, the value is in this place.
    #[pyo3(signature = (segment, at, version))]
    fn bind(
        slf: &Bound<'_, Self>,
        segment: &Bound<'_, PyAny>,
        at: &Bound<'_, PyAny>,
        version: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let _ = version;
        slf.get().total.move_to(slf, Numbers::of(&cells(slf, segment, "Q", at, 1)?, 1)?);
        Ok(())
    }

    /// Leaves the memory that it has.
    fn release(slf: &Bound<'_, Self>) {
        slf.get().total.move_to(slf, Numbers::private(1));
    }

    /// Adds ``amount``, an integer.
    #[pyo3(signature = (amount = Whole(1)), text_signature = "($self, amount=1)")]
    fn incr(slf: &Bound<'_, Self>, amount: Whole) -> PyResult<()> {
        Self::add(slf, amount.0)
    }

    /// What mmstats had before ``incr``.
    #[pyo3(signature = (n = Whole(1)), text_signature = "($self, n=1)")]
    fn inc(slf: &Bound<'_, Self>, n: Whole) -> PyResult<()> {
        Self::add(slf, n.0)
    }

    #[getter]
    fn _total(slf: &Bound<'_, Self>) -> u64 {
        Self::load(slf)
    }

    /// What was counted.
    #[getter]
    fn value(slf: &Bound<'_, Self>) -> PyResult<u64> {
        slf.as_super().get().go_home(slf.py())?;
        Ok(Self::load(slf))
    }

    #[setter]
    fn set_value(slf: &Bound<'_, Self>, value: Whole) -> PyResult<()> {
        slf.as_super().get().go_home(slf.py())?;
        Self::store(slf, value.0);
        Ok(())
    }
}
