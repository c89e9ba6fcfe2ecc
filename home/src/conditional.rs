//! Preconditions (RFC 9110, 13): is a full answer needed, is `304` enough, or has the client
//! asked for a version that is gone (`412`)?

use std::time::{Duration, SystemTime};

use axum::http::header::{
    HeaderMap, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    IF_UNMODIFIED_SINCE,
};

/// What the preconditions of a request come to.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Answer as if there were none.
    Send,
    /// The client has this version already.
    NotModified,
    /// The version that the client insists on is not this one.
    Failed,
}

/// The version of a file that would be sent.
pub struct Version<'a> {
    /// Its strong entity tag, quotes included.
    pub etag: &'a HeaderValue,
    /// When it was last changed, in whole seconds since 1970.
    pub modified: u64,
}

/// Weighs the preconditions of a GET or HEAD in the order the RFC gives them.
#[must_use]
pub fn evaluate(headers: &HeaderMap, version: &Version<'_>) -> Outcome {
    if let Some(wanted) = headers.get(IF_MATCH) {
        if !lists(wanted, version.etag, Comparison::Strong) {
            return Outcome::Failed;
        }
    } else if let Some(date) = date(headers, &IF_UNMODIFIED_SINCE)
        && version.modified > date
    {
        return Outcome::Failed;
    }
    if let Some(known) = headers.get(IF_NONE_MATCH) {
        if known == version.etag || lists(known, version.etag, Comparison::Weak) {
            return Outcome::NotModified;
        }
    } else if let Some(date) = date(headers, &IF_MODIFIED_SINCE)
        && version.modified <= date
    {
        return Outcome::NotModified;
    }
    Outcome::Send
}

/// Whether a `Range` may be honoured: without `If-Range`, or when it names this very version.
#[must_use]
pub fn range_applies(headers: &HeaderMap, version: &Version<'_>) -> bool {
    match headers.get(IF_RANGE) {
        None => true,
        Some(tag) if tag.as_bytes().ends_with(b"\"") => tag == version.etag,
        Some(_) => date(headers, &IF_RANGE) == Some(version.modified),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Comparison {
    Strong,
    Weak,
}

/// Whether a list of entity tags names this one. Tags may hold commas, so the list is walked
/// from quote to quote.
fn lists(list: &HeaderValue, etag: &HeaderValue, comparison: Comparison) -> bool {
    let list = list.as_bytes().trim_ascii();
    if list == b"*" {
        return true;
    }
    let mut rest = list;
    while let Some(open) = rest.iter().position(|&byte| byte == b'"') {
        let weak = rest[..open].ends_with(b"W/");
        let Some(size) = rest[open + 1..].iter().position(|&byte| byte == b'"') else {
            break;
        };
        let end = open + size + 2;
        if &rest[open..end] == etag.as_bytes() && !(weak && comparison == Comparison::Strong) {
            return true;
        }
        rest = &rest[end..];
    }
    false
}

/// A header that holds an HTTP date, in seconds since 1970. Other values count as absent.
fn date(headers: &HeaderMap, name: &axum::http::HeaderName) -> Option<u64> {
    let date = httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok()?;
    Some(date.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderName, HeaderValue};

    use super::{Outcome, Version, evaluate, range_applies};

    const ETAG: HeaderValue = HeaderValue::from_static("\"a,b\"");
    /// Thu, 01 Jan 2026 00:00:00 GMT
    const MODIFIED: u64 = 1_767_225_600;
    const BEFORE: &str = "Wed, 31 Dec 2025 23:59:59 GMT";
    const AT: &str = "Thu, 01 Jan 2026 00:00:00 GMT";

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        list.iter()
            .map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    fn outcome(list: &[(&'static str, &'static str)]) -> Outcome {
        evaluate(&headers(list), &Version { etag: &ETAG, modified: MODIFIED })
    }

    #[test]
    fn a_known_tag_is_not_sent_again() {
        for known in ["\"a,b\"", "W/\"a,b\"", "\"x\", \"a,b\"", "*"] {
            assert_eq!(outcome(&[("if-none-match", known)]), Outcome::NotModified, "{known}");
        }
        for other in ["\"x\"", "\"a\", \"b\"", "a,b", "\"a,b"] {
            assert_eq!(outcome(&[("if-none-match", other)]), Outcome::Send, "{other}");
        }
    }

    #[test]
    fn the_tag_counts_and_not_the_date_when_both_are_there() {
        let both = [("if-none-match", "\"old\""), ("if-modified-since", AT)];
        assert_eq!(outcome(&both), Outcome::Send);
    }

    #[test]
    fn dates_are_compared_by_the_second() {
        assert_eq!(outcome(&[("if-modified-since", AT)]), Outcome::NotModified);
        assert_eq!(outcome(&[("if-modified-since", BEFORE)]), Outcome::Send);
        assert_eq!(outcome(&[("if-modified-since", "yesterday")]), Outcome::Send);
        assert_eq!(outcome(&[("if-unmodified-since", AT)]), Outcome::Send);
        assert_eq!(outcome(&[("if-unmodified-since", BEFORE)]), Outcome::Failed);
    }

    #[test]
    fn if_match_compares_strongly() {
        assert_eq!(outcome(&[("if-match", "\"a,b\"")]), Outcome::Send);
        assert_eq!(outcome(&[("if-match", "*")]), Outcome::Send);
        assert_eq!(outcome(&[("if-match", "W/\"a,b\"")]), Outcome::Failed);
        assert_eq!(outcome(&[("if-match", "\"x\"")]), Outcome::Failed);
    }

    #[test]
    fn if_range_needs_this_very_version() {
        let version = Version { etag: &ETAG, modified: MODIFIED };
        assert!(range_applies(&headers(&[]), &version));
        assert!(range_applies(&headers(&[("if-range", "\"a,b\"")]), &version));
        assert!(range_applies(&headers(&[("if-range", AT)]), &version));
        for other in ["W/\"a,b\"", "\"x\"", BEFORE, "nonsense"] {
            assert!(!range_applies(&headers(&[("if-range", other)]), &version), "{other}");
        }
    }
}
