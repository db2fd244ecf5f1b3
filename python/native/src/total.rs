//! A number that is added to and begins at 0 in a forked child: what prometheus_client's counters are.

use std::ffi::CStr;
use std::sync::atomic::Ordering::{Relaxed, Release};

use pyo3::prelude::*;
use pyo3::types::PyFloat;

use crate::convert::Real;
use crate::handle::{Handle, cells};
use crate::memory::{Guarded, Numbers};
use crate::quick::{Quick, kept_usual};

/// A number of 64 bits that is added to, and begins at 0 in a forked child.
#[pyclass(frozen, extends = Handle, module = "mmstats._native")]
pub(crate) struct Total {
    /// The bits of the total, in the place that readers look at.
    total: Guarded<Numbers>,
}

impl Total {
    #[inline(always)]
    fn add(slf: &Bound<'_, Self>, amount: f64) {
        slf.get().total.with(slf, |total| {
            let sum = f64::from_bits(total[0].load(Relaxed)) + amount;
            total[0].store(sum.to_bits(), Release);
        });
    }

    fn store(slf: &Bound<'_, Self>, number: f64) {
        slf.get().total.with(slf, |total| total[0].store(number.to_bits(), Release));
    }

    fn load(slf: &Bound<'_, Self>) -> f64 {
        f64::from_bits(slf.get().total.with(slf, |total| total[0].load(Relaxed)))
    }
}

/// The usual call of `incr`.
pub(crate) struct Incr;

impl Quick for Incr {
    type Class = Total;

    const NAME: &'static CStr = c"incr";

    #[inline(always)]
    fn quick(total: &Bound<'_, Total>, argument: Option<&Bound<'_, PyAny>>) -> bool {
        let amount = match argument.map(|amount| amount.cast_exact::<PyFloat>()) {
            None => 1.0,
            Some(Ok(amount)) => amount.value(),
            Some(Err(_)) => return false,
        };
        let home = total.as_super().get().is_home();
        if home {
            Total::add(total, amount);
        }
        home
    }

    kept_usual!();
}

#[pymethods]
impl Total {
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
        Self::store(slf, 0.0);
    }

    /// From now on, the value is in this place.
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

    /// Adds ``amount``.
    #[pyo3(signature = (amount = 1.0), text_signature = "($self, amount=1)")]
    fn incr(slf: &Bound<'_, Self>, amount: f64) -> PyResult<()> {
        slf.as_super().get().go_home(slf.py())?;
        Self::add(slf, amount);
        Ok(())
    }

    /// Sets it. prometheus_client gives a time as well, which is not kept.
    #[pyo3(signature = (value, timestamp = None))]
    fn set(slf: &Bound<'_, Self>, value: Real, timestamp: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let _ = timestamp;
        slf.as_super().get().go_home(slf.py())?;
        Self::store(slf, value.0);
        Ok(())
    }

    /// The number.
    fn get(slf: &Bound<'_, Self>) -> PyResult<f64> {
        slf.as_super().get().go_home(slf.py())?;
        Ok(Self::load(slf))
    }

    #[getter]
    fn _total(slf: &Bound<'_, Self>) -> f64 {
        Self::load(slf)
    }
}
