//! How many there are.

use std::ptr::null;

use mmstats::UpDown;

use crate::border::Chars;
use crate::handle::Handle;
use crate::spec::{Spec, choose};
use crate::stats::{Kind, Stats, add};

const KIND: Kind = Kind { name: "an up-down counter", options: &["unit", "help"] };

/// C's `mmstats_updown`.
#[repr(align(64))]
pub(crate) struct UpDownHandle(Handle<UpDown>);

export! {
    /// Adds an up-down counter.
    fn mmstats_add_updown(stats: Option<&Stats>, label: Chars<'_>, spec: Option<&Spec>)
        -> *const UpDownHandle, else null(); {
        add(stats, label, spec, &KIND, |stats, label, spec| {
            let field = stats.instance.add_field(label, choose!(spec, UpDown::spec(), unit help))?;
            Ok(UpDownHandle(Handle::new(field, &stats.instance, stats.is_shared)))
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
        if let Some(UpDownHandle(handle)) = updown {
            handle.with(|updown| updown.add(n));
        }
    }

    /// What was added, less what was taken away.
    fn mmstats_updown_value(updown: Option<&UpDownHandle>) -> i64 {
        updown.and_then(|UpDownHandle(handle)| handle.with(UpDown::value)).unwrap_or(0)
    }
}
