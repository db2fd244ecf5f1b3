//! Labels and numbers as the text format has them.

use std::borrow::Cow;

use cli::{escape, push_number};
use mmstats::Value;

/// Appends `name="value",`. Backslash, quote and newline are escaped as the format has it; what is
/// unsafe on a terminal was escaped before.
pub(crate) fn label(out: &mut String, name: &str, value: &str) {
    out.push_str(name);
    out.push_str("=\"");
    push_escaped(out, value, true);
    out.push_str("\",");
}

/// Appends a text in which the format's own characters are escaped. A quote is one in labels only.
pub(crate) fn push_escaped(out: &mut String, text: &str, has_quotes: bool) {
    if !text.bytes().any(|byte| matches!(byte, b'\\' | b'"' | b'\n')) {
        return out.push_str(text);
    }
    for char in text.chars() {
        match char {
            '\\' => out.push_str("\\\\"),
            '"' if has_quotes => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            char => out.push(char),
        }
    }
}

/// What an attribute says. A newline is one to Prometheus, which escapes it; all else is made safe for terminals.
pub(crate) fn attribute(value: &str) -> Cow<'_, str> {
    if !value.contains('\n') {
        return escape(value.as_bytes());
    }
    let lines: Vec<_> = value.split('\n').map(|line| escape(line.as_bytes())).collect();
    lines.join("\n").into()
}

/// A file's path, escaped so that no two are alike: a backslash of its own is doubled.
pub(crate) fn distinct(path: &[u8]) -> String {
    let mut doubled = Vec::with_capacity(path.len());
    for &byte in path {
        doubled.extend_from_slice(if byte == b'\\' { b"\\\\" } else { std::slice::from_ref(&byte) });
    }
    escape(&doubled).into_owned()
}

/// Appends a number as Go's `ParseFloat` reads it.
pub(crate) fn push_for_go(out: &mut Vec<u8>, value: Value<'_>) {
    match value.as_f64() {
        Some(double) if double.is_nan() => out.extend_from_slice(b"NaN"),
        Some(f64::INFINITY) => out.extend_from_slice(b"+Inf"),
        Some(f64::NEG_INFINITY) => out.extend_from_slice(b"-Inf"),
        _ => match value {
            Value::Bool(value) => out.push(b'0' + u8::from(value)),
            number => push_number(out, number),
        },
    }
}

/// A number that is not text yet: there may be very many.
#[derive(Debug)]
pub(crate) enum Number {
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f32),
    Double(f64),
    /// One that none of these holds.
    Text(Box<str>),
}

impl Number {
    /// Appends it as Go's `ParseFloat` reads it.
    pub(crate) fn push_to(&self, out: &mut Vec<u8>) {
        let value = match self {
            Self::Text(text) => return out.extend_from_slice(text.as_bytes()),
            Self::Bool(value) => Value::Bool(*value),
            Self::Signed(value) => Value::Signed(*value),
            Self::Unsigned(value) => Value::Unsigned(*value),
            Self::Float(value) => Value::Float(*value),
            Self::Double(value) => Value::Double(*value),
        };
        push_for_go(out, value);
    }
}

impl From<i128> for Number {
    fn from(value: i128) -> Self {
        let unsigned = u64::try_from(value).map(Self::Unsigned);
        let either = unsigned.or_else(|_| i64::try_from(value).map(Self::Signed));
        either.unwrap_or_else(|_| Self::Text(value.to_string().into()))
    }
}

/// The same as text.
pub(crate) fn for_go(value: Value<'_>) -> String {
    let mut out = Vec::new();
    push_for_go(&mut out, value);
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_go_reads() {
        for (value, want) in [
            (Value::Double(f64::NEG_INFINITY), "-Inf"),
            (Value::Float(f32::NAN), "NaN"),
            (Value::Bool(true), "1"),
            (Value::Double(1e300), "1e300"),
            (Value::Unsigned(u64::MAX), "18446744073709551615"),
        ] {
            assert_eq!(for_go(value), want);
        }
    }

    #[test]
    fn whole_numbers_are_written_in_full() {
        for value in [0, -1, i128::from(u64::MAX), i128::from(u64::MAX) + 1, i128::from(i64::MIN), i128::MIN]
        {
            let mut out = Vec::new();
            Number::from(value).push_to(&mut out);
            assert_eq!(out, value.to_string().as_bytes());
        }
    }

    #[test]
    fn labels_are_escaped_once() {
        let mut out = String::new();
        label(&mut out, "a", &attribute("say \"hi\"\\\n\x1b"));
        assert_eq!(out, "a=\"say \\\"hi\\\"\\\\\\n\\\\x1b\",");
    }
}
