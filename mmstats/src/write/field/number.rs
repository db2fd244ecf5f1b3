//! Numbers that go up and down, and numbers that are given once.

use std::cell::Cell;

use super::{Field, Spec};
use crate::error::Error;
use crate::write::memory::slot::{Word, WordSlot};
use crate::write::model::{Builder, labelled};
use crate::write::store::Encoding;

/// A number that a field can hold.
#[allow(private_bounds)]
pub trait Number: Word + Default + std::fmt::Debug + 'static {
    #[doc(hidden)]
    const CODE: &'static str;
    /// Whether the format gives it two buffers. Readers of the original expect them.
    #[doc(hidden)]
    const BUFFERED: bool;
    #[doc(hidden)]
    fn bytes(self) -> [u8; 8];
    #[doc(hidden)]
    fn plus(self, other: Self) -> Self;
    #[doc(hidden)]
    fn minus(self, other: Self) -> Self;
}

fn padded<const N: usize>(bytes: [u8; N]) -> [u8; 8] {
    let mut padded = [0; 8];
    padded[..N].copy_from_slice(&bytes);
    padded
}

macro_rules! numbers {
    ($($type:ty: $code:literal, $buffered:literal, $plus:expr, $minus:expr;)*) => {$(
        impl Number for $type {
            const CODE: &'static str = $code;
            const BUFFERED: bool = $buffered;

            fn bytes(self) -> [u8; 8] {
                padded(self.to_ne_bytes())
            }

            #[inline]
            fn plus(self, other: Self) -> Self {
                ($plus)(self, other)
            }

            #[inline]
            fn minus(self, other: Self) -> Self {
                ($minus)(self, other)
            }
        }
    )*};
}

numbers! {
    u64: "Q", true, u64::wrapping_add, u64::wrapping_sub;
    u32: "I", true, u32::wrapping_add, u32::wrapping_sub;
    u16: "H", true, u16::wrapping_add, u16::wrapping_sub;
    i64: "q", true, i64::wrapping_add, i64::wrapping_sub;
    i32: "i", true, i32::wrapping_add, i32::wrapping_sub;
    i16: "h", true, i16::wrapping_add, i16::wrapping_sub;
    i8: "b", false, i8::wrapping_add, i8::wrapping_sub;
    f32: "f", true, |a: f32, b: f32| a + b, |a: f32, b: f32| a - b;
    f64: "d", true, |a: f64, b: f64| a + b, |a: f64, b: f64| a - b;
}

/// The bytes of one value, and how they are kept.
fn encoding<T: Number>(buffered: bool) -> Encoding<'static> {
    let size = size_of::<T>();
    Encoding { code: T::CODE, size, align: size, buffered }
}

/// A number that goes up and down: `u64 u32 u16 i64 i32 i16 i8 f64 f32`. On disk
/// `Q I H q i h b d f`, two buffers (`b`: one).
///
/// It says how something of its own thread is now, and ends with the thread. What one thread adds and
/// another takes away is an [`crate::UpDown`]; what is only added, a [`crate::Counter`].
pub struct Gauge<T: Number> {
    slot: WordSlot<T>,
    value: Cell<T>,
}

/// What can be chosen for a [`Gauge`].
#[derive(Clone, Copy, Debug, Default)]
pub struct GaugeSpec<T> {
    initial: T,
}

impl<T> GaugeSpec<T> {
    /// The first value. Default: 0.
    #[must_use]
    pub fn initial(mut self, initial: T) -> Self {
        self.initial = initial;
        self
    }
}

impl<T: Number> Spec for GaugeSpec<T> {
    type Field = Gauge<T>;

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<Gauge<T>, Error> {
        let bytes = &self.initial.bytes()[..size_of::<T>()];
        let place = builder.place(labelled(label, name), encoding::<T>(T::BUFFERED), bytes)?;
        Ok(Gauge { slot: place.number(), value: Cell::new(self.initial) })
    }
}

impl<T: Number> Field for Gauge<T> {
    type Spec = GaugeSpec<T>;

    fn spec() -> GaugeSpec<T> {
        GaugeSpec::default()
    }
}

impl<T: Number> Gauge<T> {
    /// The spec, for [`Builder::add`].
    #[must_use]
    pub fn spec() -> GaugeSpec<T> {
        GaugeSpec::default()
    }

    /// Makes it `value`.
    #[inline]
    pub fn set(&self, value: T) {
        self.value.set(value);
        self.slot.set(value);
    }

    /// Adds `n`. Integers wrap.
    #[inline]
    pub fn add(&self, n: T) {
        self.set(self.value.get().plus(n));
    }

    /// Takes `n` away. Integers wrap.
    #[inline]
    pub fn sub(&self, n: T) {
        self.set(self.value.get().minus(n));
    }

    /// What it was last set to.
    #[inline]
    #[must_use]
    pub fn value(&self) -> T {
        self.value.get()
    }
}

/// A number that is given once, when the instance is made: `u32 u64 i64 f32 f64`, and the other types
/// of [`Gauge`]. One buffer.
pub struct Static<T: Number> {
    value: T,
}

/// A [`Static`] that lacks its value.
#[derive(Clone, Copy, Debug, Default)]
pub struct StaticNumberStart<T>(std::marker::PhantomData<T>);

/// A [`Static`] with its value.
#[derive(Clone, Copy, Debug)]
pub struct StaticNumberSpec<F> {
    value: F,
}

impl<T: Number> StaticNumberStart<T> {
    /// The value.
    #[must_use]
    pub fn value(self, value: T) -> StaticNumberSpec<impl FnOnce() -> T> {
        self.with(move || value)
    }

    /// The value is what `get` gives when the instance is made.
    #[must_use]
    pub fn with<F: FnOnce() -> T>(self, get: F) -> StaticNumberSpec<F> {
        StaticNumberSpec { value: get }
    }
}

impl<T: Number, F: FnOnce() -> T> Spec for StaticNumberSpec<F> {
    type Field = Static<T>;

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<Static<T>, Error> {
        let value = (self.value)();
        let bytes = &value.bytes()[..size_of::<T>()];
        builder.place(labelled(label, name), encoding::<T>(false), bytes)?;
        Ok(Static { value })
    }
}

impl<T: Number> Field for Static<T> {
    type Spec = StaticNumberStart<T>;

    fn spec() -> StaticNumberStart<T> {
        StaticNumberStart::default()
    }
}

impl<T: Number> Static<T> {
    /// The spec, for [`Builder::add`]. It wants a value.
    #[must_use]
    pub fn spec() -> StaticNumberStart<T> {
        StaticNumberStart::default()
    }

    /// What was given.
    #[must_use]
    pub fn value(&self) -> T {
        self.value
    }
}
