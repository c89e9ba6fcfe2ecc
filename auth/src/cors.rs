//! Which website may call from a browser: the platform's own, and no other.
//!
//! By hand, since most calls come from no browser: those pay nothing and get no extra headers.

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    VARY,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::config;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PATCH, DELETE");
const HEADERS: HeaderValue =
    HeaderValue::from_static("authorization, content-type, x-request-id, traceparent");
/// What a page may read of an answer beside the few headers that are always open.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "ratelimit, ratelimit-policy, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, \
     retry-after, x-request-id",
);
/// Seconds that a browser may remember the answer to a preflight.
const MAX_AGE: HeaderValue = HeaderValue::from_static("3600");

/// The origin whose pages may call.
#[derive(Clone)]
pub(crate) struct Allowed(HeaderValue);

impl Allowed {
    pub(crate) fn new(app: &config::Origin) -> Self {
        // What is no header value equals no `Origin` that a browser can send.
        Self(HeaderValue::from_str(app.as_str()).unwrap_or(HeaderValue::from_static("-")))
    }
}

/// Lets the pages of the allowed origin call with a token and read the answer, failures included.
/// No credentials: there are no cookies, so that no other site can borrow a visitor's session.
pub(crate) async fn allow(
    State(allowed): State<Allowed>,
    request: Request,
    next: Next,
) -> Response {
    let Some(origin) = request.headers().get(ORIGIN) else {
        return next.run(request).await;
    };
    let ours = *origin == allowed.0;
    let preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response =
        if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("origin"));
    if ours {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed.0);
        if preflight {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
            headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        } else {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }
    response
}
