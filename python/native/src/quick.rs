//! Calls of the usual kind, without the parsing of arguments, which would take longer than the update itself.
//!
//! The other file with `unsafe`: Python calls a function of C here. Whatever is not as usual goes to the method that
//! PyO3 makes, which has the rules and the errors.

use std::ffi::{CStr, CString, c_int};
use std::{iter, ptr, slice};

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi::{self, Py_ssize_t, PyObject};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};
use pyo3::{PyTypeInfo, intern};

/// A method that is called without an argument or with one, by position, and gives None.
pub(crate) trait Quick: 'static {
    /// The class that has it.
    type Class: PyTypeInfo;

    /// The method that this comes before.
    const NAME: &'static CStr;

    /// Does it if it is a usual call: an argument of the exact type, in the process that the file is of. Otherwise does
    /// nothing and gives false. It neither panics nor calls anything that could raise an error.
    fn quick(object: &Bound<'_, Self::Class>, argument: Option<&Bound<'_, PyAny>>) -> bool;

    /// Where PyO3's method is kept.
    fn usual() -> &'static PyOnceLock<Py<PyAny>>;
}

/// The place of each class that is `Quick`.
macro_rules! kept_usual {
    () => {
        fn usual() -> &'static pyo3::sync::PyOnceLock<Py<PyAny>> {
            static USUAL: pyo3::sync::PyOnceLock<Py<PyAny>> = pyo3::sync::PyOnceLock::new();
            &USUAL
        }
    };
}
pub(crate) use kept_usual;

/// Puts the quick method in the usual one's place.
pub(crate) fn install<Q: Quick>(py: Python<'_>) -> PyResult<()> {
    let class: Bound<'_, PyType> = py.get_type::<Q::Class>();
    let name = Q::NAME.to_string_lossy();
    let usual = class.getattr(&*name)?;
    let signature: String = usual.getattr(intern!(py, "__text_signature__"))?.extract()?;
    let about: String = usual.getattr(intern!(py, "__doc__"))?.extract()?;
    let doc = CString::new(format!("{name}{signature}\n--\n\n{about}"))?;
    let _ = Q::usual().set(py, usual.unbind());
    // Both live as long as the class, which is as long as the process does.
    let definition = Box::leak(Box::new(ffi::PyMethodDef {
        ml_name: Q::NAME.as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: entry::<Q> },
        ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS as c_int,
        ml_doc: doc.into_raw(),
    }));
    // SAFETY: the class is that of `Q`, and the definition and its texts live for ever.
    let made = unsafe { ffi::PyDescr_NewMethod(class.as_type_ptr(), definition) };
    // SAFETY: it is a new reference, or null with an error set.
    let made = unsafe { Bound::from_owned_ptr_or_err(py, made) }?;
    class.setattr(&*name, made)
}

/// What Python calls.
///
/// # Safety
/// As for all methods of the kind METH_FASTCALL | METH_KEYWORDS: the thread is attached, `object` is of the class,
/// since the method's descriptor looks at that, and `arguments` are `count` objects and those that `names` tells the names of.
unsafe extern "C" fn entry<Q: Quick>(
    object: *mut PyObject,
    arguments: *const *mut PyObject,
    count: Py_ssize_t,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: Python has attached the thread. What is done with this needs no count of PyO3's: it drops no object.
    let py = unsafe { Python::assume_attached() };
    if names.is_null() && count <= 1 {
        // SAFETY: the object lives as long as the call.
        let this = unsafe { Borrowed::from_ptr(py, object) };
        // SAFETY: it is of the class.
        let this = unsafe { this.cast_unchecked::<Q::Class>() };
        let argument = if count == 1 {
            // SAFETY: there is one.
            let first = unsafe { *arguments };
            // SAFETY: it lives as long as the call.
            Some(unsafe { Borrowed::from_ptr(py, first) })
        } else {
            None
        };
        if Q::quick(&this, argument.as_deref()) {
            // SAFETY: None is always there.
            let none = unsafe { ffi::Py_None() };
            // SAFETY: the thread is attached.
            unsafe { ffi::Py_INCREF(none) };
            return none;
        }
    }
    // SAFETY: the caller's promise goes on.
    unsafe { usual::<Q>(object, arguments, count, names) }
}

/// Calls PyO3's method.
///
/// # Safety
/// As for `entry`.
#[cold]
#[inline(never)]
unsafe fn usual<Q: Quick>(
    object: *mut PyObject,
    arguments: *const *mut PyObject,
    count: Py_ssize_t,
    names: *mut PyObject,
) -> *mut PyObject {
    Python::attach(|py| {
        // SAFETY: all objects live as long as the call.
        let borrowed = |object| unsafe { Borrowed::from_ptr(py, object) };
        let call = || {
            let mut keys = Vec::new();
            if !names.is_null() {
                keys.extend(borrowed(names).cast::<PyTuple>()?.iter());
            }
            let count = usize::try_from(count).unwrap_or(0);
            let arguments = if arguments.is_null() {
                &[]
            } else {
                // SAFETY: there are as many, and they stay as they are.
                unsafe { slice::from_raw_parts(arguments, count + keys.len()) }
            };
            let (unnamed, named) = arguments.split_at(count);
            let unnamed = iter::once(&object).chain(unnamed).map(|&argument| borrowed(argument).to_owned());
            let dict = PyDict::new(py);
            for (key, &value) in keys.iter().zip(named) {
                dict.set_item(key, borrowed(value))?;
            }
            let method = Q::usual().get(py).ok_or_else(|| PyRuntimeError::new_err("not installed"))?;
            method.call(py, PyTuple::new(py, unnamed.collect::<Vec<_>>())?, Some(&dict))
        };
        match call() {
            Ok(given) => given.into_ptr(),
            Err(error) => {
                error.restore(py);
                ptr::null_mut()
            }
        }
    })
}

/// Whether this is the interpreter that the process began with.
pub(crate) fn is_main_interpreter(_py: Python<'_>) -> bool {
    // SAFETY: the thread is attached, as the token proves, so it has an interpreter.
    let interpreter = unsafe { ffi::PyInterpreterState_Get() };
    // SAFETY: it lives as long as a thread is attached to it.
    unsafe { ffi::PyInterpreterState_GetID(interpreter) == 0 }
}
