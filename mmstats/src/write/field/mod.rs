//! The handles that an application holds, one type for each kind of field.
//!
//! A handle is `Send` and not `Sync`: it moves to another thread, it is not shared. An update takes no
//! lock and makes no system call.

mod average;
mod boolean;
mod clock;
mod counter;
mod guard;
mod histogram;
mod moving;
mod number;
mod recent;
mod text;
mod timer;
mod timestamp;
mod updown;
mod window;

pub use average::{Average, AverageSpec};
pub use boolean::{Bool, BoolSpec};
pub use clock::{Clock, Monotonic, MonotonicMoment, WallClock};
pub use counter::{Counter, CounterSpec};
pub use guard::{Guard, HistogramGuard, Timed, TimerGuard};
pub use histogram::{Histogram, HistogramSpec};
pub use moving::{MovingAverage, MovingAverageSpec};
pub use number::{Gauge, GaugeSpec, Number, Static, StaticNumberSpec, StaticNumberStart};
pub use recent::{Recent, RecentSpec};
pub(crate) use text::cut;
pub use text::{StaticText, StaticTextSpec, StaticTextStart, Text, TextSpec};
pub use timer::{Timer, TimerSpec};
pub use timestamp::{Timestamp, TimestampSpec};
pub use updown::{UpDown, UpDownSpec};
pub use window::{Window, WindowSpec};

use crate::error::Error;
use crate::write::memory::slot::WordSlot;
use crate::write::model::Builder;

/// A type that [`stats!`](crate::stats) can list.
pub trait Field: Sized {
    /// What `spec()` begins with: it has a method for each option.
    type Spec;

    /// The defaults.
    #[must_use]
    fn spec() -> Self::Spec;
}

/// A field about to be added, its options chosen.
pub trait Spec: Sized {
    /// The handle.
    type Field;

    /// Takes the first paragraph of a documentation comment for the field's help, unless it has help. A spec
    /// without help does nothing.
    #[must_use]
    fn document(self, doc: &str) -> Self {
        let _ = doc;
        self
    }

    /// Adds it: under `label`, or under `name` (the field's in its struct) where there is none.
    ///
    /// # Errors
    /// As [`Builder::add`].
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

        super::spec_of!($field, $spec);
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

        impl super::Field for $field {
            type Spec = $spec;

            fn spec() -> $spec {
                Self::spec()
            }
        }
    };
}
use spec_of;
