//! When something happened.

use std::ptr::null;

use mmstats::Timestamp;

use crate::border::Chars;
use crate::handle::Handle;
use crate::spec::{Spec, choose};
use crate::stats::{Kind, Stats, add};

const KIND: Kind = Kind { name: "a timestamp", options: &["unit", "help", "initial"] };

/// C's `mmstats_timestamp`.
#[repr(align(64))]
pub(crate) struct TimestampHandle(Handle<Timestamp>);

export! {
    /// Adds a timestamp.
    fn mmstats_add_timestamp(stats: Option<&Stats>, label: Chars<'_>, spec: Option<&Spec>)
        -> *const TimestampHandle, else null(); {
        add(stats, label, spec, &KIND, |stats, label, spec| {
            let initial = spec.initial.take().map_or(0.0, crate::spec::Given::as_f64);
            let spec = choose!(spec, Timestamp::spec(), unit help);
            let field = stats.instance.add_field(label, spec.initial(initial))?;
            Ok(TimestampHandle(Handle::new(field, &stats.instance, stats.is_shared)))
        })
    }

    /// It is now.
    fn mmstats_timestamp_now(this: Option<&TimestampHandle>) {
        if let Some(TimestampHandle(handle)) = this {
            handle.with(Timestamp::now);
        }
    }

    /// It was at `seconds`.
    fn mmstats_timestamp_set(this: Option<&TimestampHandle>, seconds: f64) {
        if let Some(TimestampHandle(handle)) = this {
            handle.with(|field| field.set(seconds));
        }
    }

    /// When it was.
    fn mmstats_timestamp_value(this: Option<&TimestampHandle>) -> f64 {
        this.and_then(|TimestampHandle(handle)| handle.with(Timestamp::value)).unwrap_or(0.0)
    }
}
