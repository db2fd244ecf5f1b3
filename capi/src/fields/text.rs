//! Text that changes.

use std::ffi::c_char;
use std::ptr::null;

use mmstats::Text;

use crate::border::{Array, Chars, Room};
use crate::handle::Handle;
use crate::spec::{Spec, choose};
use crate::stats::{Kind, Stats, add};

const KIND: Kind = Kind { name: "a text", options: &["unit", "help", "size", "initial_text"] };

/// C's `mmstats_text`.
#[repr(align(64))]
pub(crate) struct TextHandle(Handle<Text>);

impl TextHandle {
    fn set(&self, text: &[u8]) {
        let text = match std::str::from_utf8(text) {
            // A character that was cut at the end is left out.
            Err(bad) if bad.error_len().is_none() => &text[..bad.valid_up_to()],
            _ => text,
        };
        let text = String::from_utf8_lossy(text);
        self.0.with(|field| field.set(&text));
    }
}

export! {
    /// Adds a text.
    fn mmstats_add_text(stats: Option<&Stats>, label: Chars<'_>, spec: Option<&Spec>)
        -> *const TextHandle, else null(); {
        add(stats, label, spec, &KIND, |stats, label, spec| {
            let initial = spec.initial_text.take().unwrap_or_default();
            let spec = choose!(spec, Text::spec(), unit help size);
            let field = stats.instance.add_field(label, spec.initial(initial))?;
            Ok(TextHandle(Handle::new(field, &stats.instance, stats.is_shared)))
        })
    }

    /// Makes it `text`.
    fn mmstats_text_set(this: Option<&TextHandle>, text: Chars<'_>) {
        if let (Some(this), Some(text)) = (this, text.bytes()) {
            this.set(text);
        }
    }

    /// Makes it `len` bytes.
    fn mmstats_text_set_len(this: Option<&TextHandle>, text: Array<'_, u8>, len: usize) {
        if let Some(this) = this {
            this.set(text.with_len(len));
        }
    }

    /// What it is.
    fn mmstats_text_value(this: Option<&TextHandle>, room: Room<'_, u8>, size: usize) -> usize {
        let value = this.and_then(|TextHandle(handle)| handle.with(Text::value)).unwrap_or_default();
        let mut bytes = value.into_bytes();
        let len = bytes.len();
        bytes.truncate(size.saturating_sub(1));
        bytes.push(0);
        room.fill(size, &bytes);
        len
    }
}

// What is given by characters in C is bytes here.
const _: () = assert!(size_of::<c_char>() == size_of::<u8>());
