//! How long things take.

use std::ffi::CStr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyTuple};
use pyo3::{PyTraverseError, PyVisit, intern};

use crate::convert::{Clamped, Real};
use crate::histogram::Histogram;
use crate::latest::Latest;
use crate::quick::{Quick, kept_usual};

/// One time that is taken.
#[pyclass(frozen, module = "mmstats._native")]
pub(crate) struct TimerContext {
    timer: Py<PyAny>,
    /// When it began.
    #[pyo3(get)]
    start: Py<PyAny>,
    end: Mutex<Option<Py<PyAny>>>,
}

/// What is behind a lock is a pointer, which is whole whatever happens. Nothing of Python's runs with the lock held.
fn open<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

#[pymethods]
impl TimerContext {
    #[new]
    fn new(py: Python<'_>, timer: Py<PyAny>) -> PyResult<Self> {
        let start = timer.call0(py)?;
        Ok(Self { timer, start, end: Mutex::new(None) })
    }

    /// What the clock says.
    fn get_time(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.timer.call0(py)
    }

    /// When it was stopped, or None.
    #[getter]
    fn end(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        open(&self.end).as_ref().map(|end| end.clone_ref(py))
    }

    /// Whether the time was stopped.
    #[getter]
    fn done(&self) -> bool {
        open(&self.end).is_some()
    }

    /// Seconds since the start, up to the end if it was stopped.
    #[getter]
    fn elapsed<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let end = match self.end(py) {
            Some(end) => end,
            None => self.get_time(py)?,
        };
        end.bind(py).sub(&self.start)
    }

    fn stop(&self, py: Python<'_>) -> PyResult<()> {
        let end = self.get_time(py)?;
        let before = open(&self.end).replace(end);
        drop(before);
        Ok(())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.timer)?;
        visit.call(&self.start)?;
        match self.end.try_lock() {
            Ok(end) => end.iter().try_for_each(|end| visit.call(end)),
            Err(_) => Ok(()),
        }
    }
}

/// A histogram of times. ``value`` is the mean of the last ones, in seconds.
///
/// Threads and coroutines may take times with one timer: each has its own running ones.
#[pyclass(frozen, extends = Histogram, module = "mmstats._native")]
pub(crate) struct Timer {
    /// The clock, which gives seconds.
    #[pyo3(get)]
    timer: Py<PyAny>,
    /// A context variable: the time that was started last and those before it, as pairs.
    running: Py<PyAny>,
    last: Mutex<Option<Py<TimerContext>>>,
}

impl Timer {
    fn push(slf: &Bound<'_, Self>, seconds: f64) -> PyResult<()> {
        let histogram = slf.as_super();
        histogram.as_super().get().go_home(slf.py())?;
        if !Histogram::has_room_for(seconds) {
            let py = slf.py();
            let instance = histogram.as_super().get().instance(py);
            let is_strict = match instance.getattr_opt(intern!(py, "_strict"))? {
                Some(strict) => strict.is_truthy()?,
                None => false,
            };
            if !is_strict {
                return Ok(());
            }
            let said = PyFloat::new(py, seconds).repr()?;
            return Err(PyValueError::new_err(format!("not a time in seconds: {}", said.to_str()?)));
        }
        Histogram::record_time(histogram, seconds);
        Ok(())
    }

    fn running<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        Ok(self.running.bind(py).call_method0(intern!(py, "get"))?.cast_into()?)
    }

    fn set_running(&self, py: Python<'_>, running: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.running.bind(py).call_method1(intern!(py, "set"), (running,)).map(drop)
    }
}

/// The usual call of `add`.
pub(crate) struct Add;

impl Quick for Add {
    type Class = Timer;

    const NAME: &'static CStr = c"add";

    #[inline(always)]
    fn quick(timer: &Bound<'_, Timer>, argument: Option<&Bound<'_, PyAny>>) -> bool {
        let Some(Ok(seconds)) = argument.map(|seconds| seconds.cast_exact::<PyFloat>()) else { return false };
        let (histogram, seconds) = (timer.as_super(), seconds.value());
        let can = histogram.as_super().get().is_home() && Histogram::has_room_for(seconds);
        if can {
            Histogram::record_time(histogram, seconds);
        }
        can
    }

    kept_usual!();
}

#[pymethods]
impl Timer {
    #[new]
    fn new(
        instance: &Bound<'_, PyAny>,
        field: &Bound<'_, PyAny>,
        label: &Bound<'_, PyAny>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let py = field.py();
        let size: i64 = field.getattr("size")?.extract()?;
        let latest = Latest::new(usize::try_from(size).unwrap_or(1));
        let options = PyDict::new(py);
        options.set_item("default", PyTuple::empty(py))?;
        let name = format!("mmstats timer {}", label.str()?);
        let running =
            py.import("contextvars")?.getattr("ContextVar")?.call((name,), Some(&options))?.unbind();
        let timer = field.getattr("timer")?.unbind();
        let histogram = Histogram::make(instance, field, label, Some(latest))?;
        Ok(histogram.add_subclass(Self { timer, running, last: Mutex::new(None) }))
    }

    /// Starts a time. One that is started before another has stopped is stopped after that.
    fn start<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, TimerContext>> {
        let (py, this) = (slf.py(), slf.get());
        let context = Bound::new(py, TimerContext::new(py, this.timer.clone_ref(py))?)?;
        this.set_running(py, &(&context, this.running(py)?).into_pyobject(py)?)?;
        Ok(context)
    }

    /// Stops the time that was started last, and adds it.
    fn stop(slf: &Bound<'_, Self>) -> PyResult<()> {
        let (py, this) = (slf.py(), slf.get());
        let running = this.running(py)?;
        if running.is_empty() {
            return Err(PyValueError::new_err("no time was started"));
        }
        let context: Bound<'_, TimerContext> = running.get_item(0)?.cast_into()?;
        this.set_running(py, &running.get_item(1)?.cast_into()?)?;
        context.get().stop(py)?;
        let elapsed = context.get().elapsed(py)?;
        let before = open(&this.last).replace(context.unbind());
        drop(before);
        Self::push(slf, elapsed.extract::<Real>()?.0)
    }

    fn __enter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, TimerContext>> {
        Self::start(slf)
    }

    fn __exit__(
        slf: &Bound<'_, Self>,
        exc_type: &Bound<'_, PyAny>,
        exc_value: &Bound<'_, PyAny>,
        exc_tb: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let _ = (exc_type, exc_value, exc_tb);
        Self::stop(slf)
    }

    /// Adds a time, in seconds.
    #[pyo3(signature = (seconds))]
    fn add(slf: &Bound<'_, Self>, seconds: Real) -> PyResult<()> {
        Self::push(slf, seconds.0)
    }

    /// Adds a time of whole seconds.
    #[pyo3(signature = (value))]
    #[allow(clippy::cast_precision_loss, reason = "as Python's float does, to the nearest")]
    fn record(slf: &Bound<'_, Self>, value: Clamped) -> PyResult<()> {
        Self::push(slf, value.0 as f64)
    }

    /// The mean of the last times, in seconds.
    #[getter]
    fn value(slf: &Bound<'_, Self>) -> PyResult<f64> {
        let histogram = slf.as_super();
        histogram.as_super().get().go_home(slf.py())?;
        Ok(Histogram::mean_of_latest(histogram))
    }

    /// The time that runs, else the last one, in seconds; 0 before the first.
    #[getter]
    fn last<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let (py, this) = (slf.py(), slf.get());
        let running = this.running(py)?;
        let context = if running.is_empty() {
            open(&this.last).as_ref().map(|last| last.clone_ref(py).into_bound(py))
        } else {
            Some(running.get_item(0)?.cast_into()?)
        };
        match context {
            Some(context) => context.get().elapsed(py),
            None => Ok(PyFloat::new(py, 0.0).into_any()),
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.timer)?;
        visit.call(&self.running)?;
        match self.last.try_lock() {
            Ok(last) => last.iter().try_for_each(|last| visit.call(last)),
            Err(_) => Ok(()),
        }
    }
}
