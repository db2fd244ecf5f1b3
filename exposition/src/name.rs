//! What a field is called in Prometheus: its label without attributes, the unit after it, and what its kind wants at
//! the end.

use std::borrow::Cow;

use mmstats::format::attributes;

/// Labels that slurpstats writes itself, or that Prometheus gives a meaning. An attribute of such a name gets
/// `exported_` before it, as Prometheus does with its own.
const OURS: [&str; 9] = ["cmd", "pid", "tid", "file", "label", "le", "quantile", "value", "job"];

/// A field's label, taken apart.
pub(crate) struct Parsed<'a> {
    /// Without the attributes.
    pub(crate) name: Cow<'a, str>,
    pub(crate) attributes: Vec<(String, Cow<'a, str>)>,
}

impl<'a> Parsed<'a> {
    /// What does not end with attributes as they should be is a name as a whole. `has_unit` says whether the series has a
    /// label of ours for the unit or container.
    pub(crate) fn of(label: &'a [u8], has_unit: bool) -> Self {
        let text = String::from_utf8_lossy(label);
        let Cow::Borrowed(text) = text else { return Self { name: text, attributes: Vec::new() } };
        let Ok(parsed) = attributes::parse(text) else {
            return Self { name: text.into(), attributes: Vec::new() };
        };
        let names: Vec<_> = parsed.attributes.iter().map(|(name, _)| *name).collect();
        let attributes = parsed.attributes.iter().map(|(name, value)| {
            let mut own = (*name).to_owned();
            let is_ours = |name: &str| OURS.contains(&name) || (has_unit && name == "unit");
            while is_ours(&own) || (own != *name && names.contains(&own.as_str())) {
                own.insert_str(0, "exported_");
            }
            (own, value.clone())
        });
        Self { attributes: attributes.collect(), name: parsed.name.into() }
    }
}

/// Every byte that a name must not have is `_`, and so is what is before a digit at its beginning.
pub(crate) fn sanitized(prefix: &str, label: &str) -> String {
    let mut name = prefix.to_owned();
    name.extend(label.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte) } else { '_' }));
    if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
        name.insert(0, '_');
    }
    name
}

/// The name with what comes before the unit (a part's name, perhaps nothing), and the unit, unless the name has it.
pub(crate) fn in_unit(name: &str, part: &str, unit: Option<&str>) -> String {
    let unit = unit.map(|unit| sanitized("", unit));
    let mut name = name.to_owned();
    if let Some(unit) = &unit {
        // `latency_seconds` has its maximum in `latency_max_seconds`.
        if !part.is_empty() {
            if let Some(stem) = stem(&name, unit) {
                name.truncate(stem);
            }
        }
    }
    if !part.is_empty() {
        name.push('_');
        name.push_str(part);
    }
    match unit {
        Some(unit) if name != unit && stem(&name, &unit).is_none() => format!("{name}_{unit}"),
        _ => name,
    }
}

/// How long a name is without the unit at its end.
fn stem(name: &str, unit: &str) -> Option<usize> {
    name.strip_suffix(unit)?.strip_suffix('_').filter(|stem| !stem.is_empty()).map(str::len)
}

/// A counter's name.
pub(crate) fn total(name: &str, unit: Option<&str>) -> String {
    let name = name.strip_suffix("_total").filter(|stem| !stem.is_empty()).unwrap_or(name);
    in_unit(name, "", unit) + "_total"
}

/// A text's name.
pub(crate) fn info(name: &str) -> String {
    format!("{}_info", name.strip_suffix("_info").unwrap_or(name))
}

/// A moment's name.
pub(crate) fn moment(name: &str) -> String {
    let name = name.strip_suffix("_seconds").filter(|stem| !stem.is_empty()).unwrap_or(name);
    let says_so = name.ends_with("timestamp") || name.ends_with("time");
    format!("{name}{}", if says_so { "_seconds" } else { "_timestamp_seconds" })
}

/// A window's name: `minute`, which a timer's label ends with, is a unit to Prometheus, and not one of its own.
pub(crate) fn window(name: &str) -> String {
    name.strip_suffix("_minute").map_or(name.to_owned(), |stem| format!("{stem}_window"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_prometheus_takes() {
        assert_eq!(sanitized("mmstats_", "web.stats.2XX"), "mmstats_web_stats_2XX");
        assert_eq!(sanitized("", "2xx"), "_2xx");
        assert_eq!(sanitized("", "é{}"), "____");
    }

    #[test]
    fn a_unit_is_in_the_name_once() {
        assert_eq!(in_unit("web_answer", "", Some("seconds")), "web_answer_seconds");
        assert_eq!(in_unit("web_answer_seconds", "", Some("seconds")), "web_answer_seconds");
        assert_eq!(in_unit("web_answer_seconds", "max", Some("seconds")), "web_answer_max_seconds");
        assert_eq!(in_unit("seconds", "max", Some("seconds")), "seconds_max_seconds");
        assert_eq!(in_unit("bytes", "", Some("bytes")), "bytes");
        assert_eq!(in_unit("speed", "", Some("bytes/s")), "speed_bytes_s");
        assert_eq!(total("requests", Some("requests")), "requests_total");
        assert_eq!(total("sent_total", Some("bytes")), "sent_bytes_total");
        assert_eq!(total("sent_bytes_total", Some("bytes")), "sent_bytes_total");
        assert_eq!(moment("sys_created"), "sys_created_timestamp_seconds");
        assert_eq!(moment("start_time"), "start_time_seconds");
        assert_eq!(window("web_answer_minute"), "web_answer_window");
    }

    #[test]
    fn attributes_do_not_meet_our_own_labels() {
        let parsed = Parsed::of(b"requests{route=\"/a\",cmd=\"x\",exported_cmd=\"y\"}", false);
        let names: Vec<_> = parsed.attributes.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            (parsed.name.as_ref(), names),
            ("requests", vec!["route", "exported_exported_cmd", "exported_cmd"])
        );
        assert_eq!(Parsed::of(b"a{b}", false).name, "a{b}");
        for (has_unit, name) in [(false, "unit"), (true, "exported_unit")] {
            assert_eq!(Parsed::of(b"a{unit=\"b\"}", has_unit).attributes[0].0, name);
        }
    }
}
