//! The mean of the latest values.

use std::ptr::null;

use mmstats::MovingAverage;

use crate::border::Chars;
use crate::handle::Handle;
use crate::spec::{Spec, choose};
use crate::stats::{Kind, Stats, add};

const KIND: Kind = Kind { name: "a moving average", options: &["unit", "help", "merge", "keep"] };

/// C's `mmstats_moving_average`.
#[repr(align(64))]
pub(crate) struct MovingHandle(Handle<MovingAverage>);

export! {
    /// Adds a moving average.
    fn mmstats_add_moving_average(stats: Option<&Stats>, label: Chars<'_>, spec: Option<&Spec>)
        -> *const MovingHandle, else null(); {
        add(stats, label, spec, &KIND, |stats, label, spec| {
            let keep = spec.keep.take();
            let spec = choose!(spec, MovingAverage::spec(), unit help merge);
            let spec = if let Some(keep) = keep { spec.window(keep) } else { spec };
            let field = stats.instance.add_field(label, spec)?;
            Ok(MovingHandle(Handle::new(field, &stats.instance, stats.is_shared)))
        })
    }

    /// Adds a value.
    fn mmstats_moving_average_add(this: Option<&MovingHandle>, value: f64) {
        if let Some(MovingHandle(handle)) = this {
            handle.with(|field| field.add(value));
        }
    }

    /// The mean.
    fn mmstats_moving_average_value(this: Option<&MovingHandle>) -> f64 {
        this.and_then(|MovingHandle(handle)| handle.with(MovingAverage::value)).unwrap_or(0.0)
    }
}
