//! What goes up and down.

use std::ffi::CStr;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyFloat;

use crate::number::{self, Number};
use crate::quick::Quick;

/// A number that is set, and goes up and down.
#[pyclass(frozen, extends = Number, module = "mmstats._native")]
pub(crate) struct Gauge;

impl Gauge {
    fn add(slf: &Bound<'_, Self>, amount: f64) -> PyResult<()> {
        let number = slf.as_super();
        number.as_super().get().go_home(slf.py())?;
        Number::add(number, amount);
        Ok(())
    }
}

/// The usual call of `incr`.
pub(crate) struct Incr;

impl Quick for Incr {
    type Class = Gauge;

    const NAME: &'static CStr = c"incr";

    #[inline(always)]
    fn quick(gauge: &Bound<'_, Gauge>, argument: Option<&Bound<'_, PyAny>>) -> bool {
        let amount = match argument {
            None => 1.0,
            Some(amount) => match amount.cast_exact::<PyFloat>() {
                Ok(amount) => amount.value(),
                Err(_) => return false,
            },
        };
        let number = gauge.as_super();
        let home = number.as_super().get().is_home();
        if home {
            Number::add(number, amount);
        }
        home
    }

    fn usual() -> &'static PyOnceLock<Py<PyAny>> {
        static USUAL: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        &USUAL
    }
}

/// The usual call of `set`, of the class itself: Python calls an inherited method in a longer way.
pub(crate) struct Set;

impl Quick for Set {
    type Class = Gauge;

    const NAME: &'static CStr = c"set";

    #[inline(always)]
    fn quick(gauge: &Bound<'_, Gauge>, argument: Option<&Bound<'_, PyAny>>) -> bool {
        number::Set::quick(gauge.as_super(), argument)
    }

    fn usual() -> &'static PyOnceLock<Py<PyAny>> {
        static USUAL: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        &USUAL
    }
}

#[pymethods]
impl Gauge {
    #[new]
    fn new(
        instance: &Bound<'_, PyAny>,
        field: &Bound<'_, PyAny>,
        label: &Bound<'_, PyAny>,
    ) -> PyResult<PyClassInitializer<Self>> {
        Ok(Number::make(instance, field, label)?.add_subclass(Self))
    }

    /// Adds ``amount``.
    #[pyo3(signature = (amount = 1.0), text_signature = "($self, amount=1)")]
    fn incr(slf: &Bound<'_, Self>, amount: f64) -> PyResult<()> {
        Self::add(slf, amount)
    }

    /// Subtracts ``amount``.
    #[pyo3(signature = (amount = 1.0), text_signature = "($self, amount=1)")]
    fn decr(slf: &Bound<'_, Self>, amount: f64) -> PyResult<()> {
        Self::add(slf, -amount)
    }

    /// The number.
    #[getter]
    fn value(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        Number::get(slf.as_super())
    }

    #[setter]
    fn set_value(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        slf.call_method1("set", (value,)).map(drop)
    }
}
