//! The handles that an application holds, one type for each kind of field.
//!
//! A handle is `Send` and not `Sync`: it moves to another thread, it is not shared. Those of [`shared`] are `Sync`,
//! too. An update takes no lock and makes no system call.

mod average;
mod boolean;
mod clock;
mod counter;
mod family;
mod guard;
mod histogram;
mod moving;
mod number;
mod recent;
mod shared;
mod show;
mod statics;
mod text;
mod timer;
mod timestamp;
mod updown;
mod window;

pub use average::{Average, AverageSpec};
pub use boolean::{Bool, BoolSpec};
pub use counter::{Counter, CounterSpec};
pub use family::{Family, FamilySpec};
pub use guard::{HistogramGuard, SharedHistogramGuard, TimerGuard};
pub use histogram::{Histogram, HistogramSpec};
pub use moving::{MovingAverage, MovingAverageSpec};
pub use number::{Gauge, GaugeSpec, Number};
pub use recent::{Recent, RecentSpec};
pub use shared::counter::{SharedCounter, SharedCounterSpec};
pub use shared::gauge::{SharedGauge, SharedGaugeSpec};
pub use shared::histogram::{SharedHistogram, SharedHistogramSpec};
pub use shared::updown::{SharedUpDown, SharedUpDownSpec};
pub use statics::{Computed, Given, Lacking, Provide, Static, StaticSpec, StaticText, StaticTextSpec};
pub(crate) use text::cut;
pub use text::{Text, TextSpec};
pub use timer::{Timer, TimerSpec};
pub use timestamp::{Timestamp, TimestampSpec};
pub use updown::{UpDown, UpDownSpec};
pub use window::{Window, WindowSpec};

use crate::error::Error;
use crate::write::builder::Builder;
use crate::write::memory::slot::WordSlot;

/// Only this crate implements [`Field`] and [`Spec`]: what they ask for may change.
pub(crate) mod sealed {
    /// For the types of fields.
    pub trait Field {}

    /// For what is chosen for a field.
    pub trait Spec {}
}

/// A type that [`stats!`](crate::stats) can list: the handles of this crate, and every [`Model`](crate::Model).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a type of field",
    label = "not a type of field",
    note = "fields are of the types of mmstats, such as `Counter`, `Gauge<u64>`, `UpDown`, `Timer`, `Text` or \
            `Family<Counter>`, or of a struct that `stats!` defines"
)]
pub trait Field: sealed::Field + Sized {
    /// What `spec()` begins with: it has a method for each option.
    type Spec;

    /// Whether the field has no label of its own, since it is a model.
    #[doc(hidden)]
    const IS_MODEL: bool = false;

    /// The defaults.
    #[must_use]
    fn spec() -> Self::Spec;
}

/// A field about to be added, its options chosen.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the specification of a field",
    label = "not the specification of a field",
    note = "write `Counter::spec()`, `Gauge::<u64>::spec().initial(1)` or the like"
)]
pub trait Spec: sealed::Spec + Sized {
    /// The handle.
    type Field;

    /// Takes the first paragraph of a documentation comment for the field's help, unless it has help. A spec
    /// without help does nothing.
    #[doc(hidden)]
    #[must_use]
    fn document(self, doc: &str) -> Self {
        let _ = doc;
        self
    }

    /// Adds it: under `label`, or under `name` (the field's in its struct) where there is none.
    ///
    /// # Errors
    /// As [`Builder::add`].
    #[doc(hidden)]
    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<Self::Field, Error>;
}

/// Where version 1 shows the mean of a value of several words; nothing in version 2, where readers see all of
/// the value.
struct ShownMean(Option<WordSlot<f64>>);

impl ShownMean {
    #[inline(always)]
    fn show(&self, mean: impl FnOnce() -> f64) {
        if let Some(slot) = &self.0 {
            slot.set(mean());
        }
    }
}

/// The mean of `count` numbers, 0 of none.
#[inline]
fn mean(sum: f64, count: u64) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let count = count.max(1) as f64;
    sum / count
}

/// For specs whose options are those that all have: the type's `spec()` and its place in `stats!`.
macro_rules! plain_spec {
    ($field:ty, $spec:ident) => {
        #[doc = concat!("What can be chosen for [`", stringify!($field), "`].")]
        #[derive(Clone, Debug, Default)]
        pub struct $spec {
            about: crate::write::about::About,
        }

        impl $spec {
            crate::write::about::described!();

            /// A field that says the same about itself as another.
            #[allow(dead_code)]
            pub(crate) fn about(about: crate::write::about::About) -> Self {
                Self { about }
            }
        }

        crate::write::field::spec_of!($field, $spec);
    };
}
use plain_spec;

/// The type's `spec()`, as a method and for `stats!`.
macro_rules! spec_of {
    ($field:ty, $spec:ty) => {
        impl $field {
            /// The spec, for [`Builder::add`].
            #[must_use]
            pub fn spec() -> $spec {
                <$spec>::default()
            }
        }

        impl crate::write::field::sealed::Spec for $spec {}
        impl crate::write::field::sealed::Field for $field {}
        impl crate::write::field::Field for $field {
            type Spec = $spec;

            fn spec() -> $spec {
                Self::spec()
            }
        }
    };
}
use spec_of;
