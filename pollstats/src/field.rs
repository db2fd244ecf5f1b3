//! The fields of the command line, and the labels that they mean.

use figures::part;

/// What a column shows of the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ColumnField {
    /// As it was typed: the column's name.
    pub(crate) name: String,
    /// The labels it may mean.
    pub(crate) spelling: Spelling,
    /// The labels whose part it means where no label is as it was typed, and which part.
    pub(crate) derived: Option<(Spelling, String)>,
    /// Whether a number's value is shown, and not its change.
    pub(crate) is_gauge: bool,
}

impl ColumnField {
    /// How good a label is, 0 the best, and whether a part of its value is meant.
    pub(crate) fn rank(&self, label: &[u8]) -> Option<(bool, usize)> {
        let whole = self.spelling.rank(label).map(|rank| (false, rank));
        whole.or_else(|| self.derived.as_ref()?.0.rank(label).map(|rank| (true, rank)))
    }

    /// The part that is meant, where one is.
    pub(crate) fn part(&self) -> Option<&str> {
        self.derived.as_ref().map(|(_, part)| part.as_str())
    }
}

/// The labels that a word of the command line may mean, best first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spelling(Vec<Vec<u8>>);

impl Spelling {
    /// With the prefix before it, or the prefix and a dot.
    fn after(prefix: &[u8], word: &[u8]) -> Self {
        let mut labels = vec![[prefix, word].concat()];
        if !prefix.is_empty() {
            labels.push([prefix, b".", word].concat());
        }
        Self(labels)
    }

    /// As it is, or after the prefix.
    pub(crate) fn with_or_without(prefix: &[u8], word: &[u8]) -> Self {
        let mut labels = vec![word.to_vec()];
        labels.extend(Self::after(prefix, word).0);
        labels.dedup();
        Self(labels)
    }

    /// How good a label is, 0 the best, if it is meant at all.
    pub(crate) fn rank(&self, label: &[u8]) -> Option<usize> {
        self.0.iter().position(|meant| meant == label)
    }

    /// Whether a label begins as one that is meant.
    pub(crate) fn is_begun_by(&self, label: &[u8]) -> bool {
        self.0.iter().any(|meant| label.starts_with(meant))
    }

    /// The best.
    pub(crate) fn best(&self) -> &[u8] {
        &self.0[0]
    }
}

/// Reads `FIELD[,FIELD]...`, where a comma within the attributes of a label is part of it. `None` if a field is empty.
pub(crate) fn fields(list: &str, prefix: &[u8]) -> Option<Vec<ColumnField>> {
    let field = |name: &str| {
        let (word, is_gauge) = match name.strip_prefix('=') {
            Some(word) => (word, true),
            None => (name, false),
        };
        let spelling = Spelling::after(prefix, word.as_bytes());
        let derived = part::split(word.as_bytes())
            .map(|(label, part)| (Spelling::after(prefix, label), part.to_owned()));
        (!word.is_empty()).then(|| ColumnField { name: name.to_owned(), spelling, derived, is_gauge })
    };
    split(list).into_iter().map(field).collect()
}

/// Splits at commas, but not within the attributes of a label: `a,b{x="1",y=","}:p99` has two parts. Braces that
/// hold no attributes are part of a label like any other character.
fn split(list: &str) -> Vec<&str> {
    let (mut parts, mut start, mut at) = (Vec::new(), 0, 0);
    while let Some(next) = list[at..].find([',', '{']) {
        at += next;
        if list.as_bytes()[at] == b',' {
            parts.push(&list[start..at]);
            start = at + 1;
        }
        at += attributes(&list[at..]).unwrap_or(1);
    }
    parts.push(&list[start..]);
    parts
}

/// The bytes of the attributes that a text begins with, braces included: `{x="1",y="\""}`.
fn attributes(text: &str) -> Option<usize> {
    let mut rest = text.strip_prefix('{')?;
    loop {
        let (_, value) = rest.split_once("=\"").filter(|(name, _)| !name.contains([',', '{', '}', '"']))?;
        let mut is_escaped = false;
        let end = value.find(|c| {
            let is_end = c == '"' && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            is_end
        })?;
        rest = &value[end + 1..];
        if let Some(rest) = rest.strip_prefix('}') {
            return Some(text.len() - rest.len());
        }
        rest = rest.strip_prefix(',')?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_may_lack_its_last_dot() {
        let fields = fields("2XX,=depth", b"web.status").unwrap();
        assert_eq!(fields[0].spelling.rank(b"web.status2XX"), Some(0));
        assert_eq!(fields[0].spelling.rank(b"web.status.2XX"), Some(1));
        assert_eq!(fields[0].spelling.rank(b"2XX"), None);
        assert!(fields[1].is_gauge);
        assert_eq!((fields[1].name.as_str(), fields[1].spelling.best()), ("=depth", &b"web.statusdepth"[..]));
    }

    #[test]
    fn a_part_is_meant_where_no_label_is_so() {
        let fields = fields("answer:p99,=answer:max,a:b", b"web").unwrap();
        assert_eq!(fields[0].rank(b"web.answer:p99"), Some((false, 1)));
        assert_eq!(fields[0].rank(b"web.answer"), Some((true, 1)));
        assert_eq!((fields[0].part(), fields[0].rank(b"web.answer:p9")), (Some("p99"), None));
        assert_eq!((fields[1].part(), fields[1].is_gauge), (Some("max"), true));
        assert_eq!((fields[2].part(), fields[2].rank(b"web.a")), (None, None));
    }

    #[test]
    fn commas_within_attributes_are_of_the_label() {
        for (list, parts) in [
            ("a,b", &["a", "b"][..]),
            (r#"h{x="1",y="2"}:p99,a"#, &[r#"h{x="1",y="2"}:p99"#, "a"]),
            (r#"a,={x=",}",y="\"},"},b"#, &["a", r#"={x=",}",y="\"},"}"#, "b"]),
            (r#"h{x="\\",y=""},h{z="é"}"#, &[r#"h{x="\\",y=""}"#, r#"h{z="é"}"#]),
            // No attributes.
            ("{,}", &["{", "}"]),
            ("a{,b{x", &["a{", "b{x"]),
            (r#"a{x="1,b"#, &[r#"a{x="1"#, "b"]),
            (r#"a{x="1"y,b="2"}"#, &[r#"a{x="1"y"#, r#"b="2"}"#]),
            ("a{},b", &["a{}", "b"]),
        ] {
            assert_eq!(split(list), parts, "{list}");
        }
    }

    #[test]
    fn an_empty_field_is_none() {
        for list in ["", "a,", ",a", "a,,b", "=", "a,="] {
            assert_eq!(fields(list, b""), None, "{list:?}");
        }
    }
}
