//! Derived labels: `web.answer:p99` is part `p99` of what the field `web.answer` holds.
//!
//! A field whose label is `web.answer:p99` itself wins: a reader looks for that first.

/// What a part's name may begin with, and whether a window's length may follow.
const NAMES: [(&str, bool); 7] = [
    ("count", true),
    ("sum", true),
    ("mean", true),
    ("max", true),
    ("rate", true),
    ("min", false),
    ("last", false),
];

/// The label and the part that a derived label is made of: `web.answer:p99` is `web.answer` and `p99`. `None` unless
/// what is after the last colon is the name of a part, and a label is before it.
#[must_use]
pub fn split(derived: &[u8]) -> Option<(&[u8], &str)> {
    let colon = derived.iter().rposition(|&byte| byte == b':')?;
    let (label, part) = (&derived[..colon], std::str::from_utf8(&derived[colon + 1..]).ok()?);
    (!label.is_empty() && is_part(part)).then_some((label, part))
}

/// The label of a part: the field's own where the part has no name.
#[must_use]
pub fn derived(label: &[u8], part: &str) -> Vec<u8> {
    if part.is_empty() { label.to_vec() } else { [label, b":", part.as_bytes()].concat() }
}

/// Whether some value may have a part of this name. Which has, [`mmstats::Value::part`] says.
#[must_use]
pub fn is_part(name: &str) -> bool {
    is_quantile(name)
        || NAMES.iter().any(|(stem, has_length)| {
            let rest = name.strip_prefix(stem);
            rest.is_some_and(|rest| rest.is_empty() || (*has_length && is_length(rest)))
        })
}

/// Whether it is the name of a percentile, such as `p99.9`: above 0 and below 100.
#[must_use]
pub fn is_quantile(name: &str) -> bool {
    let Some(number) = name.strip_prefix('p') else { return false };
    let is_digits = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    is_digits(whole)
        && is_digits(fraction)
        && number.parse().is_ok_and(|percent: f64| percent > 0.0 && percent < 100.0)
}

/// Whether it is how many seconds a window goes back.
fn is_length(digits: &str) -> bool {
    !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.len() <= 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_labels_are_split_at_their_last_colon() {
        for (whole, label, part) in [
            ("web.answer:p99", "web.answer", "p99"),
            ("a:p99.9", "a", "p99.9"),
            ("a:p0.1", "a", "p0.1"),
            ("a:rate60", "a", "rate60"),
            ("a:b:max", "a:b", "max"),
            ("a{route=\"/x:count\"}:count", "a{route=\"/x:count\"}", "count"),
            ("a:last", "a", "last"),
        ] {
            assert_eq!(split(whole.as_bytes()), Some((label.as_bytes(), part)));
            assert_eq!(derived(label.as_bytes(), part), whole.as_bytes());
        }
        for whole in [
            "a",
            "a:",
            ":p99",
            "a:p",
            "a:p0",
            "a:p100",
            "a:p99.",
            "a:p1e1",
            "a:min60",
            "a:rate060",
            "a:x",
            "p99",
        ] {
            assert_eq!(split(whole.as_bytes()), None, "{whole}");
        }
        assert_eq!(derived(b"a", ""), b"a");
    }
}
