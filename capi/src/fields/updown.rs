//! How many there are.

use std::ptr::null;

use mmstats::{SharedUpDown, UpDown};

use crate::border::Chars;
use crate::handle::{Handle, apart};
use crate::spec::{Spec, choose};
use crate::stats::{Kind, Stats, add};

const KIND: Kind = Kind { name: "an up-down counter", options: &["unit", "help"] };

/// C's `mmstats_updown`.
#[repr(align(64))]
pub(crate) struct UpDownHandle(Handle<UpDown, SharedUpDown>);

export! {
    /// Adds an up-down counter.
    fn mmstats_add_updown(stats: Option<&Stats>, label: Chars<'_>, spec: Option<&Spec>)
        -> *const UpDownHandle, else null(); {
        add(stats, label, spec, &KIND, |stats, label, spec| {
            Ok(UpDownHandle(if stats.is_shared {
                let spec = choose!(spec, SharedUpDown::spec(), unit help);
                Handle::Shared(stats.instance.add_field(label, spec)?)
            } else {
                let spec = choose!(spec, UpDown::spec(), unit help);
                Handle::Alone(stats.instance.add_field(label, spec)?)
            }))
        })
    }

    /// Adds 1.
    fn mmstats_updown_incr(updown: Option<&UpDownHandle>) {
        mmstats_updown_add(updown, 1);
    }

    /// Takes 1 away.
    fn mmstats_updown_decr(updown: Option<&UpDownHandle>) {
        mmstats_updown_add(updown, -1);
    }

    /// Adds `n`.
    fn mmstats_updown_add(updown: Option<&UpDownHandle>, n: i64) {
        match updown {
            Some(UpDownHandle(Handle::Alone(updown))) => updown.add(n),
            Some(UpDownHandle(Handle::Shared(updown))) => apart(updown, n, SharedUpDown::add),
            None => {}
        }
    }

    /// What was added, less what was taken away.
    fn mmstats_updown_value(updown: Option<&UpDownHandle>) -> i64 {
        match updown {
            Some(UpDownHandle(Handle::Alone(updown))) => updown.value(),
            Some(UpDownHandle(Handle::Shared(updown))) => updown.value(),
            None => 0,
        }
    }
}
