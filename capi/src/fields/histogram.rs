//! How often which values were seen.

use std::ptr::null;
use std::time::Duration;

use mmstats::{Histogram, SharedHistogram};

use crate::border::Chars;
use crate::handle::Handle;
use crate::spec::{Spec, choose};
use crate::stats::{Kind, Stats, add, mmstats_now};

const KIND: Kind = Kind {
    name: "a histogram",
    options: &["unit", "help", "precision", "range", "scale", "durations", "quantiles"],
};

/// C's `mmstats_histogram`.
#[repr(align(64))]
pub(crate) struct HistogramHandle(Handle<Histogram, SharedHistogram>);

/// Calls the method of either type.
macro_rules! either {
    ($this:expr, $method:ident($($argument:expr),*), else $otherwise:expr) => {
        match $this {
            Some(HistogramHandle(Handle::Alone(histogram))) => histogram.$method($($argument),*),
            Some(HistogramHandle(Handle::Shared(histogram))) => histogram.$method($($argument),*),
            None => $otherwise,
        }
    };
}

export! {
    /// Adds a histogram.
    fn mmstats_add_histogram(stats: Option<&Stats>, label: Chars<'_>, spec: Option<&Spec>)
        -> *const HistogramHandle, else null(); {
        add(stats, label, spec, &KIND, |stats, label, spec| {
            let durations = spec.durations.take().is_some();
            Ok(HistogramHandle(if stats.is_shared {
                let chosen = SharedHistogram::spec();
                let chosen = if durations { chosen.durations() } else { chosen };
                let spec = choose!(spec, chosen, unit help precision range scale quantiles);
                Handle::Shared(stats.instance.add_field(label, spec)?)
            } else {
                let chosen = Histogram::spec();
                let chosen = if durations { chosen.durations() } else { chosen };
                let spec = choose!(spec, chosen, unit help precision range scale quantiles);
                Handle::Alone(stats.instance.add_field(label, spec)?)
            }))
        })
    }

    /// Counts a number.
    fn mmstats_histogram_record(this: Option<&HistogramHandle>, value: u64) {
        either!(this, record(value), else ());
    }

    /// Counts a time.
    fn mmstats_histogram_record_ns(this: Option<&HistogramHandle>, nanoseconds: u64) {
        either!(this, record_duration(Duration::from_nanos(nanoseconds)), else ());
    }

    /// Counts the time since `begin`.
    fn mmstats_histogram_since(this: Option<&HistogramHandle>, begin: u64) {
        if this.is_some() {
            mmstats_histogram_record_ns(this, mmstats_now().saturating_sub(begin));
        }
    }

    /// How many there were.
    fn mmstats_histogram_count(this: Option<&HistogramHandle>) -> u64 {
        either!(this, count(), else 0)
    }

    /// Their mean.
    fn mmstats_histogram_value(this: Option<&HistogramHandle>) -> f64 {
        either!(this, value(), else 0.0)
    }

    /// The greatest.
    fn mmstats_histogram_max(this: Option<&HistogramHandle>) -> f64 {
        either!(this, max(), else 0.0)
    }

    /// A quantile.
    fn mmstats_histogram_quantile(this: Option<&HistogramHandle>, q: f64) -> f64 {
        either!(this, quantile(q), else None).unwrap_or(f64::NAN)
    }
}
