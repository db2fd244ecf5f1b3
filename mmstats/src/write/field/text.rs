//! Text of a stated size.

use std::fmt;

use super::Spec;
use crate::error::Error;
use crate::format::kind::MetricType;
use crate::write::about::About;
use crate::write::builder::Builder;
use crate::write::description::{Data, Description};
use crate::write::memory::slot::TextSlot;
use crate::write::model::labelled;
use crate::write::values;

/// Bytes of a [`Text`] where nothing else is said.
const DEFAULT_SIZE: usize = 255;
/// Bytes of a text that is put together on the stack.
const ON_STACK: usize = 512;

/// Text that changes. On disk two copies that are written by turns.
///
/// In version 1 it is `255s` (or the size that was chosen), two buffers. The original writes such text in one
/// buffer, where a reader may see half of an update; its readers take two just as well. Where a text leaves five
/// bytes, a count of the updates is after it, so that readers need no more than two looks; longer text costs
/// them eight.
///
/// ```
/// use mmstats::{Options, Text};
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let page = Options::new().dir(dir).create_with(|fields| fields.add("page", Text::spec().size(32)))?;
/// page.set("/index.html");
/// page.set_fmt(format_args!("/article/{}", 42));
/// assert_eq!(page.value(), "/article/42");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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

    /// Makes it what `text` says, cut as [`Text::set`] does. Where the field holds at most 512 bytes, nothing is
    /// allocated. An argument whose `Display` fails ends the text.
    pub fn set_fmt(&self, text: fmt::Arguments<'_>) {
        if let Some(text) = text.as_str() {
            return self.set(text);
        }
        let (mut small, mut large);
        let room: &mut [u8] = if self.size <= ON_STACK {
            small = [0; ON_STACK];
            &mut small[..self.size]
        } else {
            large = vec![0; self.size];
            &mut large
        };
        let mut writer = Cut { room, len: 0 };
        // What did not fit is cut.
        let _ = fmt::Write::write_fmt(&mut writer, text);
        let Cut { room, len } = writer;
        // Only whole characters were written.
        if let Ok(text) = std::str::from_utf8(&room[..len]) {
            self.set(text);
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

/// Takes text up to its size, and then no more.
struct Cut<'a> {
    room: &'a mut [u8],
    len: usize,
}

impl fmt::Write for Cut<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = &mut self.room[self.len..];
        let fits = cut(text, room.len());
        room[..fits.len()].copy_from_slice(fits.as_bytes());
        self.len += fits.len();
        if fits.len() == text.len() { Ok(()) } else { Err(fmt::Error) }
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
