//! Which labels are wanted.

use std::borrow::Cow;
use std::ffi::OsString;

use figures::part::{derived, is_part};

/// What `--prefix` and `--exclude` ask for.
#[derive(Default)]
pub struct Labels {
    /// How labels begin that are wanted; none means all labels.
    pub prefixes: Vec<OsString>,
    /// How labels begin that are not wanted in any case.
    pub excluded: Vec<OsString>,
}

impl Labels {
    /// Whether a label is wanted.
    #[must_use]
    pub fn want(&self, label: &[u8]) -> bool {
        let begins = |prefix: &OsString| label.starts_with(prefix.as_encoded_bytes());
        let is_in = self.prefixes.is_empty() || self.prefixes.iter().any(begins);
        is_in && !self.excluded.iter().any(begins)
    }

    /// Whether a field may be wanted, or parts of it (`web.answer:p99` of `web.answer`).
    #[must_use]
    pub fn want_of(&self, label: &[u8]) -> bool {
        if self.want(label) {
            return true;
        }
        let is_excluded = self.excluded.iter().any(|excluded| label.starts_with(excluded.as_encoded_bytes()));
        !is_excluded && self.prefixes.iter().any(|prefix| after(label, prefix).is_some())
    }

    /// The parts of a field that are wanted. `shown` are those that are shown where nobody chooses, with their names;
    /// a number itself is one without a name. A prefix that is the label, a colon and the name of a part asks for that
    /// part and no other; `part` looks for it.
    pub fn parts<V>(
        &self,
        label: &[u8],
        shown: Vec<(Cow<'static, str>, V)>,
        part: impl Fn(&str) -> Option<V>,
    ) -> Vec<(Cow<'static, str>, V)> {
        let begins = |prefix: &OsString| label.starts_with(prefix.as_encoded_bytes());
        let mut parts = shown;
        if !self.prefixes.is_empty() && !self.prefixes.iter().any(begins) {
            let names: Vec<_> = self.prefixes.iter().filter_map(|prefix| after(label, prefix)).collect();
            let is_named = |name: &str| names.iter().any(|begin| !is_part(begin) && name.starts_with(begin));
            parts.retain(|(name, _)| !name.is_empty() && (is_named(name) || names.contains(&&**name)));
            for name in names.iter().filter(|name| is_part(name)) {
                if !parts.iter().any(|(known, _)| known == name) {
                    parts.extend(part(name).map(|value| (Cow::Owned((*name).to_owned()), value)));
                }
            }
        }
        if !self.excluded.is_empty() {
            let is_out = |derived: &[u8]| {
                self.excluded.iter().any(|excluded| derived.starts_with(excluded.as_encoded_bytes()))
            };
            parts.retain(|(name, _)| !is_out(&derived(label, name)));
        }
        parts
    }

    /// Whether all that a field is shown as is wanted.
    #[must_use]
    pub fn want_all_of(&self, label: &[u8]) -> bool {
        let is_part_out = |excluded: &OsString| after(label, excluded).is_some();
        self.want(label) && !self.excluded.iter().any(is_part_out)
    }
}

/// What is after the label and a colon.
fn after<'a>(label: &[u8], prefix: &'a OsString) -> Option<&'a str> {
    let rest = prefix.as_encoded_bytes().strip_prefix(label)?.strip_prefix(b":")?;
    std::str::from_utf8(rest).ok()
}

#[cfg(test)]
impl Labels {
    fn of(prefixes: &[&str], excluded: &[&str]) -> Self {
        let words = |words: &[&str]| words.iter().map(OsString::from).collect();
        Self { prefixes: words(prefixes), excluded: words(excluded) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exclusion_wins() {
        let mut labels = Labels::default();
        assert!(labels.want(b"web.count"));
        labels.prefixes = vec!["web.".into(), "sys.".into()];
        labels.excluded = vec!["sys.p".into()];
        assert!(labels.want(b"web.count") && labels.want(b"sys.uid"));
        assert!(!labels.want(b"sys.pid") && !labels.want(b"other"));
    }

    #[test]
    fn parts_have_labels_of_their_own() {
        let parts = |labels: &Labels| {
            let shown = ["count", "p9", "p99", "p99.9"].map(|name| (Cow::Borrowed(name), 0)).to_vec();
            let parts = labels.parts(b"a.b", shown, |name| (name != "rate60").then_some(1));
            parts.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
        };
        let all = "count=0 p9=0 p99=0 p99.9=0";
        assert_eq!(parts(&Labels::default()), all);
        assert_eq!(parts(&Labels::of(&["a.", "a.b:p99"], &[])), all);
        assert_eq!(parts(&Labels::of(&["a.b:p99"], &[])), "p99=0", "exactly one");
        assert_eq!(parts(&Labels::of(&["a.b:p95", "a.b:count"], &[])), "count=0 p95=1");
        assert_eq!(parts(&Labels::of(&["a.b:p"], &[])), "p9=0 p99=0 p99.9=0", "as they begin");
        assert_eq!(parts(&Labels::of(&["a.b:"], &["a.b:p99"])), "count=0 p9=0");
        assert_eq!(parts(&Labels::of(&["a.b:rate60", "a.b:x", "a.bc"], &[])), "");
        assert!(Labels::of(&["a.b:x"], &[]).want_of(b"a.b") && !Labels::of(&["a.bc"], &[]).want_of(b"a.b"));
        assert!(!Labels::of(&["a.b:p99"], &["a."]).want_of(b"a.b"));
        assert!(
            !Labels::of(&[], &["a.b:p99"]).want_all_of(b"a.b")
                && Labels::of(&["a"], &["b"]).want_all_of(b"a.b")
        );
    }
}
