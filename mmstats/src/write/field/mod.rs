//! The handles that an application holds, one type a kind of field.
//!
//! A handle is `Send` and not `Sync`: it moves to another thread, it is not shared. An update takes no
//! lock and makes no system call.

mod average;
mod boolean;
mod counter;
mod number;
mod text;
mod timer;
mod updown;

pub(crate) use average::Sums;
pub use average::{Average, MovingAverage, MovingAverageSpec};
pub use boolean::{Bool, BoolSpec};
pub use counter::Counter;
pub use number::{Gauge, GaugeSpec, Number, Static, StaticNumberSpec, StaticNumberStart};
pub use text::{StaticText, StaticTextSpec, StaticTextStart, Text, TextSpec};
pub use timer::{Clock, Monotonic, MonotonicMoment, Timer, TimerGuard, TimerSpec, WallClock};
pub use updown::UpDown;

use crate::error::Error;
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
pub trait Spec {
    /// The handle.
    type Field;

    /// Adds it: under `label`, or under `name` (the field's in its struct) where there is none.
    ///
    /// # Errors
    /// As [`Builder::add`].
    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<Self::Field, Error>;
}

/// Fields without options: the type itself stands for its spec.
macro_rules! plain_spec {
    ($field:ty, $spec:ident) => {
        /// There is nothing to choose.
        #[derive(Clone, Copy, Debug, Default)]
        pub struct $spec(());

        impl $field {
            /// The spec, for [`Builder::add`].
            #[must_use]
            pub fn spec() -> $spec {
                $spec(())
            }
        }
    };
}
pub(crate) use plain_spec;
