//! Bodies and path parameters, with precise problems when they are not what a route expects.

use axum::body::Body;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::error::Category;

use crate::error::Error;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Room for what stands over a limited answer: it grows in steps, each of which costs.
const USUAL_HEADERS: usize = 8;

/// Why a body was refused.
#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    /// Not `application/json`.
    #[error("the body must be application/json")]
    MediaType,
    /// Too long, or it did not arrive.
    #[error("{0}")]
    Unread(BytesRejection),
    /// Not JSON.
    #[error("the body is not JSON: line {line}, column {column}")]
    Malformed {
        /// Where.
        line: usize,
        /// Where.
        column: usize,
    },
    /// JSON of another shape.
    #[error("{field}: {detail}")]
    Shape {
        /// Which field, as in `a.b[0]`; `body` for all of it.
        field: String,
        /// What is wrong; never the value, which may be a secret.
        detail: &'static str,
    },
}

/// A JSON body, in and out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        if !is_json(request.headers()) {
            return Err(Rejection::MediaType.into());
        }
        let body = Bytes::from_request(request, state).await.map_err(Rejection::Unread)?;
        Ok(Self(parse(&body)?))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// A JSON body that may be left out: then it is the default.
pub(crate) struct OptionalJson<T>(pub(crate) T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for OptionalJson<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let is_json = is_json(request.headers());
        let body = Bytes::from_request(request, state).await.map_err(Rejection::Unread)?;
        Ok(Self(optional(is_json, &body)?))
    }
}

/// Reads a body that may be left out.
pub(crate) fn optional<'de, T: Deserialize<'de> + Default>(
    is_json: bool,
    body: &'de [u8],
) -> Result<T, Rejection> {
    match (body.is_empty(), is_json) {
        (true, _) => Ok(T::default()),
        (false, true) => parse(body),
        (false, false) => Err(Rejection::MediaType),
    }
}

/// An answer of about `length` bytes.
pub(crate) fn answer(content: &impl Serialize, length: usize) -> Response {
    let mut body = Vec::with_capacity(length);
    match serde_json::to_writer(&mut body, content) {
        Ok(()) => written(body.into()),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// An answer that is written already.
pub(crate) fn written(body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.reserve(USUAL_HEADERS);
    headers.insert(header::CONTENT_TYPE, JSON);
    response
}

/// Parameters of the path. What cannot be an id is an id that nothing has: 404.
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|path| Self(path.0)).map_err(|_| Error::NotFound("resource"))
    }
}

/// `application/json` or `application/*+json`, whatever its parameters.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
        || essence.get(..12).is_some_and(|kind| kind.eq_ignore_ascii_case("application/"))
            && essence.ends_with("+json")
}

/// Reads `body`, which must hold one JSON object and nothing after it.
pub(crate) fn parse<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, Rejection> {
    // Serde takes the list of a struct's fields for the struct, too.
    if body.trim_ascii_start().first() == Some(&b'[') {
        let detail = "not of the type this field has";
        return Err(Rejection::Shape { field: ".".to_owned(), detail });
    }
    // The short way, and only for a body that is refused the one that can say why.
    if let Ok(value) = serde_json::from_slice(body) {
        return Ok(value);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let field = error.path().to_string();
        refuse(field, &error.into_inner())
    })?;
    deserializer.end().map_err(|error| refuse(".".to_owned(), &error))?;
    Ok(value)
}

fn refuse(field: String, error: &serde_json::Error) -> Rejection {
    let (line, column) = (error.line(), error.column());
    match error.classify() {
        Category::Data => {
            // The error's own text quotes the value: only its kind is passed on.
            let text = error.to_string();
            let detail = match text.split('`').next().unwrap_or_default() {
                "missing field " => "a field is missing",
                "unknown variant " => "not one of the values it may have",
                "duplicate field " => "a field stands twice",
                _ => "not of the type this field has",
            };
            let named = text.split('`').nth(1).filter(|_| detail.starts_with("a field"));
            let field = match (named, field.as_str()) {
                (Some(named), ".") => named.to_owned(),
                (Some(named), path) => format!("{path}.{named}"),
                (None, ".") => "body".to_owned(),
                (None, _) => field,
            };
            Rejection::Shape { field, detail }
        }
        Category::Io | Category::Syntax | Category::Eof => Rejection::Malformed { line, column },
    }
}

impl Rejection {
    /// Status and code of the answer.
    pub(crate) fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::MediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE"),
            Self::Unread(rejection) => match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => {
                    (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE")
                }
                _ => (StatusCode::BAD_REQUEST, "BAD_REQUEST"),
            },
            Self::Malformed { .. } => (StatusCode::BAD_REQUEST, "MALFORMED_JSON"),
            Self::Shape { .. } => (StatusCode::BAD_REQUEST, "INVALID_BODY"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the shape matters")]
    struct Body {
        name: String,
        tags: Option<Vec<u8>>,
    }

    fn refusal(body: &str) -> String {
        parse::<Body>(body.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_refusal_names_the_field_and_never_the_value() {
        assert_eq!(refusal("{}"), "name: a field is missing");
        assert_eq!(refusal(r#"{"name":5}"#), "name: not of the type this field has");
        assert_eq!(
            refusal(r#"{"name":"","tags":["s"]}"#),
            "tags[0]: not of the type this field has"
        );
        assert_eq!(refusal(r#"{"name":"","name":""}"#), "name: a field stands twice");
        assert_eq!(refusal("5"), "body: not of the type this field has");
        assert_eq!(refusal("{"), "the body is not JSON: line 1, column 1");
        assert_eq!(refusal(r#"{"name":""} x"#), "the body is not JSON: line 1, column 13");
    }
}
