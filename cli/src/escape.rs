//! Labels, text values and paths come from strangers: what could act on a terminal, or break a record
//! in two, is escaped; what is clean is printed as it is.

use std::borrow::Cow;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Escapes control characters (`\n`, `\t`, `\x1b`), bytes that are not UTF-8 (`\xff`), characters that
/// turn the direction of writing, and line separators (`\u{202e}`).
#[must_use]
pub fn escape(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        if is_plain(bytes) || !text.chars().any(is_unsafe) {
            return Cow::Borrowed(text);
        }
    }
    let mut out = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                char if !is_unsafe(char) => out.push(char),
                // Writing to a String cannot fail.
                char if char.is_ascii() => drop(write!(out, "\\x{:02x}", char as u32)),
                char => drop(write!(out, "\\u{{{:x}}}", char as u32)),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    Cow::Owned(out)
}

/// Whether there is nothing but printable ASCII. Nearly everything is that, and there is a lot of it: it is
/// told without decoding, eight bytes at a time.
pub(crate) fn is_plain(bytes: &[u8]) -> bool {
    match bytes.last_chunk() {
        // The last eight may have been seen in part.
        Some(last) => {
            bytes.chunks_exact(8).all(|eight| eight.try_into().is_ok_and(are_plain)) && are_plain(*last)
        }
        None => bytes.iter().all(|byte| matches!(byte, b' '..=b'~')),
    }
}

/// [`is_plain`] for eight bytes. The first byte that is not plain sets its high bit in one of the three
/// words; borrow and carry come from no other.
fn are_plain(eight: [u8; 8]) -> bool {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_le_bytes(eight);
    let below_space = word.wrapping_sub(EACH * 0x20);
    let above_tilde = word.wrapping_add(EACH);
    (word | below_space | above_tilde) & (EACH * 0x80) == 0
}

/// [`escape`] for a path.
#[must_use]
pub fn escape_path(path: &Path) -> Cow<'_, str> {
    escape(path.as_os_str().as_bytes())
}

/// Whether a character must not reach a terminal or a record as it is.
pub(crate) fn is_unsafe(char: char) -> bool {
    char.is_control()
        || matches!(char,
            // Marks, embeddings, overrides and isolates of the bidirectional algorithm.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Line and paragraph separator.
            | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clean_text_is_printed_as_it_is() {
        for text in ["", "web.stats.status.2XX", "grün ✓ 日本", "a\\n b \"c\""] {
            assert!(matches!(escape(text.as_bytes()), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn every_byte_that_is_not_plain_is_seen_at_every_place() {
        for len in 1..20 {
            for at in 0..len {
                for byte in 0..=u8::MAX {
                    for rest in *b" ~" {
                        let mut bytes = vec![rest; len];
                        bytes[at] = byte;
                        assert_eq!(is_plain(&bytes), matches!(byte, b' '..=b'~'), "{byte} at {at} of {len}");
                    }
                }
            }
        }
    }

    #[test]
    fn terminal_control_sequences_are_shown() {
        assert_eq!(escape(b"\x1b[31mred\x07"), "\\x1b[31mred\\x07");
        assert_eq!(escape("\u{9b}31m".as_bytes()), "\\u{9b}31m", "the one-character form of ESC [");
        assert_eq!(escape(b"\x9b31m"), "\\x9b31m", "and its byte");
        assert_eq!(escape(b"\x7f"), "\\x7f");
    }

    #[test]
    fn a_record_stays_one_line() {
        assert_eq!(escape("a\nb\tc\rd\u{2028}e\u{85}".as_bytes()), "a\\nb\\tc\\rd\\u{2028}e\\u{85}");
    }

    #[test]
    fn text_cannot_be_turned_around() {
        assert_eq!(escape("\u{202e}cod.exe\u{2066}".as_bytes()), "\\u{202e}cod.exe\\u{2066}");
    }

    #[test]
    fn bytes_that_are_not_text_are_shown() {
        assert_eq!(escape(b"a\xffb\xc3"), "a\\xffb\\xc3");
    }
}
