//! How long things take.

use std::ptr::null;
use std::time::Duration;

use mmstats::Timer;

use crate::border::Chars;
use crate::handle::Handle;
use crate::spec::{Spec, choose};
use crate::stats::{Kind, Stats, add, mmstats_now};

const KIND: Kind = Kind { name: "a timer", options: &["help", "precision", "range", "quantiles"] };

/// C's `mmstats_timer`.
#[repr(align(64))]
pub(crate) struct TimerHandle(Handle<Timer>);

export! {
    /// Adds a timer.
    fn mmstats_add_timer(stats: Option<&Stats>, label: Chars<'_>, spec: Option<&Spec>)
        -> *const TimerHandle, else null(); {
        add(stats, label, spec, &KIND, |stats, label, spec| {
            let spec = choose!(spec, Timer::spec(), help precision range quantiles);
            let field = stats.instance.add_field(label, spec)?;
            Ok(TimerHandle(Handle::new(field, &stats.instance, stats.is_shared)))
        })
    }

    /// Records a time.
    fn mmstats_timer_record_ns(this: Option<&TimerHandle>, nanoseconds: u64) {
        if let Some(TimerHandle(handle)) = this {
            handle.with(|field| field.record(Duration::from_nanos(nanoseconds)));
        }
    }

    /// Records the time since `begin`.
    fn mmstats_timer_since(this: Option<&TimerHandle>, begin: u64) {
        if this.is_some() {
            mmstats_timer_record_ns(this, mmstats_now().saturating_sub(begin));
        }
    }

    /// The latest time.
    fn mmstats_timer_last(this: Option<&TimerHandle>) -> f64 {
        this.and_then(|TimerHandle(handle)| handle.with(Timer::last)).unwrap_or(0.0)
    }

    /// How many times there were.
    fn mmstats_timer_count(this: Option<&TimerHandle>) -> u64 {
        this.and_then(|TimerHandle(handle)| handle.with(|timer| timer.all().count())).unwrap_or(0)
    }

    /// Their mean.
    fn mmstats_timer_value(this: Option<&TimerHandle>) -> f64 {
        this.and_then(|TimerHandle(handle)| handle.with(Timer::value)).unwrap_or(0.0)
    }

    /// A quantile.
    fn mmstats_timer_quantile(this: Option<&TimerHandle>, q: f64) -> f64 {
        this.and_then(|TimerHandle(handle)| handle.with(|timer| timer.all().quantile(q))).flatten().unwrap_or(f64::NAN)
    }
}
