//! Labels with attributes.

use crate::format::attributes;

/// A label with attributes, as Prometheus writes them: `requests{route="/a",method="GET"}`. Values are escaped, so
/// they may be any text.
///
/// A name that cannot be is an error where the label is used, which says so: of the label, if it is empty or has a
/// brace; of an attribute, if it is not a letter or `_` with letters, digits and `_` after it, if it begins with two
/// `_`, or if it is there twice.
///
/// ```
/// use mmstats::{Counter, Options, label};
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let routes = ["/", "/\"quoted\""];
/// let stats = Options::new().dir(dir).create_with(|fields| {
///     let spec = || Counter::spec().unit("requests").help("Requests by route");
///     routes.iter().map(|route| fields.add(&label("requests", &[("route", route)]), spec())).collect()
/// })?;
/// let counters: &Vec<Counter> = &stats;
/// counters[1].incr();
/// assert_eq!(label("requests", &[("route", routes[1])]), r#"requests{route="/\"quoted\""}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn label(name: &str, attributes: &[(&str, &str)]) -> String {
    let mut label = String::new();
    write_label(&mut label, name, attributes);
    label
}

/// As [`label`], into an empty text.
pub(crate) fn write_label(label: &mut String, name: &str, attributes: &[(&str, &str)]) {
    if attributes::build_into(label, name, attributes).is_ok() {
        return;
    }
    label.clear();
    // Not a label, and no name can make it one: the error of adding it says what is wrong.
    let plain = |name: &str| name.replace(['{', '}', '=', ',', '"'], "?");
    let attributes: Vec<_> =
        attributes.iter().map(|(name, value)| format!("{}={value:?}", plain(name))).collect();
    label.push_str(&format!("{name}{{{}}}", attributes.join(",")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_label_is_none() {
        for (name, attributes) in [
            ("", &[("a", "b")][..]),
            ("", &[]),
            ("h{a=\"b\"}", &[]),
            ("h{", &[("a", "b")]),
            ("h}", &[]),
            ("h", &[("a=\"b\",c", "d")]),
            ("h", &[("", "d")]),
            ("h", &[("a-b", "d")]),
            ("h", &[("__a", "d")]),
            ("h", &[("a", "b"), ("a", "c")]),
        ] {
            let label = label(name, attributes);
            assert!(attributes::parse(&label).is_err(), "{label}");
        }
    }
}
