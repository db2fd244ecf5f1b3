//! Numbers that go up and down, and numbers that are given once.

use std::cell::Cell;

use super::{Field, Spec};
use crate::error::Error;
use crate::format::kind::{DataType, MetricType};
use crate::write::about::About;
use crate::write::description::{self, Data, Description};
use crate::write::memory::slot::{Word, WordSlot};
use crate::write::model::{Builder, labelled};

/// A number that a field can hold.
#[allow(private_bounds)]
pub trait Number: Word + Default + std::fmt::Debug + 'static {
    #[doc(hidden)]
    const CODE: &'static str;
    #[doc(hidden)]
    const DATA: DataType;
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
    ($($type:ty: $data:ident, $code:literal, $buffered:literal, $plus:expr, $minus:expr;)*) => {$(
        impl Number for $type {
            const CODE: &'static str = $code;
            const DATA: DataType = DataType::$data;
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
    u64: U64, "Q", true, u64::wrapping_add, u64::wrapping_sub;
    u32: U32, "I", true, u32::wrapping_add, u32::wrapping_sub;
    u16: U16, "H", true, u16::wrapping_add, u16::wrapping_sub;
    u8: U8, "B", false, u8::wrapping_add, u8::wrapping_sub;
    i64: I64, "q", true, i64::wrapping_add, i64::wrapping_sub;
    i32: I32, "i", true, i32::wrapping_add, i32::wrapping_sub;
    i16: I16, "h", true, i16::wrapping_add, i16::wrapping_sub;
    i8: I8, "b", false, i8::wrapping_add, i8::wrapping_sub;
    f32: F32, "f", true, |a: f32, b: f32| a + b, |a: f32, b: f32| a - b;
    f64: F64, "d", true, |a: f64, b: f64| a + b, |a: f64, b: f64| a - b;
}

fn data<T: Number>(value: T, buffered: bool) -> Data<'static> {
    Data::Number(description::Number { data: T::DATA, code: T::CODE, buffered, bytes: value.bytes() })
}

/// A number that goes up and down: `u64 u32 u16 u8 i64 i32 i16 i8 f64 f32`. On disk such a number; in version 1
/// `Q I H B q i h b d f`, two buffers (`B` and `b`: one).
///
/// It says how something of its own thread is now, and ends with the thread. What one thread adds and
/// another takes away is an [`crate::UpDown`]; what is only added, a [`crate::Counter`].
pub struct Gauge<T: Number> {
    slot: WordSlot<T>,
    value: Cell<T>,
}

/// What can be chosen for a [`Gauge`].
#[derive(Clone, Debug, Default)]
pub struct GaugeSpec<T> {
    initial: T,
    about: About,
}

impl<T> GaugeSpec<T> {
    crate::write::about::described!();
    crate::write::about::merged!();

    /// The first value. Default: 0.
    #[must_use]
    pub fn initial(mut self, initial: T) -> Self {
        self.initial = initial;
        self
    }
}

impl<T: Number> Spec for GaugeSpec<T> {
    type Field = Gauge<T>;

    fn document(mut self, doc: &str) -> Self {
        self.about.document(doc);
        self
    }

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<Gauge<T>, Error> {
        let data = data(self.initial, T::BUFFERED);
        let field = Description { data, metric: MetricType::Gauge, about: &self.about };
        let added = builder.place(labelled(label, name), &field)?;
        Ok(Gauge { slot: added.number(), value: Cell::new(self.initial) })
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

/// A number that is given once, when the instance is made, and says something about the program, as its process
/// id does. Of all types of [`Gauge`]; one buffer in version 1.
pub struct Static<T: Number> {
    value: T,
}

/// A [`Static`] that lacks its value.
#[derive(Clone, Debug, Default)]
pub struct StaticNumberStart<T> {
    about: About,
    number: std::marker::PhantomData<T>,
}

/// A [`Static`] with its value.
#[derive(Clone, Debug)]
pub struct StaticNumberSpec<F> {
    value: F,
    metric: MetricType,
    about: About,
}

impl<F> StaticNumberSpec<F> {
    crate::write::about::described!();

    /// Seconds since 1970, and not a name for something.
    pub(crate) fn timestamp(mut self) -> Self {
        self.metric = MetricType::Timestamp;
        self
    }
}

impl<T: Number> StaticNumberStart<T> {
    crate::write::about::described!();

    /// The value.
    #[must_use]
    pub fn value(self, value: T) -> StaticNumberSpec<impl FnOnce() -> T> {
        self.with(move || value)
    }

    /// The value is what `get` gives when the instance is made.
    #[must_use]
    pub fn with<F: FnOnce() -> T>(self, get: F) -> StaticNumberSpec<F> {
        StaticNumberSpec { value: get, metric: MetricType::Info, about: self.about }
    }
}

impl<T: Number, F: FnOnce() -> T> Spec for StaticNumberSpec<F> {
    type Field = Static<T>;

    fn document(mut self, doc: &str) -> Self {
        self.about.document(doc);
        self
    }

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<Static<T>, Error> {
        let value = (self.value)();
        let field = Description { data: data(value, false), metric: self.metric, about: &self.about };
        builder.place(labelled(label, name), &field)?;
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
