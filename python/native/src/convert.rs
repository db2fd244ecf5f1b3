//! Python's numbers as those of the file, by the rules of the pure package.

use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt};

/// An integer. One that is too large or too small wraps.
#[derive(Clone, Copy)]
pub(crate) struct Whole(pub(crate) u64);

impl<'a, 'py> FromPyObject<'a, 'py> for Whole {
    type Error = PyErr;

    #[inline]
    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        object.extract().map(Self).or_else(|_: PyErr| wrapped(&object))
    }
}

#[cold]
fn wrapped(object: &Bound<'_, PyAny>) -> PyResult<Whole> {
    object.bitand(u64::MAX)?.extract().map(Whole)
}

/// What is an integer of Python's and fits.
#[inline(always)]
pub(crate) fn exact(object: &Bound<'_, PyAny>) -> Option<u64> {
    if object.is_exact_instance_of::<PyInt>() { object.extract().ok() } else { None }
}

/// An integer of Python's that fits into 64 bits with or without a sign.
#[inline(always)]
#[allow(clippy::cast_sign_loss, reason = "the bits are what is stored")]
pub(crate) fn bits(object: &Bound<'_, PyAny>) -> Option<u64> {
    object.extract().map(|number: i64| number as u64).or_else(|_| object.extract()).ok()
}

/// An integer from 0 on. One below is 0, one that is too large is the largest; of another number, the whole part.
#[derive(Clone, Copy)]
pub(crate) struct Clamped(pub(crate) u64);

impl<'a, 'py> FromPyObject<'a, 'py> for Clamped {
    type Error = PyErr;

    #[inline]
    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        exact(&object).map_or_else(|| clamped(&object), |number| Ok(Self(number)))
    }
}

#[cold]
fn clamped(object: &Bound<'_, PyAny>) -> PyResult<Clamped> {
    let number = object.py().get_type::<PyInt>().call1((object,))?;
    if number.lt(0)? {
        return Ok(Clamped(0));
    }
    Ok(Clamped(number.extract().unwrap_or(u64::MAX)))
}

/// What `float` makes of an object.
#[derive(Clone, Copy)]
pub(crate) struct Real(pub(crate) f64);

impl<'a, 'py> FromPyObject<'a, 'py> for Real {
    type Error = PyErr;

    #[inline]
    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(float) = object.cast_exact::<PyFloat>() {
            return Ok(Self(float.value()));
        }
        object.py().get_type::<PyFloat>().call1((object,))?.extract().map(Self)
    }
}
