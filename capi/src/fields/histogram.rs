//! How often which values were seen.

use std::ptr::null;
use std::time::Duration;

use mmstats::Histogram;

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
pub(crate) struct HistogramHandle(Handle<Histogram>);

export! {
    /// Adds a histogram.
    fn mmstats_add_histogram(stats: Option<&Stats>, label: Chars<'_>, spec: Option<&Spec>)
        -> *const HistogramHandle, else null(); {
        add(stats, label, spec, &KIND, |stats, label, spec| {
            let chosen = Histogram::spec();
            let chosen = if spec.durations.take().is_some() { chosen.durations() } else { chosen };
            let spec = choose!(spec, chosen, unit help precision range scale quantiles);
            let field = stats.instance.add_field(label, spec)?;
            Ok(HistogramHandle(Handle::new(field, &stats.instance, stats.is_shared)))
        })
    }

    /// Counts a number.
    fn mmstats_histogram_record(this: Option<&HistogramHandle>, value: u64) {
        if let Some(HistogramHandle(handle)) = this {
            handle.with(|field| field.record(value));
        }
    }

    /// Counts a time.
    fn mmstats_histogram_record_ns(this: Option<&HistogramHandle>, nanoseconds: u64) {
        if let Some(HistogramHandle(handle)) = this {
            handle.with(|field| field.record_duration(Duration::from_nanos(nanoseconds)));
        }
    }

    /// Counts the time since `begin`.
    fn mmstats_histogram_since(this: Option<&HistogramHandle>, begin: u64) {
        if this.is_some() {
            mmstats_histogram_record_ns(this, mmstats_now().saturating_sub(begin));
        }
    }

    /// How many there were.
    fn mmstats_histogram_count(this: Option<&HistogramHandle>) -> u64 {
        this.and_then(|HistogramHandle(handle)| handle.with(Histogram::count)).unwrap_or(0)
    }

    /// Their mean.
    fn mmstats_histogram_value(this: Option<&HistogramHandle>) -> f64 {
        this.and_then(|HistogramHandle(handle)| handle.with(Histogram::value)).unwrap_or(0.0)
    }

    /// The greatest.
    fn mmstats_histogram_max(this: Option<&HistogramHandle>) -> f64 {
        this.and_then(|HistogramHandle(handle)| handle.with(Histogram::max)).unwrap_or(0.0)
    }

    /// A quantile.
    fn mmstats_histogram_quantile(this: Option<&HistogramHandle>, q: f64) -> f64 {
        this.and_then(|HistogramHandle(handle)| handle.with(|field| field.quantile(q))).flatten().unwrap_or(f64::NAN)
    }
}
