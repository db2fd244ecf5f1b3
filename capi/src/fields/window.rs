//! What was added in the last seconds.

use std::ptr::null;

use mmstats::Window;

use crate::border::Chars;
use crate::handle::Handle;
use crate::spec::{Spec, choose};
use crate::stats::{Kind, Stats, add};

const KIND: Kind = Kind { name: "a window", options: &["unit", "help", "seconds"] };

/// C's `mmstats_window`.
#[repr(align(64))]
pub(crate) struct WindowHandle(Handle<Window>);

export! {
    /// Adds a window.
    fn mmstats_add_window(stats: Option<&Stats>, label: Chars<'_>, spec: Option<&Spec>)
        -> *const WindowHandle, else null(); {
        add(stats, label, spec, &KIND, |stats, label, spec| {
            let field = stats.instance.add_field(label, choose!(spec, Window::spec(), unit help seconds))?;
            Ok(WindowHandle(Handle::new(field, &stats.instance, stats.is_shared)))
        })
    }

    /// Adds a value.
    fn mmstats_window_add(this: Option<&WindowHandle>, value: f64) {
        if let Some(WindowHandle(handle)) = this {
            handle.with(|field| field.add(value));
        }
    }

    /// How many values there were.
    fn mmstats_window_count(this: Option<&WindowHandle>) -> u64 {
        this.and_then(|WindowHandle(handle)| handle.with(Window::count)).unwrap_or(0)
    }

    /// Their mean.
    fn mmstats_window_value(this: Option<&WindowHandle>) -> f64 {
        this.and_then(|WindowHandle(handle)| handle.with(Window::value)).flatten().unwrap_or(f64::NAN)
    }

    /// The greatest.
    fn mmstats_window_max(this: Option<&WindowHandle>) -> f64 {
        this.and_then(|WindowHandle(handle)| handle.with(Window::max)).flatten().unwrap_or(f64::NAN)
    }
}
