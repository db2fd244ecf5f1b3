//! JSON values in one line, safe on a terminal: what [`crate::escape()`] would escape is escaped the way
//! JSON does it.

use std::fmt::{self, Write as _};
use std::io::Write as _;

use mmstats::Value;

use crate::escape::{is_plain, is_unsafe};

/// Something to be written as JSON.
#[derive(Clone, Copy, Debug)]
pub enum Json<'a> {
    /// Bytes that should be UTF-8; what is not becomes U+FFFD, since JSON has no other way.
    Text(&'a [u8]),
    /// An integer in full, beyond 2^53, too.
    Integer(i128),
    /// A float; null where JSON has no word for it.
    Double(f64),
    /// As [`Json::Double`], in the shortest form for 32 bits.
    Float(f32),
    /// True or false.
    Bool(bool),
    /// Nobody can tell.
    Null,
}

impl<'a> From<Value<'a>> for Json<'a> {
    fn from(value: Value<'a>) -> Self {
        match value {
            Value::Bool(value) => Self::Bool(value),
            Value::Signed(value) => Self::Integer(value.into()),
            Value::Unsigned(value) => Self::Integer(value.into()),
            Value::Float(value) => Self::Float(value),
            Value::Double(value) => Self::Double(value),
            Value::Text(bytes) => Self::Text(bytes),
            compound => compound.as_f64().map_or(Self::Null, Self::Double),
        }
    }
}

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Text(bytes) => string(f, bytes),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Double(value) if value.is_finite() => write!(f, "{value:?}"),
            Self::Float(value) if value.is_finite() => write!(f, "{value:?}"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Double(_) | Self::Float(_) | Self::Null => f.write_str("null"),
        }
    }
}

impl Json<'_> {
    /// Appends it.
    pub fn push(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Text(bytes) if is_simple(bytes) => {
                out.push(b'"');
                out.extend_from_slice(bytes);
                out.push(b'"');
            }
            // Memory takes whatever is written to it.
            _ => drop(write!(out, "{self}")),
        }
    }
}

/// Whether nothing in it is escaped.
fn is_simple(bytes: &[u8]) -> bool {
    // Of eight bytes whether one is this.
    fn has(word: u64, byte: u8) -> bool {
        const EACH: u64 = 0x0101_0101_0101_0101;
        let other = word ^ (EACH * u64::from(byte));
        other.wrapping_sub(EACH) & !other & (EACH * 0x80) != 0
    }
    is_plain(bytes)
        && bytes.chunks(8).all(|chunk| {
            let mut eight = [b' '; 8];
            eight[..chunk.len()].copy_from_slice(chunk);
            let word = u64::from_ne_bytes(eight);
            !has(word, b'"') && !has(word, b'\\')
        })
}

fn string(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    f.write_char('"')?;
    if is_simple(bytes) {
        f.write_str(&String::from_utf8_lossy(bytes))?;
        return f.write_char('"');
    }
    for char in String::from_utf8_lossy(bytes).chars() {
        match char {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            // All of them are in the basic plane, so four digits do.
            char if is_unsafe(char) => write!(f, "\\u{:04x}", char as u32)?,
            char => f.write_char(char)?,
        }
    }
    f.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_safe_and_read_back() {
        assert_eq!(Json::Text(b"a\"b\\c\n\x1b[1m\xff").to_string(), "\"a\\\"b\\\\c\\n\\u001b[1m\u{fffd}\"");
        assert_eq!(Json::Text("\u{202e}✓".as_bytes()).to_string(), "\"\\u202e✓\"");
    }

    #[test]
    fn every_byte_is_looked_at() {
        for byte in 0..=u8::MAX {
            for at in 0..18 {
                let mut text = vec![b'a'; 18];
                text[at] = byte;
                let is_simple = matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
                assert_eq!(super::is_simple(&text), is_simple, "{byte} at {at}");
                assert_eq!(super::is_simple(&text[..=at]), is_simple, "{byte} at the end");
            }
        }
        assert!(is_simple(b""));
    }

    #[test]
    fn numbers_are_whole_or_null() {
        assert_eq!(Json::from(Value::Unsigned(u64::MAX)).to_string(), "18446744073709551615");
        assert_eq!(Json::Double(1e300).to_string(), "1e300");
        assert_eq!(Json::Double(1.0).to_string(), "1.0");
        assert_eq!(Json::Float(0.1).to_string(), "0.1");
        assert_eq!(Json::Double(f64::NAN).to_string(), "null");
        assert_eq!(Json::Float(f32::INFINITY).to_string(), "null");
    }
}
