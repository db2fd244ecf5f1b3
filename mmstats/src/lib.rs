#![doc = include_str!("../README.md")]
//!
//! # The file
//!
//! Version 1 of the format, byte by byte, is drawn in [`layout`]; what a field's type may be, in
//! [`typecode`].

mod error;
mod field;
mod file;
mod follow;
mod instance;
pub mod layout;
pub mod live;
mod lock;
mod map;
mod model;
mod name;
mod options;
mod read;
mod slot;
mod store;
mod thread;
pub mod typecode;
mod value;
mod word;

pub use error::{Error, ErrorKind};
pub use field::{
    Average, Bool, BoolSpec, Clock, Counter, Field, Gauge, GaugeSpec, Monotonic, MonotonicMoment,
    MovingAverage, MovingAverageSpec, Number, Spec, Static, StaticNumberSpec, StaticNumberStart, StaticText,
    StaticTextSpec, StaticTextStart, Text, TextSpec, Timer, TimerGuard, TimerSpec, WallClock,
};
pub use follow::{Followed, FollowedField, Looked, Looks, Observer};
pub use instance::Instance;
#[doc(hidden)]
pub use model::Include;
pub use model::{Builder, Model};
pub use name::{DEFAULT_TEMPLATE, TEMP_END, TEMP_START, default_dir};
pub use options::Options;
pub use read::{Field as SnapshotField, Origin, Snapshot};
#[doc(hidden)]
pub use thread::{Local, ThreadKey};
pub use thread::{PerThread, ThreadEnd};
pub use value::Value;

/// The label by which a file says that this library wrote it; its value is the library's version.
pub const VERSION_LABEL: &str = "org.mmstats.version";
