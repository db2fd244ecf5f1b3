//! Which labels are wanted.

use std::ffi::OsString;

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
}
