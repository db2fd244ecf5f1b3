//! What comes from C as plain memory: text, arrays, room for answers. And what a function that C calls looks like.
//!
//! The only `unsafe` of this crate. `include/mmstats.h` is the other side of it: each pointer is null, or what the header
//! says of it.

#![allow(unsafe_code)]

use std::ffi::{CStr, c_char};
use std::marker::PhantomData;
use std::ptr::NonNull;

/// Text with a NUL at its end, or null. Only C makes one, so it is valid as long as the call takes.
#[repr(transparent)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chars<'a> {
    start: Option<NonNull<c_char>>,
    call: PhantomData<&'a c_char>,
}

impl<'a> Chars<'a> {
    /// The bytes before the NUL.
    pub(crate) fn bytes(self) -> Option<&'a [u8]> {
        let start = self.start?;
        // SAFETY: the caller of the exported function gave text that ends with a NUL, which nobody changes before
        // that function returns.
        Some(unsafe { CStr::from_ptr(start.as_ptr()) }.to_bytes())
    }
}

/// The first of several things to read, or null. Only C makes one, so it is valid as long as the call takes.
#[repr(transparent)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Array<'a, T> {
    start: Option<NonNull<T>>,
    call: PhantomData<&'a T>,
}

impl<'a, T: Copy> Array<'a, T> {
    /// All of them, where `len` is the number that C gave with it. None of null.
    pub(crate) fn with_len(self, len: usize) -> &'a [T] {
        match self.start {
            // SAFETY: the caller of the exported function gave so many in a row, which nobody changes before that
            // function returns.
            Some(start) if len > 0 => unsafe { std::slice::from_raw_parts(start.as_ptr(), len) },
            _ => &[],
        }
    }
}

/// Room for several things to be written, or null. Only C makes one, so it is valid as long as the call takes.
#[repr(transparent)]
#[derive(Debug)]
pub(crate) struct Room<'a, T> {
    start: Option<NonNull<T>>,
    call: PhantomData<&'a mut T>,
}

impl<T: Copy> Room<'_, T> {
    /// Writes as many of `things` as there is room for, where `len` is the number that C gave with it.
    pub(crate) fn fill(self, len: usize, things: &[T]) {
        let Some(start) = self.start else { return };
        let things = &things[..things.len().min(len)];
        // SAFETY: the caller of the exported function has room for `len`, of which there are at most as many; it is
        // the caller's own memory, so what is copied lies elsewhere.
        unsafe { start.copy_from_nonoverlapping(NonNull::from(things).cast(), things.len()) };
    }
}

/// Functions under their own names, which C calls. One that has `else` after its type may fail: then it says why, and
/// gives what is after the `else`.
macro_rules! export {
    () => {};
    ($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),* $(,)?) -> $gives:ty, else $otherwise:expr; $body:block
     $($rest:tt)*) => {
        $(#[$doc])*
        #[allow(unsafe_code)]
        // SAFETY: no other library has names that begin so.
        #[unsafe(no_mangle)]
        pub(crate) extern "C" fn $name($($arg: $type),*) -> $gives {
            $crate::error::guard($otherwise, move || $body)
        }
        export! { $($rest)* }
    };
    ($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $gives:ty)? $body:block $($rest:tt)*) => {
        $(#[$doc])*
        #[allow(unsafe_code)]
        // SAFETY: no other library has names that begin so.
        #[unsafe(no_mangle)]
        pub(crate) extern "C" fn $name($($arg: $type),*) $(-> $gives)? $body
        export! { $($rest)* }
    };
}
