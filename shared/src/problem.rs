//! Error bodies: RFC 9457 `application/problem+json`, with the two members that existing clients
//! read, `error` (the human sentence) and `code`.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

/// The media type of a problem.
pub const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// An error as a client sees it.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Status of the answer.
    pub status: StatusCode,
    /// What a program matches on, `SCREAMING_SNAKE`.
    pub code: Cow<'static, str>,
    /// One sentence for a person.
    pub detail: Cow<'static, str>,
    more: Map<String, Value>,
    headers: HeaderMap,
}

impl Problem {
    /// A problem with a code and a sentence.
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (code, detail) = (code.into(), detail.into());
        Self { status, code, detail, more: Map::new(), headers: HeaderMap::new() }
    }

    /// Adds a member of its own to the body.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// The body as JSON.
    #[must_use]
    pub fn body(&self) -> Value {
        let mut body = Map::new();
        let kind = format!("urn:problem:{}", self.code.to_lowercase().replace('_', "-"));
        body.insert("type".to_owned(), kind.into());
        body.insert("title".to_owned(), self.status.canonical_reason().unwrap_or("Error").into());
        body.insert("status".to_owned(), self.status.as_u16().into());
        body.insert("detail".to_owned(), self.detail.as_ref().into());
        body.insert("error".to_owned(), self.detail.as_ref().into());
        body.insert("code".to_owned(), self.code.as_ref().into());
        body.extend(self.more.clone());
        Value::Object(body)
    }

    /// What a bare failure of the framework says, by its status alone.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Self {
        let (code, detail) = match status.as_u16() {
            400 => ("BAD_REQUEST", "the request is malformed"),
            404 => ("NOT_FOUND", "there is nothing at this path"),
            405 => ("METHOD_NOT_ALLOWED", "this path does not answer to this method"),
            408 => ("REQUEST_TIMEOUT", "the request took too long to arrive"),
            413 => ("PAYLOAD_TOO_LARGE", "the body is larger than this service accepts"),
            415 => ("UNSUPPORTED_MEDIA_TYPE", "the body must be application/json"),
            422 => ("UNPROCESSABLE_CONTENT", "the body has another shape than this path expects"),
            429 => ("RATE_LIMITED", "too many requests; try again later"),
            503 => ("SERVICE_UNAVAILABLE", "the service is not available now; try again later"),
            status if status >= 500 => ("INTERNAL", "internal error"),
            _ => ("REQUEST_FAILED", "the request cannot be answered"),
        };
        Self::new(status, code, detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body().to_string()));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response.headers_mut().insert(CONTENT_TYPE, MEDIA_TYPE);
        response
    }
}

/// Gives a failure without a body of ours (the framework's 404, 405, 413 and the like) a problem
/// body; keeps its headers, such as `Allow`.
#[must_use]
pub fn fill(response: Response) -> Response {
    let status = response.status();
    let bare = response
        .headers()
        .get(CONTENT_TYPE)
        .is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if !(status.is_client_error() || status.is_server_error()) || !bare {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    let body = Problem::of_status(status).body().to_string();
    parts.headers.insert(CONTENT_TYPE, MEDIA_TYPE);
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_has_the_members_of_rfc_9457_and_those_older_clients_read() {
        let problem = Problem::new(StatusCode::NOT_FOUND, "TOKEN_NOT_FOUND", "no such token");

        insta::assert_json_snapshot!(problem.with("retryAfter", 3).body(), @r#"
        {
          "code": "TOKEN_NOT_FOUND",
          "detail": "no such token",
          "error": "no such token",
          "retryAfter": 3,
          "status": 404,
          "title": "Not Found",
          "type": "urn:problem:token-not-found"
        }
        "#);
    }
}
