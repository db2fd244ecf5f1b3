//! Labels that end with attributes, as Prometheus writes them: `requests{route="/a",method="GET"}`.
//!
//! They need no bytes of their own in the file. A backslash, a quote and a newline in a value are written
//! `\\`, `\"` and `\n`; all else is written as it is.

use std::borrow::Cow;
use std::fmt;

/// A label, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label<'a> {
    /// What comes before the attributes.
    pub name: &'a str,
    /// Names and values, in the order in which they are written.
    pub attributes: Vec<(&'a str, Cow<'a, str>)>,
}

/// Why a label's attributes make no sense, or cannot be written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadLabel {
    /// Nothing is before the attributes.
    NoName,
    /// The name has a brace, which begins the attributes.
    Brace,
    /// An attribute's name is not a letter or `_` with letters, digits and `_` after it.
    Name(String),
    /// An attribute's name begins with two `_`, which Prometheus keeps for itself.
    Reserved(String),
    /// An attribute comes twice.
    Twice(String),
    /// An attribute has no value in quotes.
    Quotes(String),
    /// A backslash that is not before a backslash, a quote or an `n`, or a line that ends within quotes.
    Escape(String),
    /// The attributes do not end with a brace, or there are none between the braces.
    End,
}

impl fmt::Display for BadLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoName => f.write_str("the label has no name before its attributes"),
            Self::Brace => f.write_str("the name has a brace"),
            Self::Name(name) => write!(f, "{name:?} is no name for an attribute: letters, digits and _ are"),
            Self::Reserved(name) => write!(f, "the attribute {name} begins with __, which is reserved"),
            Self::Twice(name) => write!(f, "the attribute {name} is there twice"),
            Self::Quotes(name) => write!(f, "the attribute {name} has no value in quotes"),
            Self::Escape(name) => write!(f, "the attribute {name} has a value that is not escaped"),
            Self::End => f.write_str("the attributes do not end with a brace, or there are none"),
        }
    }
}

impl std::error::Error for BadLabel {}

/// Takes a label apart. One without a `{` has no attributes.
///
/// # Errors
/// If the label has a `{` and what follows is not written as [`build`] writes it. A reader takes such a label as
/// it is, for its writer may mean something else by the brace.
pub fn parse(label: &str) -> Result<Label<'_>, BadLabel> {
    let Some((name, mut rest)) = label.split_once('{') else {
        return Ok(Label { name: label, attributes: Vec::new() });
    };
    if name.is_empty() {
        return Err(BadLabel::NoName);
    }
    let mut attributes: Vec<(&str, Cow<'_, str>)> = Vec::new();
    loop {
        let end = rest.find(['=', ',', '}', '"']).ok_or(BadLabel::End)?;
        let attribute = &rest[..end];
        if attribute.is_empty() && rest.starts_with('}') {
            return Err(BadLabel::End);
        }
        check_name(attribute)?;
        if attributes.iter().any(|(name, _)| *name == attribute) {
            return Err(BadLabel::Twice(attribute.to_owned()));
        }
        let quoted = rest[end..].strip_prefix("=\"").ok_or_else(|| BadLabel::Quotes(attribute.to_owned()))?;
        let (value, after) = unquote(attribute, quoted)?;
        attributes.push((attribute, value));
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None if after == "}" => return Ok(Label { name, attributes }),
            None => return Err(BadLabel::End),
        }
    }
}

/// Puts a label together. Without attributes it is the name.
///
/// # Errors
/// If the name is empty or has a brace, or an attribute's name is none, is reserved, or comes twice.
pub fn build(name: &str, attributes: &[(&str, &str)]) -> Result<String, BadLabel> {
    let mut label = String::new();
    build_into(&mut label, name, attributes)?;
    Ok(label)
}

/// As [`build`], into an empty text.
///
/// # Errors
/// As [`build`]. Then part of the label is in the text.
pub fn build_into(label: &mut String, name: &str, attributes: &[(&str, &str)]) -> Result<(), BadLabel> {
    if name.is_empty() {
        return Err(BadLabel::NoName);
    }
    if name.contains(['{', '}']) {
        return Err(BadLabel::Brace);
    }
    label.push_str(name);
    for (place, (attribute, value)) in attributes.iter().enumerate() {
        check_name(attribute)?;
        if attributes[..place].iter().any(|(name, _)| name == attribute) {
            return Err(BadLabel::Twice((*attribute).to_owned()));
        }
        label.push(if place == 0 { '{' } else { ',' });
        label.push_str(attribute);
        label.push_str("=\"");
        push_escaped(label, value);
        label.push('"');
    }
    if !attributes.is_empty() {
        label.push('}');
    }
    Ok(())
}

fn push_escaped(label: &mut String, value: &str) {
    let mut rest = value;
    // Most values have nothing to escape.
    while let Some(at) = rest.bytes().position(|byte| matches!(byte, b'\\' | b'"' | b'\n')) {
        let (plain, special) = rest.split_at(at);
        label.push_str(plain);
        label.push_str(match special.as_bytes()[0] {
            b'\\' => "\\\\",
            b'"' => "\\\"",
            _ => "\\n",
        });
        rest = &special[1..];
    }
    label.push_str(rest);
}

fn check_name(name: &str) -> Result<(), BadLabel> {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let is_name = name.bytes().next().is_some_and(is_letter)
        && name.bytes().all(|byte| is_letter(byte) || byte.is_ascii_digit());
    if !is_name {
        return Err(BadLabel::Name(name.to_owned()));
    }
    if name.starts_with("__") { Err(BadLabel::Reserved(name.to_owned())) } else { Ok(()) }
}

/// The value up to the closing quote, and what is after that.
fn unquote<'a>(attribute: &str, quoted: &'a str) -> Result<(Cow<'a, str>, &'a str), BadLabel> {
    let mut value = Cow::Borrowed("");
    let mut rest = quoted;
    loop {
        let end = rest.find(['"', '\\', '\n']).ok_or_else(|| BadLabel::Quotes(attribute.to_owned()))?;
        value += &rest[..end];
        let escaped = match &rest.as_bytes()[end..] {
            [b'"', ..] => return Ok((value, &rest[end + 1..])),
            [b'\\', b'n', ..] => "\n",
            [b'\\', b'\\', ..] => "\\",
            [b'\\', b'"', ..] => "\"",
            _ => return Err(BadLabel::Escape(attribute.to_owned())),
        };
        value += escaped;
        rest = &rest[end + 2..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_taken_apart_and_put_together() {
        for (label, name, attributes) in [
            ("hits", "hits", &[][..]),
            ("a}b", "a}b", &[]),
            ("hits{route=\"/a\"}", "hits", &[("route", "/a")]),
            ("h{a=\"\",_b1=\"}{,=\"}", "h", &[("a", ""), ("_b1", "}{,=")]),
            ("h{a=\"\\\\n\\\"\\n\"}", "h", &[("a", "\\n\"\n")]),
            ("grün{ort=\"Köln\"}", "grün", &[("ort", "Köln")]),
        ] {
            let found = parse(label).unwrap();
            assert_eq!(found.name, name);
            let pairs: Vec<_> = found.attributes.iter().map(|(name, value)| (*name, &**value)).collect();
            assert_eq!(pairs, attributes, "{label}");
            if label != "a}b" {
                assert_eq!(build(name, attributes).unwrap(), label);
            }
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let of = |label| parse(label).unwrap_err().to_string();
        assert_eq!(of("{a=\"b\"}"), "the label has no name before its attributes");
        assert_eq!(of("h{a=b}"), "the attribute a has no value in quotes");
        assert_eq!(of("h{a}"), "the attribute a has no value in quotes");
        assert_eq!(of("h{a=\"b}"), "the attribute a has no value in quotes");
        assert_eq!(of("h{a b=\"c\"}"), "\"a b\" is no name for an attribute: letters, digits and _ are");
        assert_eq!(of("h{1=\"c\"}"), "\"1\" is no name for an attribute: letters, digits and _ are");
        assert_eq!(of("h{__a=\"c\"}"), "the attribute __a begins with __, which is reserved");
        assert_eq!(of("h{a=\"c\",a=\"d\"}"), "the attribute a is there twice");
        assert_eq!(of("h{a=\"\\t\"}"), "the attribute a has a value that is not escaped");
        assert_eq!(of("h{a=\"\n\"}"), "the attribute a has a value that is not escaped");
        for open in ["h{", "h{}", "h{a=\"c\"", "h{a=\"c\"}x", "h{a=\"c\" }"] {
            assert_eq!(parse(open), Err(BadLabel::End), "{open}");
        }
        assert_eq!(build("a{b", &[]), Err(BadLabel::Brace));
        assert_eq!(build("", &[("a", "b")]), Err(BadLabel::NoName));
        assert_eq!(build("a", &[("b", ""), ("b", "")]), Err(BadLabel::Twice("b".into())));
        assert!(build("a", &[("b-c", "")]).is_err());
    }
}
