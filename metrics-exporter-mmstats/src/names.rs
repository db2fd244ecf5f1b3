//! What a metric is called in the file.

use std::collections::BTreeMap;

use metrics::Key;

/// The label of a metric: its name, and its labels as attributes. They are sorted, since two metrics whose labels have
/// another order are one; of two labels of one name the last counts.
pub(crate) fn label(key: &Key) -> String {
    let attributes: BTreeMap<_, _> =
        key.labels().map(|label| (attribute(label.key()), label.value())).collect();
    let attributes: Vec<_> = attributes.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    mmstats::label(&name(key.name()), &attributes)
}

/// Braces begin and end attributes, and readers show a name in one line.
fn name(name: &str) -> String {
    let is_wrong = |character: char| character.is_control() || matches!(character, '{' | '}');
    let name: String =
        name.chars().map(|character| if is_wrong(character) { '_' } else { character }).collect();
    if name.is_empty() { "_".to_owned() } else { name }
}

/// A letter or `_`, and letters, digits and `_` after it. Two `_` at the beginning are for Prometheus alone.
fn attribute(name: &str) -> String {
    let is_right = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let name: String =
        name.chars().map(|character| if is_right(character) { character } else { '_' }).collect();
    let name = if name.starts_with("__") { format!("_{}", name.trim_start_matches('_')) } else { name };
    if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
        format!("_{name}")
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use metrics::Label;

    use super::*;

    fn of(name: &'static str, labels: &[(&'static str, &'static str)]) -> String {
        let labels: Vec<_> = labels.iter().map(|&(name, value)| Label::new(name, value)).collect();
        label(&Key::from_parts(name, labels))
    }

    #[test]
    fn labels_are_attributes_whatever_their_order() {
        assert_eq!(of("web.hits", &[]), "web.hits");
        let expected = r#"hits{a="1",b="\"x\""}"#;
        assert_eq!(of("hits", &[("b", "\"x\""), ("a", "1")]), expected);
        assert_eq!(of("hits", &[("a", "0"), ("a", "1"), ("b", "\"x\"")]), expected);
    }

    #[test]
    fn what_a_name_must_not_have_is_an_underscore() {
        assert_eq!(of("a{b}\n", &[]), "a_b__");
        assert_eq!(of("", &[]), "_");
        let odd = of("a", &[("http.route", "/"), ("2nd", "x"), ("__name__", "y"), ("", "z")]);
        assert_eq!(odd, r#"a{_="z",_2nd="x",_name__="y",http_route="/"}"#);
    }
}
