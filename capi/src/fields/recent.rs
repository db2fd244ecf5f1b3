//! The last numbers.

use std::ptr::null;

use mmstats::Recent;

use crate::border::{Chars, Room};
use crate::handle::Handle;
use crate::spec::{Spec, choose};
use crate::stats::{Kind, Stats, add};

const KIND: Kind = Kind { name: "a recent", options: &["unit", "help", "keep"] };

/// C's `mmstats_recent`.
#[repr(align(64))]
pub(crate) struct RecentHandle(Handle<Recent>);

export! {
    /// Adds a recent.
    fn mmstats_add_recent(stats: Option<&Stats>, label: Chars<'_>, spec: Option<&Spec>)
        -> *const RecentHandle, else null(); {
        add(stats, label, spec, &KIND, |stats, label, spec| {
            let field = stats.instance.add_field(label, choose!(spec, Recent::spec(), unit help keep))?;
            Ok(RecentHandle(Handle::new(field, &stats.instance, stats.is_shared)))
        })
    }

    /// Adds a number.
    fn mmstats_recent_add(this: Option<&RecentHandle>, value: f64) {
        if let Some(RecentHandle(handle)) = this {
            handle.with(|field| field.add(value));
        }
    }

    /// The numbers that are kept.
    fn mmstats_recent_values(this: Option<&RecentHandle>, room: Room<'_, f64>, len: usize) -> usize {
        let values = this.and_then(|RecentHandle(handle)| handle.with(Recent::values)).unwrap_or_default();
        room.fill(len, &values[values.len().saturating_sub(len)..]);
        values.len()
    }

    /// How many numbers there ever were.
    fn mmstats_recent_count(this: Option<&RecentHandle>) -> u64 {
        this.and_then(|RecentHandle(handle)| handle.with(Recent::count)).unwrap_or(0)
    }
}
