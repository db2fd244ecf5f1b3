//! Counters.

use std::ptr::null;

use mmstats::SharedCounter;

use crate::border::Chars;
use crate::handle::{Handle, apart};
use crate::spec::{Spec, choose};
use crate::stats::{Kind, Stats, add};

const KIND: Kind = Kind { name: "a counter", options: &["unit", "help"] };

/// C's `mmstats_counter`.
#[repr(align(64))]
pub(crate) struct Counter(Handle<mmstats::Counter, SharedCounter>);

export! {
    /// Adds a counter.
    fn mmstats_add_counter(stats: Option<&Stats>, label: Chars<'_>, spec: Option<&Spec>)
        -> *const Counter, else null(); {
        add(stats, label, spec, &KIND, |stats, label, spec| {
            Ok(Counter(if stats.is_shared {
                let spec = choose!(spec, SharedCounter::spec(), unit help);
                Handle::Shared(stats.instance.add_field(label, spec)?)
            } else {
                let spec = choose!(spec, mmstats::Counter::spec(), unit help);
                Handle::Alone(stats.instance.add_field(label, spec)?)
            }))
        })
    }

    /// Adds 1.
    fn mmstats_counter_incr(counter: Option<&Counter>) {
        mmstats_counter_add(counter, 1);
    }

    /// Adds `n`.
    fn mmstats_counter_add(counter: Option<&Counter>, n: u64) {
        match counter {
            Some(Counter(Handle::Alone(counter))) => counter.add(n),
            Some(Counter(Handle::Shared(counter))) => apart(counter, n, SharedCounter::add),
            None => {}
        }
    }

    /// Makes it `value`.
    fn mmstats_counter_set(counter: Option<&Counter>, value: u64) {
        match counter {
            Some(Counter(Handle::Alone(counter))) => counter.set(value),
            // Of several threads that say how many there are, the latest is the one that says most.
            Some(Counter(Handle::Shared(counter))) => apart(counter, value, SharedCounter::raise),
            None => {}
        }
    }

    /// What was counted.
    fn mmstats_counter_value(counter: Option<&Counter>) -> u64 {
        match counter {
            Some(Counter(Handle::Alone(counter))) => counter.value(),
            Some(Counter(Handle::Shared(counter))) => counter.value(),
            None => 0,
        }
    }
}
