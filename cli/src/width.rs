//! How wide text is on a terminal: some characters take two columns, some none.

use unicode_width::UnicodeWidthChar;

/// The columns that `text` takes, which is escaped. Characters are taken one by one, as most terminals do.
#[must_use]
pub fn width(text: &str) -> usize {
    // Nearly everything is ASCII, and escaping leaves no control characters.
    if text.is_ascii() { text.len() } else { text.chars().map(columns).sum() }
}

/// As much of the beginning of `text` as `columns` hold.
#[must_use]
pub fn beginning(text: &str, columns: usize) -> &str {
    let end = text.char_indices().zip(sums(text.chars())).find(|(_, sum)| *sum > columns);
    &text[..end.map_or(text.len(), |((at, _), _)| at)]
}

/// As much of the end of `text` as `columns` hold. It does not begin with a mark that belongs to a character
/// before it.
#[must_use]
pub fn end(text: &str, columns: usize) -> &str {
    let fits = text.char_indices().rev().zip(sums(text.chars().rev())).take_while(|(_, sum)| *sum <= columns);
    let start = fits.filter(|((_, char), _)| self::columns(*char) > 0).last();
    start.map_or("", |((at, _), _)| &text[at..])
}

fn columns(char: char) -> usize {
    char.width().unwrap_or(0)
}

/// The columns that characters take up to each, with it.
fn sums(chars: impl Iterator<Item = char>) -> impl Iterator<Item = usize> {
    chars.scan(0, |sum, char| {
        *sum += columns(char);
        Some(*sum)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_not_characters() {
        assert_eq!(width("abc"), 3);
        assert_eq!(width("日本"), 4);
        assert_eq!(width("e\u{301}"), 1, "a combining mark");
        assert_eq!(width("a\u{200b}b"), 2, "a space without width");
        assert_eq!(width("…"), 1);
    }

    #[test]
    fn no_character_is_cut() {
        assert_eq!(beginning("日本", 3), "日");
        assert_eq!(beginning("e\u{301}x", 1), "e\u{301}");
        assert_eq!(beginning("ab", 5), "ab");
        assert_eq!(end("日本", 3), "本");
        assert_eq!(end("xe\u{301}", 1), "e\u{301}");
        assert_eq!(end("日\u{301}x", 1), "x");
        assert_eq!(end("ab", 5), "ab");
        assert_eq!((beginning("日", 1), end("日", 1)), ("", ""));
    }
}
