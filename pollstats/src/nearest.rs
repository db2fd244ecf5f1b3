//! The labels that come nearest to one that is not there.

/// The nearest of `labels`, best first, three at most.
pub(crate) fn nearest<'a>(
    wanted: &[u8],
    field: &[u8],
    labels: impl Iterator<Item = &'a [u8]>,
) -> Vec<&'a [u8]> {
    let mut ranked: Vec<_> = labels.map(|label| (rank(wanted, field, label), label)).collect();
    ranked.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.cmp(b.1)));
    ranked.into_iter().take(3).map(|(_, label)| label).collect()
}

/// Less is nearer: a label that ends with the field, one that differs by a slip of the finger, one that
/// holds the field, all others by their distance.
fn rank(wanted: &[u8], field: &[u8], label: &[u8]) -> usize {
    let apart = distance(wanted, label);
    if label.ends_with(field) {
        return apart.min(1);
    }
    let is_inside = label.windows(field.len().max(1)).any(|part| part.eq_ignore_ascii_case(field));
    if is_inside { apart.min(3) } else { apart }
}

/// How many characters must be put in, taken out or exchanged to make one from the other; capitals do not
/// matter.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let lowercase = |text| String::from_utf8_lossy(text).to_lowercase();
    strsim::levenshtein(&lowercase(a), &lowercase(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_come_first() {
        let labels =
            ["sys.pid", "web.stats.status.2XX", "web.stats.status.4XX", "web.stats.bytes", "web.version"];
        let labels = || labels.iter().map(|label| label.as_bytes());
        let found = |prefix: &str, field: &str| {
            let wanted = format!("{prefix}{field}");
            let found = nearest(wanted.as_bytes(), field.as_bytes(), labels());
            String::from_utf8_lossy(found[0]).into_owned()
        };
        assert_eq!(found("", "2XX"), "web.stats.status.2XX", "no prefix");
        assert_eq!(found("web.stats.", "byte"), "web.stats.bytes");
        assert_eq!(found("", "web.stat.status.4xx"), "web.stats.status.4XX");
        assert_eq!(found("", "sys.pif"), "sys.pid");
    }
}
