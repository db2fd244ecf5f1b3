//! What goes up and down.

use std::ffi::CStr;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyFloat;

use crate::convert::{Whole, exact};
use crate::number::{self, Number};
use crate::quick::{Quick, kept_usual};

/// A number that is set, and goes up and down.
#[pyclass(frozen, extends = Number, module = "mmstats._native")]
pub(crate) struct Gauge;

/// What was given, or 1.
struct Amount<'py>(Option<Bound<'py, PyAny>>);

impl<'a, 'py> FromPyObject<'a, 'py> for Amount<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self(Some(object.to_owned())))
    }
}

impl Gauge {
    fn add(slf: &Bound<'_, Self>, amount: Amount<'_>, subtract: bool) -> PyResult<()> {
        let number = slf.as_super();
        if number.get().is_real() {
            let amount: f64 = match amount.0 {
                Some(amount) => amount.extract()?,
                None => 1.0,
            };
            number.as_super().get().go_home(slf.py())?;
            Number::add(number, if subtract { -amount } else { amount });
        } else {
            let amount = match amount.0 {
                Some(amount) => amount.extract::<Whole>()?.0,
                None => 1,
            };
            number.as_super().get().go_home(slf.py())?;
            Number::add_whole(number, if subtract { amount.wrapping_neg() } else { amount });
        }
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
        let number = gauge.as_super();
        if !number.as_super().get().is_home() {
            return false;
        }
        if number.get().is_real() {
            let amount = match argument.map(|amount| amount.cast_exact::<PyFloat>()) {
                None => 1.0,
                Some(Ok(amount)) => amount.value(),
                Some(Err(_)) => return false,
            };
            Number::add(number, amount);
        } else {
            let Some(amount) = argument.map_or(Some(1), exact) else { return false };
            Number::add_whole(number, amount);
        }
        true
    }

    kept_usual!();
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

    kept_usual!();
}

#[pymethods]
impl Gauge {
    #[new]
    fn new(
        instance: &Bound<'_, PyAny>,
        field: &Bound<'_, PyAny>,
        label: &Bound<'_, PyAny>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let letter: char = field.getattr("letter")?.extract()?;
        if "f?".contains(letter) {
            return Err(PyTypeError::new_err("a gauge is of type d, or an integer"));
        }
        Ok(Number::make(instance, field, label)?.add_subclass(Self))
    }

    /// Adds ``amount``.
    #[pyo3(signature = (amount = Amount(None)), text_signature = "($self, amount=1)")]
    fn incr(slf: &Bound<'_, Self>, amount: Amount<'_>) -> PyResult<()> {
        Self::add(slf, amount, false)
    }

    /// Subtracts ``amount``.
    #[pyo3(signature = (amount = Amount(None)), text_signature = "($self, amount=1)")]
    fn decr(slf: &Bound<'_, Self>, amount: Amount<'_>) -> PyResult<()> {
        Self::add(slf, amount, true)
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
