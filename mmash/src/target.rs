//! What a request asks for.

use percent_encoding::percent_decode_str;

/// The answers that there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// The page, whatever part of it: the browser finds that in the address.
    Page,
    Script,
    Style,
    Icon,
    /// All labels, as the original lists them.
    Stats,
    /// The values of the labels that begin so.
    StatsOf(Vec<u8>),
    /// The files whose names match; all without a pattern.
    Files(Vec<u8>),
    Metrics,
    Labels,
    Label(Vec<u8>),
    Sources,
    Events,
    Health,
    /// The address without its last slash: where to look instead.
    Moved(&'static str),
    Unknown,
}

/// The parts of `?name=value&name=value`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query(Vec<(Vec<u8>, Vec<u8>)>);

impl Route {
    /// What a path asks for.
    pub(crate) fn of(path: &str) -> Self {
        match path {
            "/" | "/graph/" => return Self::Page,
            "/mmash.js" => return Self::Script,
            "/mmash.css" => return Self::Style,
            "/icon.svg" | "/favicon.ico" => return Self::Icon,
            "/stats/" => return Self::Stats,
            "/metrics" => return Self::Metrics,
            "/healthz" => return Self::Health,
            "/api/1/labels" => return Self::Labels,
            "/api/1/files" => return Self::Sources,
            "/api/1/events" => return Self::Events,
            "/stats" => return Self::Moved("/stats/"),
            "/files" => return Self::Moved("/files/"),
            "/graph" => return Self::Moved("/graph/"),
            _ => {}
        }
        let after = |start| path.strip_prefix(start).map(|rest| percent_decode_str(rest).collect::<Vec<_>>());
        if let Some(prefix) = after("/stats/") {
            return Self::StatsOf(prefix);
        }
        if let Some(pattern) = after("/files/") {
            return Self::Files(pattern);
        }
        match (after("/api/1/label/"), after("/m/")) {
            (Some(label), _) if !label.is_empty() => Self::Label(label),
            (_, Some(label)) if !label.is_empty() => Self::Page,
            _ => Self::Unknown,
        }
    }
}

impl Query {
    pub(crate) fn of(query: Option<&str>) -> Self {
        let parts = query.unwrap_or_default().split('&').filter(|part| !part.is_empty());
        let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).collect();
        let pair = |part: &str| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(name), decode(value))
        };
        Self(parts.map(pair).collect())
    }

    /// All values that a name has.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let named = self.0.iter().filter(move |(other, _)| other == name.as_bytes());
        named.map(|(_, value)| value.as_slice())
    }

    /// The first of them, unless it is empty.
    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        self.all(name).next().filter(|value| !value.is_empty())
    }

    /// Whether it is asked for: there, and neither empty nor 0.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value != b"0")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn labels_are_what_comes_after_the_route() {
        assert_eq!(Route::of("/stats/web.%C3%A9"), Route::StatsOf("web.é".into()));
        assert_eq!(Route::of("/stats/a/b"), Route::StatsOf(b"a/b".to_vec()), "a slash is one of the label");
        assert_eq!(Route::of("/api/1/label/a%2Fb%00%ff"), Route::Label(b"a/b\0\xff".to_vec()));
        assert_eq!(Route::of("/files/web-*"), Route::Files(b"web-*".to_vec()));
        assert_eq!(Route::of("/files/"), Route::Files(Vec::new()));
        assert_eq!(Route::of("/m/%3Cscript%3E"), Route::Page);
        for path in ["", "*", "/m/", "/api/1/label/", "/api/2/labels", "//", "/stats.", "/%2e%2e/etc/passwd"]
        {
            assert_eq!(Route::of(path), Route::Unknown, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_target_has_a_route(path in ".{0,40}", start in "/(stats|files|m|api/1/label)?/?", query in "[&=%+a-f0-9]{0,30}") {
            let path = format!("{start}{path}");
            if let Route::StatsOf(label) | Route::Label(label) | Route::Files(label) = Route::of(&path) {
                prop_assert!(label.len() <= path.len());
            }
            let query = Query::of(Some(&query));
            prop_assert!(query.0.iter().all(|(name, _)| query.all(&String::from_utf8_lossy(name)).count() <= query.0.len()));
        }
    }

    #[test]
    fn a_query_is_taken_apart() {
        let query = Query::of(Some("prefix=a.&prefix=b%26&exact&aggr=sum+up&glob="));
        assert_eq!(query.all("prefix").collect::<Vec<_>>(), [b"a.".as_slice(), b"b&"]);
        assert_eq!(query.get("aggr"), Some(b"sum up".as_slice()));
        assert!(!query.has("exact") && query.get("glob").is_none() && query.get("none").is_none());
        assert!(Query::of(Some("exact=1")).has("exact") && !Query::of(Some("exact=0")).has("exact"));
        assert_eq!(Query::of(None), Query::default());
    }
}
