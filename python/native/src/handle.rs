//! What all handles have: whose they are, and whether this is still the process that made them.

use std::sync::atomic::Ordering::Relaxed;

use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit, intern};

use crate::memory::Numbers;

/// A field of one instance.
#[pyclass(frozen, subclass, module = "mmstats._native")]
pub(crate) struct Handle {
    instance: Py<PyAny>,
    /// What the model declares.
    #[pyo3(get)]
    field: Py<PyAny>,
    /// The label in the file.
    #[pyo3(get)]
    label: Py<PyAny>,
    mark: Mark,
}

/// True in the process that the file is of. The kernel makes it false in a forked child.
enum Mark {
    Word(Numbers),
    /// An object whose item 0 it is, where there is no such help.
    Object(Py<PyAny>),
}

impl Handle {
    pub(crate) fn new(
        instance: &Bound<'_, PyAny>,
        field: &Bound<'_, PyAny>,
        label: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let mark = instance.getattr(intern!(instance.py(), "_mark"))?;
        let mark = match Numbers::of(&mark, 1) {
            Ok(word) => Mark::Word(word),
            Err(_) => Mark::Object(mark.unbind()),
        };
        let [instance, field, label] = [instance, field, label].map(|object| object.clone().unbind());
        Ok(Self { instance, field, label, mark })
    }

    /// Whether the file is one of this process. False also where only Python knows.
    #[inline(always)]
    pub(crate) fn is_home(&self) -> bool {
        matches!(&self.mark, Mark::Word(word) if word[0].load(Relaxed) != 0)
    }

    /// Makes sure that the file is one of this process.
    #[inline(always)]
    pub(crate) fn go_home(&self, py: Python<'_>) -> PyResult<()> {
        if self.is_home() { Ok(()) } else { self.look_closer(py) }
    }

    #[cold]
    #[inline(never)]
    fn look_closer(&self, py: Python<'_>) -> PyResult<()> {
        if let Mark::Object(mark) = &self.mark {
            if mark.bind(py).get_item(0)?.is_truthy()? {
                return Ok(());
            }
        }
        self.instance.bind(py).call_method0(intern!(py, "_at_home"))?;
        Ok(())
    }

    /// The instance that it is of.
    pub(crate) fn instance<'py>(&self, py: Python<'py>) -> &Bound<'py, PyAny> {
        self.instance.bind(py)
    }

    /// What the field is declared with.
    pub(crate) fn declared<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        self.field.bind(py).getattr(name)
    }
}

#[pymethods]
impl Handle {
    /// What a forked child begins with.
    #[allow(clippy::unused_self, reason = "for the handles that have something to do")]
    fn begin_again(&self) {}

    /// Makes sure that the file is one of this process.
    fn at_home(&self, py: Python<'_>) -> PyResult<()> {
        self.go_home(py)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.instance)?;
        visit.call(&self.field)?;
        if let Mark::Object(mark) = &self.mark {
            visit.call(mark)?;
        }
        visit.call(&self.label)
    }
}

/// A view of `count` numbers of a segment, which asks `handle` to let go of it before the memory goes.
pub(crate) fn cells<'py>(
    handle: &Bound<'py, PyAny>,
    segment: &Bound<'py, PyAny>,
    letter: &str,
    at: &Bound<'py, PyAny>,
    count: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let py = segment.py();
    let view = segment.call_method1(intern!(py, "cells"), (letter, at, count))?;
    segment.call_method1(intern!(py, "hold"), (handle,))?;
    Ok(view)
}
