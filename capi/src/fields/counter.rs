//! Counters.

use std::ptr::null;

use crate::border::Chars;
use crate::handle::Handle;
use crate::spec::{Spec, choose};
use crate::stats::{Kind, Stats, add};

const KIND: Kind = Kind { name: "a counter", options: &["unit", "help"] };

/// C's `mmstats_counter`.
#[repr(align(64))]
pub(crate) struct Counter(Handle<mmstats::Counter>);

export! {
    /// Adds a counter.
    fn mmstats_add_counter(stats: Option<&Stats>, label: Chars<'_>, spec: Option<&Spec>)
        -> *const Counter, else null(); {
        add(stats, label, spec, &KIND, |stats, label, spec| {
            let spec = choose!(spec, mmstats::Counter::spec(), unit help);
            let field = stats.instance.add_field(label, spec)?;
            Ok(Counter(Handle::new(field, &stats.instance, stats.is_shared)))
        })
    }

    /// Adds 1.
    fn mmstats_counter_incr(counter: Option<&Counter>) {
        mmstats_counter_add(counter, 1);
    }

    /// Adds `n`.
    fn mmstats_counter_add(counter: Option<&Counter>, n: u64) {
        if let Some(Counter(handle)) = counter {
            handle.with(|counter| counter.add(n));
        }
    }

    /// Makes it `value`.
    fn mmstats_counter_set(counter: Option<&Counter>, value: u64) {
        if let Some(Counter(handle)) = counter {
            handle.with(|counter| counter.set(value));
        }
    }

    /// What was counted.
    fn mmstats_counter_value(counter: Option<&Counter>) -> u64 {
        counter.and_then(|Counter(handle)| handle.with(mmstats::Counter::value)).unwrap_or(0)
    }
}
