//! Which requests are answered at all. A page of another site that is open in the same browser must learn nothing
//! from here: neither by a name that it has made to lead here (DNS rebinding) nor by a request of its own.

use std::net::{IpAddr, Ipv6Addr};

use hyper::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderName, TRANSFER_ENCODING};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};

/// What a browser says of where a request comes from.
static FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
static FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
static FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// A request that is not answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) reason: &'static str,
}

/// The hosts for which requests are answered, besides addresses and `localhost`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate {
    allowed: Vec<String>,
}

impl Gate {
    pub(crate) fn new(allowed: Vec<String>) -> Self {
        Self { allowed: allowed.into_iter().map(|name| name.to_ascii_lowercase()).collect() }
    }

    /// Whether a request may pass.
    pub(crate) fn check(&self, head: &Parts) -> Result<(), Refusal> {
        let refuse = |status, reason| Err(Refusal { status, reason });
        if head.method != Method::GET && head.method != Method::HEAD {
            return refuse(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered");
        }
        let Some(host) = only(&head.headers, &HOST) else {
            return refuse(StatusCode::BAD_REQUEST, "a request needs exactly one Host");
        };
        // What the target itself names is what a proxy would go by.
        let is_known = |host: &str| self.knows(host);
        if !is_known(host) || !head.uri.authority().is_none_or(|authority| is_known(authority.as_str())) {
            return refuse(StatusCode::MISDIRECTED_REQUEST, "this host is not served here: see --allow-host");
        }
        let has_body = head.headers.contains_key(TRANSFER_ENCODING)
            || head.headers.get_all(CONTENT_LENGTH).iter().any(|length| length != "0");
        if has_body {
            return refuse(StatusCode::PAYLOAD_TOO_LARGE, "no request here has a body");
        }
        if is_from_elsewhere(&head.headers) {
            return refuse(StatusCode::FORBIDDEN, "a page of another site asks for this");
        }
        Ok(())
    }

    /// Whether requests for this host are answered. An address is no name that somebody else could make lead here.
    fn knows(&self, host: &str) -> bool {
        let Some(name) = without_port(host) else { return false };
        if name.parse::<IpAddr>().is_ok() {
            return true;
        }
        let name = name.to_ascii_lowercase();
        name == "localhost" || name.ends_with(".localhost") || self.allowed.contains(&name)
    }
}

/// The value of a header that is there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// The host of `HOST[:PORT]`, an address of version 6 without its brackets.
fn without_port(host: &str) -> Option<&str> {
    let (name, rest) = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').filter(|(name, _)| name.parse::<Ipv6Addr>().is_ok())?,
        None => {
            let end = host.find(':').unwrap_or(host.len());
            host.split_at(end)
        }
    };
    let is_port = |rest: &str| match rest.strip_prefix(':') {
        Some(port) => port.bytes().all(|byte| byte.is_ascii_digit()) && port.len() <= 5,
        None => rest.is_empty(),
    };
    (!name.is_empty() && is_port(rest)).then_some(name)
}

/// Whether a browser says that a page of another site, or of another server on this machine, asks: unless it is a
/// person who follows a link.
fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    if !headers.contains_key(&FETCH_SITE) {
        return false;
    }
    let said = |name: &HeaderName| only(headers, name).unwrap_or_default();
    let is_link = said(&FETCH_MODE) == "navigate" && said(&FETCH_DEST) == "document";
    !matches!(said(&FETCH_SITE), "same-origin" | "none") && !is_link
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_name_of_somebody_elses_is_known(name in "[a-z0-9.:\\[\\]-]{0,20}", end in "\\.(org|example|localhost\\.net|1)(:[0-9]{1,5})?") {
            let host = format!("{name}a{end}");
            prop_assert!(!Gate::default().knows(&host), "{host}");
        }
    }

    #[test]
    fn addresses_and_localhost_are_served_and_other_names_are_not() {
        let gate = Gate::new(vec!["Stats.example.org".to_owned()]);
        for host in [
            "127.0.0.1",
            "127.0.0.1:5002",
            "[::1]",
            "[::1]:5002",
            "192.168.1.7:80",
            "localhost",
            "LOCALHOST:1",
            "a.localhost:5002",
            "stats.example.org",
            "STATS.EXAMPLE.ORG:443",
            "localhost:",
        ] {
            assert!(gate.knows(host), "{host}");
        }
        for host in [
            "",
            ":5002",
            "evil.example",
            "localhost.evil.example",
            "evil-localhost",
            "127.0.0.1.evil.example",
            "127.0.0.1:evil",
            "[::1",
            "[::1.localhost]:1",
            "[127.0.0.1]",
            "[localhost]",
            "[::1]x",
            "::1",
            "localhost:123456",
            "user@localhost",
            "localhost, evil.example",
            "localhost/",
            "stats.example.org.",
            "0x7f.1",
        ] {
            assert!(!gate.knows(host), "{host}");
        }
    }
}
