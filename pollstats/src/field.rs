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

/// Reads `FIELD[,FIELD]...`. `None` if one of them is empty.
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
    list.split(',').map(field).collect()
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
    fn an_empty_field_is_none() {
        for list in ["", "a,", ",a", "a,,b", "=", "a,="] {
            assert_eq!(fields(list, b""), None, "{list:?}");
        }
    }
}
