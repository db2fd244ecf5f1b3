//! An answer: its body, and the headers that all have.

use std::convert::Infallible;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{
    ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY,
    RETRY_AFTER, VARY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use cli::Json;

use crate::assets::Asset;
use crate::reading::Unsteady;

/// Scripts and styles of ours alone, and nothing in the page that could be made into one.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types";

/// What goes with every answer.
const ALWAYS: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// From how many bytes on an answer is worth packing.
const WORTH_PACKING: usize = 1024;

/// What is sent after the headers.
pub(crate) enum Payload {
    /// All of it, known from the beginning.
    Whole(Bytes),
    /// What comes, until the sender is gone. The permit is one of a stream's.
    Stream(mpsc::Receiver<Bytes>, #[allow(dead_code)] OwnedSemaphorePermit),
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = match self.get_mut() {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(std::mem::take(bytes))),
            Self::Stream(events, _) => events.poll_recv(context),
        };
        next.map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Stream(..) => SizeHint::default(),
        }
    }
}

/// What an answer is before it has its headers.
pub(crate) struct Answer {
    status: StatusCode,
    content_type: &'static str,
    payload: Payload,
    /// The same by gzip, where that is there already.
    packed: Option<Bytes>,
    extra: Option<(HeaderName, HeaderValue)>,
}

impl Answer {
    pub(crate) fn new(content_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        let payload = Payload::Whole(bytes.into());
        Self { status: StatusCode::OK, content_type, payload, packed: None, extra: None }
    }

    pub(crate) fn asset(asset: &Asset) -> Self {
        let packed = (asset.text.len() >= WORTH_PACKING).then(|| asset.packed());
        Self { packed, ..Self::new(asset.content_type, asset.text) }
    }

    pub(crate) fn json(bytes: impl Into<Bytes>) -> Self {
        Self::new("application/json", bytes)
    }

    pub(crate) fn stream(events: mpsc::Receiver<Bytes>, permit: OwnedSemaphorePermit) -> Self {
        Self { payload: Payload::Stream(events, permit), ..Self::new("text/event-stream", Bytes::new()) }
    }

    /// An error, as JSON.
    pub(crate) fn error(status: StatusCode, reason: &str) -> Self {
        let extra = match status {
            StatusCode::METHOD_NOT_ALLOWED => Some((ALLOW, HeaderValue::from_static("GET, HEAD"))),
            StatusCode::PAYLOAD_TOO_LARGE => Some((CONNECTION, HeaderValue::from_static("close"))),
            StatusCode::SERVICE_UNAVAILABLE => Some((RETRY_AFTER, HeaderValue::from_static("5"))),
            _ => None,
        };
        let body = format!("{{\"error\":{}}}\n", Json::Text(reason.as_bytes()));
        Self { status, extra, ..Self::json(body) }
    }

    /// Look there instead. The query goes along.
    pub(crate) fn moved(path: &str, query: Option<&str>) -> Self {
        let place = query.map_or(path.to_owned(), |query| format!("{path}?{query}"));
        let answer = Self { status: StatusCode::PERMANENT_REDIRECT, ..Self::json(Bytes::new()) };
        match HeaderValue::try_from(place) {
            Ok(place) => Self { extra: Some((LOCATION, place)), ..answer },
            Err(_) => Self::error(StatusCode::BAD_REQUEST, "no such address"),
        }
    }

    /// With its headers, packed where the request takes that and it is worth it; without its body where only the
    /// head is wanted.
    pub(crate) fn finish(self, request: &HeaderMap, is_head: bool) -> Response<Payload> {
        let Self { status, content_type, payload, packed, extra } = self;
        let (payload, is_packed) = match payload {
            Payload::Whole(bytes) if bytes.len() >= WORTH_PACKING && takes_gzip(request) => {
                let packed = packed.unwrap_or_else(|| gzip(&bytes, Compression::fast()).into());
                (Payload::Whole(packed), true)
            }
            payload => (payload, false),
        };
        let length = match &payload {
            Payload::Whole(bytes) => Some(bytes.len()),
            Payload::Stream(..) => None,
        };
        let mut response = Response::new(if is_head { Payload::Whole(Bytes::new()) } else { payload });
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.extend(ALWAYS.map(|(name, value)| (name, HeaderValue::from_static(value))));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if let Some(length) = length {
            headers.insert(CONTENT_LENGTH, length.into());
        }
        if is_packed {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        headers.extend(extra);
        response
    }
}

impl From<Unsteady> for Answer {
    fn from(_: Unsteady) -> Self {
        Self::error(StatusCode::SERVICE_UNAVAILABLE, "the files could not be read at one moment")
    }
}

/// Whether the other side unpacks gzip.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok());
        is_gzip && weight.is_none_or(|weight| weight > 0.0)
    })
}

pub(crate) fn gzip(bytes: &[u8], level: Compression) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::with_capacity(bytes.len() / 8), level);
    // Memory takes whatever is written to it.
    let _ = packed.write_all(bytes);
    packed.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_for_those_who_ask_for_it() {
        for (accepted, is_taken) in [
            ("gzip", true),
            ("deflate, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip; q=0.0, br", false),
            ("", false),
            ("x-gzipped", false),
            ("identity;q=1, *;q=0", false),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(accepted))]);
            assert_eq!(takes_gzip(&headers), is_taken, "{accepted}");
        }
    }
}
