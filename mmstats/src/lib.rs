#![doc = include_str!("../README.md")]
//!
//! # The file
//!
//! mmstats(5) describes both versions of the file byte by byte.
//!
//! # Other platforms than Linux
//!
//! A program that uses the library compiles and runs on other platforms, too. There, all instances count in private
//! memory and nothing is published: [`Options::create`] succeeds, [`Instance::error`] has the kind
//! [`ErrorKind::Platform`], and there is no file. A [`Snapshot`] cannot be read there, and there is no module `live`.
//!
//! # Threads, forks, async tasks, signal handlers
//!
//! See the pages in [`guide`].

#![warn(missing_debug_implementations)]

#[cfg(publishes)]
#[doc(hidden)]
pub mod departed;
#[cfg(not(publishes))]
#[path = "departed/elsewhere.rs"]
mod departed;
mod disk;
mod error;
#[doc(hidden)]
pub mod format;
pub mod guide;
#[cfg(publishes)]
pub mod live;
mod read;
mod system;
mod write;

#[cfg(publishes)]
#[doc(hidden)]
pub use disk::lock::whole_file;
#[cfg(publishes)]
#[doc(hidden)]
pub use disk::name::take_temporary;
pub use disk::name::{DEFAULT_TEMPLATE, TEMP_END, TEMP_START, default_dir};
#[doc(hidden)]
pub use error::plain;
pub use error::{Error, ErrorKind};
pub use format::compound::{HistogramTotal, HistogramView, OtherScale, RecentView, WindowTotal};
pub use format::kind::{DataType, MergeRule, MetricType};
pub use format::labels::{MODEL_LABEL, VERSION_LABEL};
pub use format::mean::Mean;
pub use format::value::Value;
pub use read::{
    Certainty, FieldSet, Followed, FollowedField, Meaning, Observation, Observer, Origin, Part, Snapshot,
    SnapshotField,
};
pub use write::builder::Builder;
#[doc(hidden)]
pub use write::document::documented;
pub use write::field::{
    Average, AverageSpec, Bool, BoolSpec, Computed, Counter, CounterSpec, Family, FamilySpec, Field, Gauge,
    GaugeSpec, Given, Histogram, HistogramGuard, HistogramSpec, Lacking, MovingAverage, MovingAverageSpec,
    Number, Provide, Recent, RecentSpec, SharedCounter, SharedCounterSpec, SharedGauge, SharedGaugeSpec,
    SharedHistogram, SharedHistogramGuard, SharedHistogramSpec, SharedUpDown, SharedUpDownSpec, Spec, Static,
    StaticSpec, StaticText, StaticTextSpec, Text, TextSpec, Timer, TimerGuard, TimerSpec, Timestamp,
    TimestampSpec, UpDown, UpDownSpec, Window, WindowSpec,
};
pub use write::fold::{FOLD_LABEL, FOLDED_LABEL};
pub use write::instance::Instance;
pub use write::label::label;
#[doc(hidden)]
pub use write::listed::Listed;
#[doc(hidden)]
pub use write::model::Include;
pub use write::model::Model;
pub use write::options::Options;
#[doc(hidden)]
pub use write::per_thread::{Local, Stage, ThreadKey};
pub use write::per_thread::{PerThread, ProcessEnd, ThreadEnd};
pub use write::report::on_error;
#[doc(hidden)]
pub use write::report::{report, report_each};
pub use write::version::Version;
