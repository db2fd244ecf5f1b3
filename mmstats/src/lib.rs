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

#[doc(hidden)]
pub use disk::lock::whole_file;
pub use disk::name::{DEFAULT_TEMPLATE, TEMP_END, TEMP_START, default_dir};
#[doc(hidden)]
pub use error::plain;
pub use error::{Error, ErrorKind};
pub use format::compound::{HistogramTotal, HistogramView, OtherScale, RecentView, WindowTotal};
pub use format::kind::{DataType, MergeRule, MetricType};
pub use format::mean::Mean;
pub use format::value::Value;
pub use read::{
    Certainty, Followed, FollowedField, Observation, Observer, Origin, Part, Snapshot, SnapshotField,
};
#[doc(hidden)]
pub use write::document::documented;
pub use write::field::{
    Average, AverageSpec, Bool, BoolSpec, Clock, Counter, CounterSpec, Field, Gauge, GaugeSpec, Guard,
    Histogram, HistogramGuard, HistogramSpec, Monotonic, MonotonicMoment, MovingAverage, MovingAverageSpec,
    Number, Recent, RecentSpec, Spec, Static, StaticNumberSpec, StaticNumberStart, StaticText,
    StaticTextSpec, StaticTextStart, Text, TextSpec, Timed, Timer, TimerGuard, TimerSpec, Timestamp,
    TimestampSpec, UpDown, UpDownSpec, WallClock, Window, WindowSpec,
};
pub use write::fold::{FOLD_LABEL, FOLDED_LABEL};
pub use write::instance::Instance;
pub use write::label::label;
#[doc(hidden)]
pub use write::model::Include;
pub use write::model::{Builder, Model};
pub use write::options::Options;
#[doc(hidden)]
pub use write::per_thread::{Local, Stage, ThreadKey};
pub use write::per_thread::{PerThread, ProcessEnd, ThreadEnd};
pub use write::report::on_error;
pub use write::version::Version;

/// The label by which a file says that this library wrote it; its value is the library's version.
pub const VERSION_LABEL: &str = "org.mmstats.version";

/// The label by which a file of version 2 says which model it is of: [`Model::NAME`].
pub const MODEL_LABEL: &str = "org.mmstats.model";
