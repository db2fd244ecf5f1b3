//! Text of a stated size.

use super::{Field, Spec};
use crate::error::Error;
use crate::write::memory::slot::TextSlot;
use crate::write::model::{Builder, labelled};
use crate::write::store::Encoding;

/// Bytes of a [`Text`] where nothing else is said.
const DEFAULT_SIZE: usize = 255;
/// Bytes of a [`StaticText`].
const STATIC_SIZE: usize = 256;

/// Text that changes. On disk `255s` (or the size that was chosen), two buffers.
///
/// The original writes such text in one buffer, where a reader may see half of an update; its readers
/// take two just as well. Where a text leaves five bytes, a count of the updates stands behind it, so that
/// readers need no more than two looks; longer text costs them eight.
pub struct Text {
    slot: TextSlot,
    size: usize,
}

/// What can be chosen for a [`Text`].
#[derive(Clone, Debug)]
pub struct TextSpec {
    size: usize,
    initial: String,
}

impl Default for TextSpec {
    fn default() -> Self {
        Self { size: DEFAULT_SIZE, initial: String::new() }
    }
}

impl TextSpec {
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

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<Text, Error> {
        let code = format!("{}s", self.size);
        let encoding = Encoding { code: &code, size: self.size, align: 1, buffered: true };
        let initial = cut(&self.initial, self.size);
        let slot = builder.place(labelled(label, name), encoding, initial.as_bytes())?.text();
        Ok(Text { slot, size: self.size })
    }
}

impl Field for Text {
    type Spec = TextSpec;

    fn spec() -> TextSpec {
        TextSpec::default()
    }
}

impl Text {
    /// The spec, for [`Builder::add`].
    #[must_use]
    pub fn spec() -> TextSpec {
        TextSpec::default()
    }

    /// Makes it `text`, cut between two characters if it is too long. Readers see what stands before
    /// the first NUL.
    #[inline]
    pub fn set(&self, text: &str) {
        self.slot.set(cut(text, self.size).as_bytes());
    }

    /// What readers see.
    #[must_use]
    pub fn value(&self) -> String {
        let mut bytes = self.slot.bytes();
        let end = bytes.iter().position(|&byte| byte == 0);
        bytes.truncate(end.unwrap_or(bytes.len()));
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
fn cut(text: &str, size: usize) -> &str {
    if text.len() <= size {
        return text;
    }
    let mut end = size;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Text that is given once, when the instance is made. On disk `256s`, one buffer.
pub struct StaticText {
    value: String,
}

/// A [`StaticText`] that lacks its value.
#[derive(Clone, Copy, Debug, Default)]
pub struct StaticTextStart(());

/// A [`StaticText`] with its value.
#[derive(Clone, Copy, Debug)]
pub struct StaticTextSpec<F> {
    value: F,
}

impl StaticTextStart {
    /// The value, cut between two characters after 256 bytes.
    #[must_use]
    pub fn value<T: Into<String>>(self, value: T) -> StaticTextSpec<impl FnOnce() -> T> {
        self.with(move || value)
    }

    /// The value is what `get` gives when the instance is made.
    #[must_use]
    pub fn with<T: Into<String>, F: FnOnce() -> T>(self, get: F) -> StaticTextSpec<F> {
        StaticTextSpec { value: get }
    }
}

impl<T: Into<String>, F: FnOnce() -> T> Spec for StaticTextSpec<F> {
    type Field = StaticText;

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<StaticText, Error> {
        let mut value: String = (self.value)().into();
        value.truncate(cut(&value, STATIC_SIZE).len());
        let encoding = Encoding { code: "256s", size: STATIC_SIZE, align: 1, buffered: false };
        builder.place(labelled(label, name), encoding, value.as_bytes())?;
        Ok(StaticText { value })
    }
}

impl Field for StaticText {
    type Spec = StaticTextStart;

    fn spec() -> StaticTextStart {
        StaticTextStart::default()
    }
}

impl StaticText {
    /// The spec, for [`Builder::add`]. It wants a value.
    #[must_use]
    pub fn spec() -> StaticTextStart {
        StaticTextStart::default()
    }

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
