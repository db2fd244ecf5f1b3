//! What `--until` waits for: `LABEL OP VALUE`.

use std::cmp::Ordering;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use cli::Stop;
use figures::{Compound, Outcome, compare, part};
use mmstats::{DataType, Followed, FollowedField, Snapshot, SnapshotField, Value};

/// A comparison that ends the run once it holds.
#[derive(Debug)]
pub(crate) struct Until {
    /// The label whose value is compared.
    pub(crate) label: Vec<u8>,
    /// The label and the part of its value that are meant where no label is as it was typed.
    pub(crate) derived: Option<(Vec<u8>, String)>,
    operator: Operator,
    wanted: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Longer ones first: `<=` begins with `<`.
const OPERATORS: [(&[u8], Operator); 7] = [
    (b"!=", Operator::NotEqual),
    (b"<=", Operator::LessOrEqual),
    (b">=", Operator::GreaterOrEqual),
    (b"==", Operator::Equal),
    (b"=", Operator::Equal),
    (b"<", Operator::Less),
    (b">", Operator::Greater),
];

impl Until {
    /// Reads the option's value. Blanks around the operator mean nothing. A label with an operator in it, or
    /// with blanks at its ends, is in double quotes, where a backslash goes before quotes and backslashes.
    ///
    /// # Errors
    /// [`Stop::Usage`].
    pub(crate) fn parse(expression: &OsStr) -> Result<Self, Stop> {
        let bytes = expression.as_bytes().trim_ascii();
        let parsed = match bytes.strip_prefix(b"\"") {
            Some(rest) => quoted(rest).and_then(|(label, rest)| {
                let (before, operator, wanted) = split(rest)?;
                before.is_empty().then_some((label, operator, wanted))
            }),
            None => split(bytes).map(|(label, operator, wanted)| (label.to_vec(), operator, wanted)),
        };
        match parsed {
            Some((label, operator, wanted)) if !label.is_empty() => {
                let derived = part::split(&label).map(|(label, part)| (label.to_vec(), part.to_owned()));
                Ok(Self { label, derived, operator, wanted: wanted.to_vec() })
            }
            _ => Err(Stop::Usage(format!(
                "--until takes LABEL OP VALUE, OP = != < <= > or >=, not {expression:?}"
            ))),
        }
    }

    /// The field of a file whose value is compared, and which part of it, if not the whole.
    pub(crate) fn find<'a>(&'a self, file: &'a Followed) -> Option<(FollowedField<'a>, Option<&'a str>)> {
        let named = |label: &[u8]| file.fields().find(|field| field.label() == label);
        self.choose(named)
    }

    /// The same of a file that was read once.
    pub(crate) fn find_in<'a>(&'a self, file: &'a Snapshot) -> Option<(SnapshotField<'a>, Option<&'a str>)> {
        self.choose(|label| file.fields().flatten().find(|field| field.label() == label))
    }

    /// A label as it was typed comes before a part of another.
    fn choose<F>(&self, named: impl Fn(&[u8]) -> Option<F>) -> Option<(F, Option<&str>)> {
        if let Some(field) = named(&self.label) {
            return Some((field, None));
        }
        let (label, part) = self.derived.as_ref()?;
        Some((named(label)?, Some(part.as_str())))
    }

    /// Whether a value is as wanted. `None` if the two cannot be compared: a number with a word.
    pub(crate) fn holds(&self, value: &Outcome) -> Option<bool> {
        let wanted = std::str::from_utf8(&self.wanted).ok();
        let order = match value {
            Outcome::Text(text) => return Some(self.holds_for_text(text)),
            // Several files that do not agree are nothing that could be compared with one value.
            Outcome::Texts(texts) => match texts.as_slice() {
                [text] => return Some(self.holds_for_text(text)),
                _ => return Some(false),
            },
            Outcome::Several(values) => match values.as_slice() {
                [value] => return self.holds(value),
                _ => return Some(false),
            },
            // Which of its numbers is meant, nobody has said.
            Outcome::Compound(compound) => match compound.as_ref() {
                Compound::Mean(mean) => match mean.mean() {
                    Some(mean) => return self.holds(&Outcome::Double(mean)),
                    None => return self.may_hold().then_some(false),
                },
                _ => return None,
            },
            Outcome::Bool(value) => Some(value.cmp(&match wanted? {
                "true" | "1" => true,
                "false" | "0" => false,
                _ => return None,
            })),
            // In full, whatever the size.
            Outcome::Integer(value) => match wanted?.parse::<i128>() {
                Ok(wanted) => Some(value.cmp(&wanted)),
                Err(_) => compare(*value, wanted?.parse().ok()?),
            },
            Outcome::Float(value) => match wanted?.parse::<i128>() {
                Ok(wanted) => compare(wanted, (*value).into()).map(Ordering::reverse),
                // The nearest 32 bits: 0.1 is 0.1.
                Err(_) => value.partial_cmp(&wanted?.parse::<f32>().ok()?),
            },
            Outcome::Double(value) => match wanted?.parse::<i128>() {
                Ok(wanted) => compare(wanted, *value).map(Ordering::reverse),
                Err(_) => value.partial_cmp(&wanted?.parse::<f64>().ok()?),
            },
        };
        Some(self.is_met_by(order))
    }

    /// Whether a number can be compared with VALUE, so that a number that is not there yet may come to hold.
    pub(crate) fn may_hold(&self) -> bool {
        self.holds(&Outcome::Double(0.0)).is_some()
    }

    /// Text is equal to VALUE or not, whatever that looks like. It is neither less nor more than a number.
    fn holds_for_text(&self, text: &[u8]) -> bool {
        let is_number =
            || std::str::from_utf8(&self.wanted).is_ok_and(|wanted| wanted.parse::<f64>().is_ok());
        let is_order = !matches!(self.operator, Operator::Equal | Operator::NotEqual);
        !(is_order && is_number()) && self.is_met_by(Some(text.cmp(self.wanted.as_slice())))
    }

    fn is_met_by(&self, order: Option<Ordering>) -> bool {
        match (self.operator, order) {
            (Operator::NotEqual, order) => order != Some(Ordering::Equal),
            // NaN.
            (_, None) => false,
            (Operator::Equal, Some(order)) => order.is_eq(),
            (Operator::Less, Some(order)) => order.is_lt(),
            (Operator::LessOrEqual, Some(order)) => order.is_le(),
            (Operator::Greater, Some(order)) => order.is_gt(),
            (Operator::GreaterOrEqual, Some(order)) => order.is_ge(),
        }
    }
}

/// Whether a value, which is of this type if its file says so, has a part of this name.
pub(crate) fn has_part(name: &str, data: Option<DataType>, value: Option<Value<'_>>) -> bool {
    let seconds = match value {
        Some(Value::Window(window)) => Some(window.length()),
        _ => None,
    };
    data.is_some_and(|data| part::belongs(name, data, seconds))
}

/// What is before the first operator, the operator, and what is after it.
fn split(bytes: &[u8]) -> Option<(&[u8], Operator, &[u8])> {
    (0..bytes.len()).find_map(|at| {
        let (sign, operator) = OPERATORS.iter().find(|(sign, _)| bytes[at..].starts_with(sign))?;
        Some((bytes[..at].trim_ascii(), *operator, bytes[at + sign.len()..].trim_ascii()))
    })
}

/// The label up to the closing quotes, and what is after them.
fn quoted(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut label = Vec::new();
    let mut at = 0;
    loop {
        match bytes.get(at..)? {
            [b'"', rest @ ..] => return Some((label, rest)),
            [b'\\', byte @ (b'"' | b'\\'), ..] => {
                label.push(*byte);
                at += 2;
            }
            [byte, ..] => {
                label.push(*byte);
                at += 1;
            }
            [] => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(expression: &str, value: &Outcome) -> Option<bool> {
        Until::parse(OsStr::new(expression)).unwrap().holds(value)
    }

    #[test]
    fn every_operator_compares_every_type() {
        let values = [
            (Outcome::Integer(7), ["6", "7", "8"]),
            (Outcome::Double(0.5), ["0.25", "0.5", "1"]),
            (Outcome::Float(0.1), ["0.05", "0.1", "0.2"]),
            (Outcome::Text(b"beta".to_vec()), ["alpha", "beta", "gamma"]),
        ];
        for (value, [less, same, more]) in &values {
            for (operator, want) in [
                ("=", [false, true, false]),
                ("==", [false, true, false]),
                ("!=", [true, false, true]),
                ("<", [false, false, true]),
                ("<=", [false, true, true]),
                (">", [true, false, false]),
                (">=", [true, true, false]),
            ] {
                for (wanted, want) in [less, same, more].into_iter().zip(want) {
                    assert_eq!(
                        holds(&format!("a.b {operator} {wanted}"), value),
                        Some(want),
                        "{operator} {wanted}"
                    );
                    assert_eq!(holds(&format!("a.b{operator}{wanted}"), value), Some(want));
                }
            }
        }
        assert_eq!(holds("a = true", &Outcome::Bool(true)), Some(true));
        assert_eq!(holds("a != 0", &Outcome::Bool(false)), Some(false));
        assert_eq!(holds("a > 0.5", &Outcome::Integer(1)), Some(true));
        assert_eq!(holds("a = 18446744073709551614", &Outcome::Integer(u64::MAX.into())), Some(false));
    }

    #[test]
    fn what_cannot_be_compared_is_told() {
        assert_eq!(holds("a = ready", &Outcome::Integer(1)), None);
        assert_eq!(holds("a = ready", &Outcome::Bool(true)), None);
        assert_eq!(holds("a = 1", &Outcome::Double(f64::NAN)), Some(false));
        assert_eq!(holds("a != 1", &Outcome::Double(f64::NAN)), Some(true));
        assert_eq!(holds("a = x", &Outcome::Texts(vec![b"x".to_vec(), b"y".to_vec()])), Some(false));
        assert_eq!(holds("a = x", &Outcome::Texts(vec![b"x".to_vec()])), Some(true));
        assert_eq!(holds("a =", &Outcome::Text(Vec::new())), Some(true));
        assert_eq!(holds("a != x", &Outcome::Texts(vec![b"x".to_vec(), b"y".to_vec()])), Some(false));
    }

    #[test]
    fn text_is_neither_less_nor_more_than_a_number() {
        let text = |text: &str| Outcome::Text(text.into());
        for operator in ["<", "<=", ">", ">="] {
            for value in ["no", "5", "", "-1", "inf"] {
                for wanted in ["5", "-5", "0.5", "1e3", "inf"] {
                    assert_eq!(holds(&format!("a {operator} {wanted}"), &text(value)), Some(false));
                }
            }
        }
        assert_eq!(holds("a = 5", &text("5")), Some(true), "text may be digits");
        assert_eq!(holds("a != 5", &text("no")), Some(true));
        assert_eq!(holds("a > m", &text("no")), Some(true), "text with text");
    }

    #[test]
    fn numbers_are_compared_in_full() {
        let limit = 1_i128 << 53;
        assert_eq!(holds("a = 9007199254740992.0", &Outcome::Integer(limit + 1)), Some(false));
        assert_eq!(holds("a > 9007199254740992.0", &Outcome::Integer(limit + 1)), Some(true));
        assert_eq!(holds("a = 9007199254740993", &Outcome::Double(9_007_199_254_740_992.0)), Some(false));
        assert_eq!(holds("a < 16777217", &Outcome::Float(16_777_216.0)), Some(true));
        assert_eq!(holds("a < inf", &Outcome::Integer(i128::MAX)), Some(true));
        assert_eq!(holds("a > 5", &Outcome::Double(f64::INFINITY)), Some(true));
        assert_eq!(holds("a >= nan", &Outcome::Integer(1)), Some(false));
    }

    #[test]
    fn labels_with_operators_are_in_quotes() {
        for (expression, label, wanted) in [
            (r#""a=b" >= 5"#, "a=b", "5"),
            (r#""a < b">="x""#, "a < b", "\"x\""),
            (r#"  " a "  =  5 "#, " a ", "5"),
            (r#""say \"<\" \\ \n" = a = b"#, r#"say "<" \ \n"#, "a = b"),
            (r#"say "x" = 1"#, r#"say "x""#, "1"),
        ] {
            let until = Until::parse(OsStr::new(expression)).unwrap();
            assert_eq!(
                (until.label.as_slice(), until.wanted.as_slice()),
                (label.as_bytes(), wanted.as_bytes())
            );
        }
    }

    #[test]
    fn other_expressions_are_refused() {
        for expression in
            ["", "a", "= 1", "a 1", "  < 2", r#""a"#, r#""a = 1"#, r#""" = 1"#, r#""a"b = 1"#, r#""a" 1"#]
        {
            assert!(matches!(Until::parse(OsStr::new(expression)), Err(Stop::Usage(_))), "{expression:?}");
        }
    }
}
