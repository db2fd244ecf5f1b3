//! How often which values were seen.

use std::ffi::CStr;
use std::mem;
use std::sync::atomic::Ordering::{Relaxed, Release};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::convert::{Clamped, exact};
use crate::handle::{Handle, cells};
use crate::latest::Latest;
use crate::memory::{Guarded, Numbers, add};
use crate::quick::{Quick, kept_usual};

/// Words before the buckets: count, sum, max, and the shape.
const HEAD: usize = 4;

/// Counts values, which are whole numbers from 0 to 2^64 - 1.
#[pyclass(frozen, subclass, extends = Handle, module = "mmstats._native")]
pub(crate) struct Histogram {
    shape: Shape,
    /// How many words there are.
    size: usize,
    inside: Guarded<Inside>,
}

/// A bucket is at most 1 / 2^precision of its values wide, and values below 2^range are told apart.
#[derive(Clone, Copy)]
struct Shape {
    precision: u32,
    range: u32,
}

struct Inside {
    words: Numbers,
    /// Where version 1 has the mean, which is of words that no reader sees, and what it is multiplied with.
    shown: Option<(Numbers, f64)>,
    /// A timer's: their mean is what it shows.
    latest: Option<Latest>,
}

impl Shape {
    /// The bucket of a value.
    #[inline(always)]
    fn index(self, value: u64, buckets: usize) -> usize {
        let Self { precision, range } = self;
        let at = if value.checked_shr(range).unwrap_or(0) > 0 {
            u64::MAX
        } else if value < 2 << precision {
            value
        } else {
            let e = value.ilog2();
            (u64::from(e - precision + 1) << precision) + ((value - (1 << e)) >> (e - precision))
        };
        usize::try_from(at).unwrap_or(usize::MAX).min(buckets - 1)
    }
}

impl Inside {
    /// In the order that mmstats(5) promises: the count comes last.
    #[inline(always)]
    fn record(&self, value: u64, shape: Shape) {
        let (head, buckets) = self.words.split_at(HEAD);
        add(&buckets[shape.index(value, buckets.len())], 1);
        add(&head[1], value);
        if value > head[2].load(Relaxed) {
            head[2].store(value, Release);
        }
        add(&head[0], 1);
        self.show();
    }

    #[inline(always)]
    #[allow(clippy::cast_precision_loss, reason = "a mean to the precision of the type")]
    fn show(&self) {
        if let Some((place, scale)) = &self.shown {
            let (sum, count) = self.sum_and_count();
            let mean = match &self.latest {
                Some(latest) => latest.mean(),
                None if count == 0 => 0.0,
                None => sum as f64 / count as f64 * scale,
            };
            place[0].store(mean.to_bits(), Release);
        }
    }

    fn sum_and_count(&self) -> (u64, u64) {
        (self.words[1].load(Relaxed), self.words[0].load(Relaxed))
    }
}

impl Histogram {
    /// Goes on in other memory, with what was counted.
    fn move_to(slf: &Bound<'_, Self>, words: Numbers, shown: Option<(Numbers, f64)>) {
        let before = slf.get().inside.with(slf, |inside| {
            for (at, (to, from)) in words.iter().zip(inside.words.iter()).enumerate() {
                if at != HEAD - 1 {
                    to.store(from.load(Relaxed), Release);
                }
            }
            let before = (mem::replace(&mut inside.words, words), mem::replace(&mut inside.shown, shown));
            inside.show();
            before
        });
        drop(before);
    }

    pub(crate) fn make(
        instance: &Bound<'_, PyAny>,
        field: &Bound<'_, PyAny>,
        label: &Bound<'_, PyAny>,
        latest: Option<Latest>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let shape = Shape {
            precision: field.getattr("precision")?.extract()?,
            range: field.getattr("range")?.extract()?,
        };
        if shape.precision > 16 || shape.range > 64 || shape.range <= shape.precision {
            return Err(PyValueError::new_err("no histogram has this precision and range"));
        }
        let size = HEAD + ((shape.range as usize - shape.precision as usize + 1) << shape.precision);
        let inside = Guarded::new(Inside { words: Numbers::private(size), shown: None, latest });
        let handle = PyClassInitializer::from(Handle::new(instance, field, label)?);
        Ok(handle.add_subclass(Self { shape, size, inside }))
    }

    /// Whether a time is a number of nanoseconds.
    #[inline(always)]
    pub(crate) fn has_room_for(seconds: f64) -> bool {
        (seconds * 1e9).is_finite()
    }

    /// Counts a time of a timer, in seconds that there is room for.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the nearest that there is")]
    pub(crate) fn record_time(slf: &Bound<'_, Self>, seconds: f64) {
        let this = slf.get();
        this.inside.with(slf, |inside| {
            if let Some(latest) = &mut inside.latest {
                latest.push(seconds);
            }
            inside.record((seconds * 1e9).round_ties_even() as u64, this.shape);
        });
    }

    pub(crate) fn mean_of_latest(slf: &Bound<'_, Self>) -> f64 {
        slf.get().inside.with(slf, |inside| inside.latest.as_ref().map_or(0.0, Latest::mean))
    }

    /// What values are multiplied with so that they are in the unit.
    fn scale<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let scale = slf.as_super().get().declared(slf.py(), "scale")?;
        Ok(if scale.is_truthy()? { Some(scale) } else { None })
    }
}

/// The usual call of `record`.
pub(crate) struct Record;

impl Quick for Record {
    type Class = Histogram;

    const NAME: &'static CStr = c"record";

    #[inline(always)]
    fn quick(histogram: &Bound<'_, Histogram>, argument: Option<&Bound<'_, PyAny>>) -> bool {
        let Some(value) = argument.and_then(exact) else { return false };
        let home = histogram.as_super().get().is_home();
        if home {
            let this = histogram.get();
            this.inside.with(histogram, |inside| inside.record(value, this.shape));
        }
        home
    }

    kept_usual!();
}

#[pymethods]
impl Histogram {
    #[new]
    fn new(
        instance: &Bound<'_, PyAny>,
        field: &Bound<'_, PyAny>,
        label: &Bound<'_, PyAny>,
    ) -> PyResult<PyClassInitializer<Self>> {
        Self::make(instance, field, label, None)
    }

    /// What a forked child begins with.
    fn begin_again(slf: &Bound<'_, Self>) {
        let zeros = Numbers::private(slf.get().size);
        let before = slf.get().inside.with(slf, |inside| {
            if let Some(latest) = &mut inside.latest {
                latest.clear();
            }
            (mem::replace(&mut inside.words, zeros), inside.shown.take())
        });
        drop(before);
    }

    /// From now on, the value is in this place.
    fn bind(
        slf: &Bound<'_, Self>,
        segment: &Bound<'_, PyAny>,
        at: &Bound<'_, PyAny>,
        version: u8,
    ) -> PyResult<()> {
        let size = slf.get().size;
        if version == 2 {
            Self::move_to(slf, Numbers::of(&cells(slf, segment, "Q", at, size)?, size)?, None);
        } else {
            let place = Numbers::of(&cells(slf, segment, "Q", at, 1)?, 1)?;
            let scale = Self::scale(slf)?.map_or(Ok(1.0), |scale| scale.extract())?;
            Self::move_to(slf, Numbers::private(size), Some((place, scale)));
        }
        Ok(())
    }

    /// Leaves the memory that it has.
    fn release(slf: &Bound<'_, Self>) {
        Self::move_to(slf, Numbers::private(slf.get().size), None);
    }

    /// Counts a value. One below 0 counts as 0, one that is too large as the largest.
    #[pyo3(signature = (value))]
    fn record(slf: &Bound<'_, Self>, value: Clamped) -> PyResult<()> {
        slf.as_super().get().go_home(slf.py())?;
        let shape = slf.get().shape;
        slf.get().inside.with(slf, |inside| inside.record(value.0, shape));
        Ok(())
    }

    /// How many values there were.
    #[getter]
    fn count(slf: &Bound<'_, Self>) -> PyResult<u64> {
        slf.as_super().get().go_home(slf.py())?;
        Ok(slf.get().inside.with(slf, |inside| inside.sum_and_count()).1)
    }

    /// The mean of all values, in the unit.
    #[getter]
    fn value<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        slf.as_super().get().go_home(py)?;
        let (sum, count) = slf.get().inside.with(slf, |inside| inside.sum_and_count());
        if count == 0 {
            return Ok(0.0_f64.into_pyobject(py)?.into_any());
        }
        // Python divides integers of 64 bits exactly.
        let mean = sum.into_pyobject(py)?.div(count)?;
        match Self::scale(slf)? {
            Some(scale) => mean.mul(scale),
            None => Ok(mean),
        }
    }
}
