//! Yes or no.

use std::ptr::null;

use mmstats::Bool;

use crate::border::Chars;
use crate::handle::Handle;
use crate::spec::{Spec, choose};
use crate::stats::{Kind, Stats, add};

const KIND: Kind = Kind { name: "a bool", options: &["unit", "help", "merge", "initial"] };

/// C's `mmstats_bool`.
#[repr(align(64))]
pub(crate) struct BoolHandle(Handle<Bool>);

export! {
    /// Adds a bool.
    fn mmstats_add_bool(stats: Option<&Stats>, label: Chars<'_>, spec: Option<&Spec>)
        -> *const BoolHandle, else null(); {
        add(stats, label, spec, &KIND, |stats, label, spec| {
            let initial = spec.initial.take().is_some_and(|initial| initial.as_f64() != 0.0);
            let spec = choose!(spec, Bool::spec(), unit help merge);
            let field = stats.instance.add_field(label, spec.initial(initial))?;
            Ok(BoolHandle(Handle::new(field, &stats.instance, stats.is_shared)))
        })
    }

    /// Makes it `value`.
    fn mmstats_bool_set(this: Option<&BoolHandle>, value: bool) {
        if let Some(BoolHandle(handle)) = this {
            handle.with(|field| field.set(value));
        }
    }

    /// What it is.
    fn mmstats_bool_value(this: Option<&BoolHandle>) -> bool {
        this.and_then(|BoolHandle(handle)| handle.with(Bool::value)).unwrap_or(false)
    }
}
