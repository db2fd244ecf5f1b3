//! Which files count: `-f KEY` and `-f KEY=VALUE`.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use mmstats::{Followed, Value};

use crate::field::Spelling;

/// All that `-f` asks for. Each key must hold; of several values for one key, any may.
#[derive(Default)]
pub(crate) struct Filters {
    beginnings: Vec<Beginning>,
    values: Vec<ValueFilter>,
}

struct Beginning {
    spelling: Spelling,
    /// Whether a label of the file whose labels come now begins so.
    is_met: bool,
}

struct ValueFilter {
    spelling: Spelling,
    values: Vec<Vec<u8>>,
}

impl Filters {
    /// Takes one more in.
    pub(crate) fn add(&mut self, expression: OsString, prefix: &[u8]) {
        let bytes = expression.into_vec();
        match bytes.iter().position(|&byte| byte == b'=') {
            None => {
                let spelling = Spelling::with_or_without(prefix, &bytes);
                self.beginnings.push(Beginning { spelling, is_met: false });
            }
            Some(end) => {
                let (spelling, value) =
                    (Spelling::with_or_without(prefix, &bytes[..end]), bytes[end + 1..].to_vec());
                match self.values.iter_mut().find(|filter| filter.spelling == spelling) {
                    Some(filter) => filter.values.push(value),
                    None => self.values.push(ValueFilter { spelling, values: vec![value] }),
                }
            }
        }
    }

    /// The labels of another file come next.
    pub(crate) fn begin(&mut self) {
        self.beginnings.iter_mut().for_each(|beginning| beginning.is_met = false);
    }

    /// Hears of a label; true if its value matters.
    pub(crate) fn hear(&mut self, label: &[u8]) -> bool {
        for beginning in &mut self.beginnings {
            beginning.is_met |= beginning.spelling.is_begun_by(label);
        }
        self.values.iter().any(|filter| filter.spelling.rank(label).is_some())
    }

    /// Whether the labels of the file that were heard last hold what is asked for.
    pub(crate) fn are_begun(&self) -> bool {
        self.beginnings.iter().all(|beginning| beginning.is_met)
    }

    /// Whether the values of a file are those that are asked for.
    pub(crate) fn hold(&self, file: &Followed) -> bool {
        self.values.iter().all(|filter| {
            file.fields().any(|field| {
                let is_meant = filter.spelling.rank(field.label()).is_some();
                let is = |value: Value<'_>| filter.values.iter().any(|wanted| is_same(value, wanted));
                is_meant && field.value().is_some_and(is)
            })
        })
    }
}

/// A value as it would be printed, or a number that is equal: `1` is `1.0`, a bool is `1` or `true`.
fn is_same(value: Value<'_>, wanted: &[u8]) -> bool {
    if let Value::Text(bytes) = value {
        return bytes == wanted;
    }
    let Ok(wanted) = std::str::from_utf8(wanted) else { return false };
    let is_integer = value.as_integer().is_some_and(|value| wanted.parse() == Ok(value));
    let is_float = || match value {
        Value::Float(value) => wanted.parse() == Ok(value),
        Value::Double(value) => wanted.parse() == Ok(value),
        _ => false,
    };
    is_integer || is_float() || value.to_string() == wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_the_same_as_printed_or_as_numbers() {
        for (value, wanted) in [
            (Value::Unsigned(7), "7"),
            (Value::Bool(true), "true"),
            (Value::Bool(true), "1"),
            (Value::Double(1.0), "1"),
            (Value::Float(0.1), "0.1"),
            (Value::Text(b"a=b"), "a=b"),
        ] {
            assert!(is_same(value, wanted.as_bytes()), "{value} {wanted}");
        }
        assert!(!is_same(Value::Unsigned(7), b"70"));
        assert!(!is_same(Value::Text(b"7"), b"7.0"));
    }
}
