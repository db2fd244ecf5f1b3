//! The native part of the Python package: classes that are used in place of those of `mmstats.handles`,
//! `mmstats.histogram` and `mmstats.means` that have the same names, methods and results. An update is a store into
//! the mapped file. `python/mmstats/native.py` says when it is used.

mod convert;
mod counter;
mod gauge;
mod handle;
mod histogram;
mod latest;
mod mean;
mod memory;
mod number;
mod quick;
mod timer;
mod total;

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;

/// What the package of Python knows a native part of the same interface by.
const INTERFACE: u32 = 1;

/// What updates are made by.
///
/// `ImportError`: this is a sub-interpreter. The classes are made once in a process, and belong to the interpreter that
/// made them.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    if !quick::is_main_interpreter(py) {
        return Err(PyImportError::new_err("there is no native part in a sub-interpreter"));
    }
    module.add("INTERFACE", INTERFACE)?;
    module.add_class::<counter::Counter>()?;
    module.add_class::<gauge::Gauge>()?;
    module.add_class::<histogram::Histogram>()?;
    module.add_class::<mean::Mean>()?;
    module.add_class::<number::Number>()?;
    module.add_class::<timer::Timer>()?;
    module.add_class::<timer::TimerContext>()?;
    module.add_class::<total::Total>()?;
    quick::install::<counter::Incr>(py)?;
    quick::install::<gauge::Incr>(py)?;
    quick::install::<gauge::Set>(py)?;
    quick::install::<histogram::Record>(py)?;
    quick::install::<mean::Add>(py)?;
    quick::install::<number::Set>(py)?;
    quick::install::<timer::Add>(py)?;
    quick::install::<total::Incr>(py)
}
