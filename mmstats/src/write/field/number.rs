//! Numbers that go up and down.

use std::cell::Cell;

use super::{Field, Spec, sealed};
use crate::error::Error;
use crate::format::kind::{DataType, MetricType};
use crate::write::about::About;
use crate::write::builder::Builder;
use crate::write::description::{self, Data, Description};
use crate::write::memory::slot::{Word, WordSlot};
use crate::write::model::labelled;

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
    const ONE: Self;
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
            const ONE: Self = 1 as $type;

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

/// A number's place in a description.
pub(super) fn data<T: Number>(value: T, buffered: bool) -> Data<'static> {
    Data::Number(description::Number { data: T::DATA, code: T::CODE, buffered, bytes: value.bytes() })
}

/// A number that goes up and down: `u64 u32 u16 u8 i64 i32 i16 i8 f64 f32`. On disk such a number; in version 1
/// `Q I H B q i h b d f`, two buffers (`B` and `b`: one).
///
/// It says how something of its own thread is now, and ends with the thread. What one thread adds and
/// another takes away is an [`crate::UpDown`]; what is only added, a [`crate::Counter`].
///
/// ```
/// use mmstats::{Gauge, MergeRule, Options};
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let spec = Gauge::<u32>::spec().unit("jobs").merge(MergeRule::Max);
/// let queue = Options::new().dir(dir).create_with(|fields| fields.add("queue", spec))?;
/// queue.set(7);
/// queue.incr();
/// queue.sub(3);
/// assert_eq!(queue.value(), 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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

impl<T> sealed::Spec for GaugeSpec<T> {}
impl<T: Number> sealed::Field for Gauge<T> {}

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

    /// Adds 1. Integers wrap.
    #[inline]
    pub fn incr(&self) {
        self.add(T::ONE);
    }

    /// Takes 1 away. Integers wrap.
    #[inline]
    pub fn decr(&self) {
        self.sub(T::ONE);
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
