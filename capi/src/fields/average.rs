//! The mean of all values.

use std::ptr::null;

use mmstats::Average;

use crate::border::Chars;
use crate::handle::Handle;
use crate::spec::{Spec, choose};
use crate::stats::{Kind, Stats, add};

const KIND: Kind = Kind { name: "an average", options: &["unit", "help"] };

/// C's `mmstats_average`.
#[repr(align(64))]
pub(crate) struct AverageHandle(Handle<Average>);

export! {
    /// Adds an average.
    fn mmstats_add_average(stats: Option<&Stats>, label: Chars<'_>, spec: Option<&Spec>)
        -> *const AverageHandle, else null(); {
        add(stats, label, spec, &KIND, |stats, label, spec| {
            let field = stats.instance.add_field(label, choose!(spec, Average::spec(), unit help))?;
            Ok(AverageHandle(Handle::new(field, &stats.instance, stats.is_shared)))
        })
    }

    /// Adds a value.
    fn mmstats_average_add(this: Option<&AverageHandle>, value: f64) {
        if let Some(AverageHandle(handle)) = this {
            handle.with(|field| field.add(value));
        }
    }

    /// The mean.
    fn mmstats_average_value(this: Option<&AverageHandle>) -> f64 {
        this.and_then(|AverageHandle(handle)| handle.with(Average::value)).unwrap_or(0.0)
    }

    /// How many values there were.
    fn mmstats_average_count(this: Option<&AverageHandle>) -> u64 {
        this.and_then(|AverageHandle(handle)| handle.with(Average::count)).unwrap_or(0)
    }
}
