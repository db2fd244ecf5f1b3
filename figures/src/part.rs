//! Derived labels: `web.answer:p99` is part `p99` of what the field `web.answer` holds.
//!
//! A field whose label is `web.answer:p99` itself wins: a reader looks for that first.

use mmstats::DataType;

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

/// Whether values of this type have a part of this name. Of a window it is said how many seconds it goes back; if nobody
/// knows, any number will do.
#[must_use]
pub fn belongs(name: &str, data: DataType, seconds: Option<u32>) -> bool {
    match data {
        DataType::Mean => matches!(name, "count" | "sum" | "mean"),
        DataType::Histogram => matches!(name, "count" | "sum" | "mean" | "max") || is_quantile(name),
        DataType::Recent => {
            matches!(name, "count" | "sum" | "mean" | "max" | "min" | "last") || is_quantile(name)
        }
        DataType::Window => {
            let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
            let length = &name[stem.len()..];
            let is_length = seconds.is_none_or(|seconds| length == seconds.to_string());
            matches!(stem, "count" | "sum" | "mean" | "max" | "rate") && (length.is_empty() || is_length)
        }
        _ => false,
    }
}

/// Whether it is how many seconds a window goes back.
fn is_length(digits: &str) -> bool {
    !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.len() <= 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_its_parts() {
        for (name, types) in [
            ("count", &[DataType::Mean, DataType::Histogram, DataType::Recent, DataType::Window][..]),
            ("max", &[DataType::Histogram, DataType::Recent, DataType::Window]),
            ("p99.9", &[DataType::Histogram, DataType::Recent]),
            ("last", &[DataType::Recent]),
            ("rate60", &[DataType::Window]),
            ("rate61", &[]),
            ("p100", &[]),
        ] {
            for &data in DataType::ALL {
                assert_eq!(belongs(name, data, Some(60)), types.contains(&data), "{name} {data}");
            }
        }
        assert!(belongs("max5", DataType::Window, None) && !belongs("max5", DataType::Histogram, None));
    }

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
