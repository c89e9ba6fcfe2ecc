//! What is known of the request at hand: its id, its trace, the client's address, the user.

mod unique;

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// Header with the id of a request, accepted from callers and given to every answer.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// W3C Trace Context.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The request at hand; handlers take it as an argument.
#[derive(Clone, Debug)]
pub struct RequestInfo(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: HeaderValue,
    trace: Trace,
    client: IpAddr,
    internal: bool,
    user: OnceLock<Uuid>,
}

impl RequestInfo {
    /// Reads the headers of a request whose client has the address `client`; `internal` when the
    /// peer is a trusted one that speaks for itself (a service of ours, or the kubelet).
    #[must_use]
    pub fn new(headers: &HeaderMap, client: IpAddr, internal: bool) -> Self {
        let fresh = unique::id();
        let id = headers.get(REQUEST_ID).filter(|id| is_request_id(id.as_bytes())).cloned();
        let id = id.unwrap_or_else(|| {
            let mut text = Uuid::encode_buffer();
            let text = fresh.hyphenated().encode_lower(&mut text);
            HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("unknown"))
        });
        let trace = headers.get(TRACEPARENT).and_then(|value| Trace::parse(value.as_bytes()));
        let trace = trace.unwrap_or(Trace { id: fresh.as_u128(), sampled: false });
        Self(Arc::new(Inner { id, trace, client, internal, user: OnceLock::new() }))
    }

    /// Its id: the caller's `x-request-id` when that is 1 to 128 letters, digits, `-`, `_`, `.`.
    #[must_use]
    pub fn id(&self) -> &str {
        self.0.id.to_str().unwrap_or("unknown")
    }

    /// Its id, as the header's value.
    #[must_use]
    pub fn id_header(&self) -> HeaderValue {
        self.0.id.clone()
    }

    /// Its trace.
    #[must_use]
    pub fn trace(&self) -> Trace {
        self.0.trace
    }

    /// The client's address, through the trusted proxies.
    #[must_use]
    pub fn client(&self) -> IpAddr {
        self.0.client
    }

    /// Whether a trusted peer speaks for itself.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        self.0.internal
    }

    /// Notes who is signed in, for the log; the first call counts.
    pub fn set_user(&self, user: Uuid) {
        let _ = self.0.user.set(user);
    }

    /// Who is signed in, once known.
    #[must_use]
    pub fn user(&self) -> Option<Uuid> {
        self.0.user.get().copied()
    }

    /// The one that [`crate::http::layers`] put there. Without those layers (in a test of a bare
    /// router) an anonymous one from the loopback address.
    #[must_use]
    pub fn of(extensions: &Extensions) -> Self {
        let nobody = || Self::new(&HeaderMap::new(), IpAddr::from([127, 0, 0, 1]), false);
        extensions.get::<Self>().cloned().unwrap_or_else(nobody)
    }
}

impl<S: Sync> FromRequestParts<S> for RequestInfo {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.extensions))
    }
}

fn is_request_id(id: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    (1..=128).contains(&id.len()) && id.iter().all(allowed)
}

/// A W3C trace: the id all services share, and whether its caller samples it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace {
    /// 16 bytes, never 0.
    pub id: u128,
    /// The sampled flag, passed on.
    pub sampled: bool,
}

impl Trace {
    /// Reads `traceparent`: version 00 exactly, later versions by their first four fields.
    #[must_use]
    pub fn parse(header: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(header).ok()?;
        let mut fields = text.splitn(5, '-');
        let version = hex::<2>(fields.next()?)?;
        let id = hex::<32>(fields.next()?).filter(|id| *id != 0)?;
        let _parent = hex::<16>(fields.next()?).filter(|id| *id != 0)?;
        let flags = hex::<2>(fields.next()?)?;
        let rest = fields.next();
        (version != 0xff && (version != 0 || rest.is_none()))
            .then_some(Self { id, sampled: flags & 1 == 1 })
    }

    /// The header for a call of our own within this trace: same trace, a new parent.
    #[must_use]
    pub fn child(self) -> HeaderValue {
        let parent = (Uuid::new_v4().as_u128() >> 64) | 1;
        let text = format!("00-{:032x}-{parent:016x}-{:02x}", self.id, u8::from(self.sampled));
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
    }
}

fn hex<const DIGITS: usize>(text: &str) -> Option<u128> {
    let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (text.len() == DIGITS && text.bytes().all(lower))
        .then(|| u128::from_str_radix(text, 16).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_trace_is_continued_under_a_new_parent() {
        let trace = Trace::parse(GOOD.as_bytes()).unwrap();

        let child = trace.child();

        assert!(child.to_str().unwrap().starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
        assert_ne!(child, GOOD);
        assert_eq!(Trace::parse(child.as_bytes()), Some(trace));
    }

    #[test]
    fn malformed_traces_are_ignored() {
        for bad in [
            "",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        ] {
            assert_eq!(Trace::parse(bad.as_bytes()), None, "{bad}");
        }
        assert!(Trace::parse(format!("01{}-more", &GOOD[2..]).as_bytes()).is_some());
    }

    #[test]
    fn a_request_id_that_could_spoil_a_log_is_replaced() {
        let id = |value: &'static str| {
            let headers = HeaderMap::from_iter([(REQUEST_ID, HeaderValue::from_static(value))]);
            RequestInfo::new(&headers, IpAddr::from([127, 0, 0, 1]), false).id().to_owned()
        };
        assert_eq!(id("client-1.2_3"), "client-1.2_3");
        assert_ne!(id("a b"), "a b");
        assert_ne!(id("{\"x\":1}"), "{\"x\":1}");
        assert_eq!(id("").len(), 36);
    }
}
