//! Text of a stated size.

use super::Spec;
use crate::error::Error;
use crate::format::kind::MetricType;
use crate::write::about::About;
use crate::write::description::{Data, Description};
use crate::write::memory::slot::TextSlot;
use crate::write::model::{Builder, labelled};
use crate::write::values;

/// Bytes of a [`Text`] where nothing else is said.
const DEFAULT_SIZE: usize = 255;

/// Text that changes. On disk two copies that are written by turns.
///
/// In version 1 it is `255s` (or the size that was chosen), two buffers. The original writes such text in one
/// buffer, where a reader may see half of an update; its readers take two just as well. Where a text leaves five
/// bytes, a count of the updates is after it, so that readers need no more than two looks; longer text costs
/// them eight.
pub struct Text {
    /// In version 1, else in version 2.
    slot: Result<TextSlot, values::text::Text>,
    size: usize,
}

/// What can be chosen for a [`Text`].
#[derive(Clone, Debug)]
pub struct TextSpec {
    size: usize,
    initial: String,
    about: About,
}

impl Default for TextSpec {
    fn default() -> Self {
        Self { size: DEFAULT_SIZE, initial: String::new(), about: About::default() }
    }
}

impl TextSpec {
    crate::write::about::described!();

    /// Bytes that it holds, at least 1. The file holds twice as many. Default: 255.
    #[must_use]
    pub fn size(mut self, bytes: usize) -> Self {
        self.size = bytes.max(1);
        self
    }

    /// The first value. Default: empty.
    #[must_use]
    pub fn initial(mut self, text: impl Into<String>) -> Self {
        self.initial = text.into();
        self
    }
}

impl Spec for TextSpec {
    type Field = Text;

    fn document(mut self, doc: &str) -> Self {
        self.about.document(doc);
        self
    }

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<Text, Error> {
        let data = Data::Text { capacity: self.size, initial: cut(&self.initial, self.size) };
        let field = Description { data, metric: MetricType::Info, about: &self.about };
        let added = builder.place(labelled(label, name), &field)?;
        // What was placed is in a file, whose size has 32 bits.
        #[allow(clippy::cast_possible_truncation)]
        Ok(Text { slot: added.text(self.size as u32), size: self.size })
    }
}

super::spec_of!(Text, TextSpec);

impl Text {
    /// Makes it `text`, cut between two characters if it is too long. In version 1 readers see what is before
    /// the first NUL.
    #[inline]
    pub fn set(&self, text: &str) {
        let bytes = cut(text, self.size).as_bytes();
        match &self.slot {
            Ok(slot) => slot.set(bytes),
            Err(value) => value.set(bytes),
        }
    }

    /// What readers see.
    #[must_use]
    pub fn value(&self) -> String {
        let bytes = match &self.slot {
            Ok(slot) => {
                let mut bytes = slot.bytes();
                let end = bytes.iter().position(|&byte| byte == 0);
                bytes.truncate(end.unwrap_or(bytes.len()));
                bytes
            }
            Err(value) => value.bytes(),
        };
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Bytes that it holds.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }
}

/// As much of `text` as fits `size` bytes without cutting a character in two.
#[inline]
pub(crate) fn cut(text: &str, size: usize) -> &str {
    if text.len() <= size {
        return text;
    }
    let mut end = size;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Text that is given once, when the instance is made. On disk its bytes; in version 1 `256s`, one buffer, cut
/// between two characters.
pub struct StaticText {
    value: String,
}

/// A [`StaticText`] that lacks its value.
#[derive(Clone, Debug, Default)]
pub struct StaticTextStart {
    about: About,
}

/// A [`StaticText`] with its value.
#[derive(Clone, Debug)]
pub struct StaticTextSpec<F> {
    value: F,
    about: About,
}

impl<F> StaticTextSpec<F> {
    crate::write::about::described!();
}

impl StaticTextStart {
    crate::write::about::described!();

    /// The value.
    #[must_use]
    pub fn value<T: Into<String>>(self, value: T) -> StaticTextSpec<impl FnOnce() -> T> {
        self.with(move || value)
    }

    /// The value is what `get` gives when the instance is made.
    #[must_use]
    pub fn with<T: Into<String>, F: FnOnce() -> T>(self, get: F) -> StaticTextSpec<F> {
        StaticTextSpec { value: get, about: self.about }
    }
}

impl<T: Into<String>, F: FnOnce() -> T> Spec for StaticTextSpec<F> {
    type Field = StaticText;

    fn document(mut self, doc: &str) -> Self {
        self.about.document(doc);
        self
    }

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<StaticText, Error> {
        let value: String = (self.value)().into();
        let data = Data::FixedText(&value);
        let field = Description { data, metric: MetricType::Info, about: &self.about };
        builder.place(labelled(label, name), &field)?;
        Ok(StaticText { value })
    }
}

super::spec_of!(StaticText, StaticTextStart);

impl StaticText {
    /// What was given.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "abc");
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("aé", 3), "aé");
        assert_eq!(cut("𝄞", 3), "");
    }
}
