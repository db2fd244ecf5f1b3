#![doc = include_str!("../README.md")]
//!
//! # The file
//!
//! mmstats(5) describes both versions of the file byte by byte.
//!
//! # Threads, forks, async tasks, signal handlers
//!
//! See the pages in [`guide`].

mod disk;
mod error;
#[doc(hidden)]
pub mod format;
pub mod guide;
pub mod live;
mod read;
mod write;

pub use disk::name::{DEFAULT_TEMPLATE, TEMP_END, TEMP_START, default_dir};
pub use error::{Error, ErrorKind};
pub use format::value::Value;
pub use read::{Certainty, Followed, FollowedField, Observation, Observer, Origin, Snapshot, SnapshotField};
pub use write::field::{
    Average, Bool, BoolSpec, Clock, Counter, Field, Gauge, GaugeSpec, Monotonic, MonotonicMoment,
    MovingAverage, MovingAverageSpec, Number, Spec, Static, StaticNumberSpec, StaticNumberStart, StaticText,
    StaticTextSpec, StaticTextStart, Text, TextSpec, Timer, TimerGuard, TimerSpec, UpDown, WallClock,
};
pub use write::fold::{FOLD_LABEL, FOLDED_LABEL};
pub use write::instance::Instance;
#[doc(hidden)]
pub use write::model::Include;
pub use write::model::{Builder, Model};
pub use write::options::Options;
#[doc(hidden)]
pub use write::per_thread::{Local, Stage, ThreadKey};
pub use write::per_thread::{PerThread, ThreadEnd};
pub use write::report::on_error;

/// The label by which a file says that this library wrote it; its value is the library's version.
pub const VERSION_LABEL: &str = "org.mmstats.version";
