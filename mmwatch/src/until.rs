//! What `--until` waits for: `LABEL OP VALUE`.

use std::cmp::Ordering;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use cli::{Outcome, Stop};

/// A comparison that ends the run once it holds.
#[derive(Debug)]
pub(crate) struct Until {
    /// The label whose value is compared.
    pub(crate) label: Vec<u8>,
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
    /// Reads the option's value. Blanks around the operator mean nothing.
    ///
    /// # Errors
    /// [`Stop::Usage`].
    pub(crate) fn parse(expression: &OsStr) -> Result<Self, Stop> {
        let bytes = expression.as_bytes();
        let found = (0..bytes.len()).find_map(|at| {
            let operator = OPERATORS.iter().find(|(sign, _)| bytes[at..].starts_with(sign));
            operator.map(|(sign, operator)| (at, at + sign.len(), *operator))
        });
        if let Some((end, begin, operator)) = found {
            let (label, wanted) = (bytes[..end].trim_ascii(), bytes[begin..].trim_ascii());
            if !label.is_empty() {
                return Ok(Self { label: label.to_vec(), operator, wanted: wanted.to_vec() });
            }
        }
        Err(Stop::Usage(format!("--until takes LABEL OP VALUE, OP = != < <= > or >=, not {expression:?}")))
    }

    /// Whether a value is as wanted. `None` if the two cannot be compared: a number with a word.
    pub(crate) fn holds(&self, value: &Outcome) -> Option<bool> {
        let wanted = std::str::from_utf8(&self.wanted).ok();
        let number = |value: f64| Some(value.partial_cmp(&wanted?.parse().ok()?));
        let order = match value {
            Outcome::Text(text) => Some(text.as_slice().cmp(self.wanted.as_slice())),
            // Several files that do not agree are nothing that could be compared with one value.
            Outcome::Texts(texts) => match texts.as_slice() {
                [text] => Some(text.as_slice().cmp(self.wanted.as_slice())),
                _ => None,
            },
            Outcome::Bool(value) => Some(value.cmp(&match wanted? {
                "true" | "1" => true,
                "false" | "0" => false,
                _ => return None,
            })),
            // In full as long as both are whole.
            Outcome::Integer(value) => match wanted?.parse::<i128>() {
                Ok(wanted) => Some(value.cmp(&wanted)),
                #[allow(clippy::cast_precision_loss)]
                Err(_) => number(*value as f64)?,
            },
            // The nearest 32 bits: 0.1 is 0.1.
            Outcome::Float(value) => value.partial_cmp(&wanted?.parse::<f32>().ok()?),
            Outcome::Double(value) => number(*value)?,
        };
        Some(match (self.operator, order) {
            (Operator::NotEqual, order) => order != Some(Ordering::Equal),
            // NaN, or several texts.
            (_, None) => false,
            (Operator::Equal, Some(order)) => order.is_eq(),
            (Operator::Less, Some(order)) => order.is_lt(),
            (Operator::LessOrEqual, Some(order)) => order.is_le(),
            (Operator::Greater, Some(order)) => order.is_gt(),
            (Operator::GreaterOrEqual, Some(order)) => order.is_ge(),
        })
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
    }

    #[test]
    fn other_expressions_are_refused() {
        for expression in ["", "a", "= 1", "a 1", "  < 2"] {
            assert!(matches!(Until::parse(OsStr::new(expression)), Err(Stop::Usage(_))), "{expression:?}");
        }
    }
}
