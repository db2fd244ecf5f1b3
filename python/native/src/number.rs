//! Numbers that are set, of all the sizes that a file has.

use std::ffi::CStr;
use std::mem;
use std::sync::atomic::Ordering::Release;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64};

use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt};

use crate::convert;
use crate::handle::{Handle, cells};
use crate::memory::{Guarded, Numbers};
use crate::quick::{Quick, kept_usual};

/// A number that is set.
#[pyclass(frozen, subclass, extends = Handle, module = "mmstats._native")]
pub(crate) struct Number {
    letter: u8,
    inside: Guarded<Inside>,
}

struct Inside {
    /// The value, as wide as it may be: a forked child goes on with what its parent had then, not with what it has now.
    bits: u64,
    place: Place,
}

/// Where readers look.
enum Place {
    One(Numbers<AtomicU8>),
    Two(Numbers<AtomicU16>),
    Four(Numbers<AtomicU32>),
    Eight(Numbers<AtomicU64>),
}

impl Place {
    fn private() -> Self {
        Self::Eight(Numbers::private(1))
    }

    /// Stores the lower bits, after all stores before it.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, reason = "what is too large wraps")]
    fn store(&self, bits: u64) {
        match self {
            Self::One(number) => number[0].store(bits as u8, Release),
            Self::Two(number) => number[0].store(bits as u16, Release),
            Self::Four(number) => number[0].store(bits as u32, Release),
            Self::Eight(number) => number[0].store(bits, Release),
        }
    }
}

impl Number {
    /// The bits of an object of the type that the field has, or None if Python has to convert it.
    #[inline(always)]
    fn exact(&self, object: &Bound<'_, PyAny>) -> Option<u64> {
        match self.letter {
            b'd' => Some(object.cast_exact::<PyFloat>().ok()?.value().to_bits()),
            #[allow(clippy::cast_possible_truncation, reason = "what is too large is infinite")]
            b'f' => Some((object.cast_exact::<PyFloat>().ok()?.value() as f32).to_bits().into()),
            b'?' => Some(object.cast_exact::<PyBool>().ok()?.is_true().into()),
            _ if !object.is_exact_instance_of::<PyInt>() => None,
            _ => convert::bits(object),
        }
    }

    fn convert(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<u64> {
        if let Some(bits) = slf.get().exact(value) {
            return Ok(bits);
        }
        let value = slf.as_super().get().declared(slf.py(), "convert")?.call1((value,))?;
        slf.get().exact(&value).ok_or_else(|| PyValueError::new_err("not what the field has"))
    }

    #[inline(always)]
    fn store(slf: &Bound<'_, Self>, bits: u64) {
        slf.get().inside.with(slf, |inside| {
            inside.bits = bits;
            inside.place.store(bits);
        });
    }

    fn load(slf: &Bound<'_, Self>) -> u64 {
        slf.get().inside.with(slf, |inside| inside.bits)
    }

    fn move_to(slf: &Bound<'_, Self>, place: Place) {
        let before = slf.get().inside.with(slf, |inside| {
            place.store(inside.bits);
            mem::replace(&mut inside.place, place)
        });
        drop(before);
    }

    /// Adds to a number of type `d`.
    pub(crate) fn add(slf: &Bound<'_, Self>, amount: f64) {
        slf.get().inside.with(slf, |inside| {
            inside.bits = (f64::from_bits(inside.bits) + amount).to_bits();
            inside.place.store(inside.bits);
        });
    }

    /// Adds to an integer, which wraps.
    pub(crate) fn add_whole(slf: &Bound<'_, Self>, amount: u64) {
        slf.get().inside.with(slf, |inside| {
            inside.bits = inside.bits.wrapping_add(amount);
            inside.place.store(inside.bits);
        });
    }

    /// Whether it is of type `d`. Else it is an integer, or must not be added to.
    #[inline(always)]
    pub(crate) fn is_real(&self) -> bool {
        self.letter == b'd'
    }

    pub(crate) fn make(
        instance: &Bound<'_, PyAny>,
        field: &Bound<'_, PyAny>,
        label: &Bound<'_, PyAny>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let py = field.py();
        let letter: char = field.getattr(intern!(py, "letter"))?.extract()?;
        let letter = u8::try_from(letter).map_err(|_| PyValueError::new_err("no letter of a type"))?;
        let inside = Guarded::new(Inside { bits: 0, place: Place::private() });
        let number = Self { letter, inside };
        let initial = field.getattr(intern!(py, "initial"))?;
        let initial = field.call_method1(intern!(py, "convert"), (initial,))?;
        let bits = number.exact(&initial).unwrap_or(0);
        let number = Self { inside: Guarded::new(Inside { bits, place: Place::private() }), ..number };
        Ok(PyClassInitializer::from(Handle::new(instance, field, label)?).add_subclass(number))
    }
}

/// The usual call of `set`.
pub(crate) struct Set;

impl Quick for Set {
    type Class = Number;

    const NAME: &'static CStr = c"set";

    #[inline(always)]
    fn quick(number: &Bound<'_, Number>, argument: Option<&Bound<'_, PyAny>>) -> bool {
        let Some(bits) = argument.and_then(|value| number.get().exact(value)) else { return false };
        let home = number.as_super().get().is_home();
        if home {
            Number::store(number, bits);
        }
        home
    }

    kept_usual!();
}

#[pymethods]
impl Number {
    #[new]
    fn new(
        instance: &Bound<'_, PyAny>,
        field: &Bound<'_, PyAny>,
        label: &Bound<'_, PyAny>,
    ) -> PyResult<PyClassInitializer<Self>> {
        Self::make(instance, field, label)
    }

    /// From now on, the value is in this place.
    fn bind(
        slf: &Bound<'_, Self>,
        segment: &Bound<'_, PyAny>,
        at: &Bound<'_, PyAny>,
        version: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let _ = version;
        let letter = slf.get().letter;
        let view = cells(slf, segment, &char::from(letter).to_string(), at, 1)?;
        let place = match letter {
            b'b' | b'B' | b'?' => Place::One(Numbers::of(&view, 1)?),
            b'h' | b'H' => Place::Two(Numbers::of(&view, 1)?),
            b'i' | b'I' | b'f' => Place::Four(Numbers::of(&view, 1)?),
            _ => Place::Eight(Numbers::of(&view, 1)?),
        };
        Self::move_to(slf, place);
        Ok(())
    }

    /// Leaves the memory that it has.
    fn release(slf: &Bound<'_, Self>) {
        Self::move_to(slf, Place::private());
    }

    /// Sets the number.
    #[pyo3(signature = (value))]
    fn set(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let bits = Self::convert(slf, value)?;
        slf.as_super().get().go_home(slf.py())?;
        Self::store(slf, bits);
        Ok(())
    }

    /// The number.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "the bits are those of the type"
    )]
    pub(crate) fn get(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        let (py, bits) = (slf.py(), Self::load(slf));
        match slf.get().letter {
            b'd' => f64::from_bits(bits).into_py_any(py),
            b'f' => f64::from(f32::from_bits(bits as u32)).into_py_any(py),
            b'?' => (bits != 0).into_py_any(py),
            b'B' => (bits as u8).into_py_any(py),
            b'H' => (bits as u16).into_py_any(py),
            b'I' => (bits as u32).into_py_any(py),
            b'b' => (bits as i8).into_py_any(py),
            b'h' => (bits as i16).into_py_any(py),
            b'i' => (bits as i32).into_py_any(py),
            b'q' => (bits as i64).into_py_any(py),
            _ => bits.into_py_any(py),
        }
    }

    #[getter]
    fn _value(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        Self::get(slf)
    }

    #[setter(_value)]
    fn set_before(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let bits = Self::convert(slf, value)?;
        Self::store(slf, bits);
        Ok(())
    }
}
