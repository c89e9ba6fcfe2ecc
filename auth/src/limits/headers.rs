//! What a caller is told about a limit: `RateLimit-Policy` and `RateLimit` (the IETF draft's
//! structured fields), and `X-RateLimit-*` for older clients.

use std::fmt::Write as _;
use std::time::Duration;

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use shared::Problem;

use crate::store::{Grant, Quota};

/// `RateLimit`.
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// `RateLimit-Policy`.
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// The quota.
const X_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
/// What is left of it.
const X_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
/// Seconds until it is whole again.
const X_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// A quota with the headers that are the same for every answer under it.
pub(super) struct Policy {
    pub(super) quota: Quota,
    name: &'static str,
    text: HeaderValue,
    limit: HeaderValue,
}

impl Policy {
    /// `name` must be made of letters, digits, `.` and `-`.
    pub(super) fn new(name: &'static str, quota: Quota) -> Self {
        let text = value(format!("\"{name}\";q={};w={}", quota.count, seconds(quota.window())));
        Self { quota, name, text, limit: quota.count.into() }
    }

    /// Tells what `grant` left.
    pub(super) fn describe(&self, headers: &mut HeaderMap, grant: Grant) {
        let mut rate = String::with_capacity(48);
        // Writing to a string cannot fail.
        let _ = write!(rate, "\"{}\";r={};t={}", self.name, grant.left, seconds(grant.reset));
        headers.reserve(5);
        headers.insert(RATE_LIMIT_POLICY, self.text.clone());
        headers.insert(RATE_LIMIT, value(rate));
        headers.insert(X_LIMIT, self.limit.clone());
        headers.insert(X_REMAINING, grant.left.into());
        headers.insert(X_RESET, seconds(grant.reset).into());
    }

    /// 429. `message` and `retryAfter` are what older clients read.
    pub(super) fn refuse(&self, grant: Grant) -> Response {
        let wait = seconds(grant.retry).max(1);
        let problem = Problem::of_status(StatusCode::TOO_MANY_REQUESTS);
        let message = problem.detail.clone().into_owned();
        let mut response = problem
            .with("message", message)
            .with("retryAfter", wait)
            .header(RETRY_AFTER, wait.into())
            .into_response();
        self.describe(response.headers_mut(), grant);
        response
    }
}

/// Whole seconds, rounded up: a client that waits them has waited long enough.
fn seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}

fn value(text: String) -> HeaderValue {
    HeaderValue::from_maybe_shared(Bytes::from(text)).unwrap_or(HeaderValue::from_static(""))
}
