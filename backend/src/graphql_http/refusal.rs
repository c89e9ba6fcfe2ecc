//! A request that is not executed: why, and with which status.

use async_graphql::ServerError;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use shared::request::RequestInfo;

use super::finish::{body_of, finish};
use crate::error::Error;
use crate::negotiation::MediaType;
use crate::operation::Problem;

/// Why a request is not executed.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The status, unless the request is well-formed and the client reads plain JSON.
    pub(crate) status: StatusCode,
    /// Whether it is a GraphQL request at all. Such a one is answered 200 in `application/json`,
    /// where existing clients look for the message.
    is_well_formed: bool,
    /// What is wrong with it.
    pub(crate) errors: Vec<ServerError>,
}

impl Refusal {
    fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let mut error = ServerError::new(message, None);
        error.extensions.get_or_insert_default().set("code", code);
        Self { status, is_well_formed: false, errors: vec![error] }
    }

    pub(super) fn body(problem: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", format!("the body {problem}"))
    }

    pub(super) fn query(problem: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", problem)
    }

    pub(super) fn no_query() -> Self {
        Self::query("`query` is missing: it must be the text of a GraphQL document")
    }

    pub(super) fn batch() -> Self {
        let message = "requests come one at a time: the body must be an object, not a list";
        Self::new(StatusCode::BAD_REQUEST, "BATCHING_NOT_SUPPORTED", message)
    }

    pub(super) fn media_type() -> Self {
        let message = "the body must be application/json in UTF-8";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", message)
    }

    pub(super) fn too_large() -> Self {
        let message = "the body is larger than this service accepts";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", message)
    }

    pub(super) fn not_acceptable() -> Self {
        let message = "answers are application/graphql-response+json, application/json or \
                       text/event-stream; `Accept` names none of them";
        Self::new(StatusCode::NOT_ACCEPTABLE, "NOT_ACCEPTABLE", message)
    }

    pub(super) fn method() -> Self {
        let message = "GraphQL is asked with GET or POST";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message)
    }

    /// A mutation, or a subscription, that came by GET.
    pub(super) fn not_by_get(what: &str) -> Self {
        let message = format!("a {what} must be sent with POST");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message)
    }

    pub(super) fn csrf() -> Self {
        let message = "a page of another site may not ask this way; send the header \
                       X-GraphQL-Preflight, or a JSON body";
        Self::new(StatusCode::FORBIDDEN, "CSRF_PREVENTED", message)
    }

    pub(crate) fn timeout() -> Self {
        let message = "the request took too long; try again later";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "TIMEOUT", message)
    }

    /// A subscription where one answer is wanted.
    pub(super) fn needs_stream() -> Self {
        let message = "a subscription answers with a stream: accept text/event-stream, or use a \
                       WebSocket with the protocol graphql-transport-ws";
        Self {
            is_well_formed: true,
            ..Self::new(StatusCode::NOT_ACCEPTABLE, "BAD_REQUEST", message)
        }
    }

    /// One subscription more than a socket may have.
    pub(crate) fn too_many_subscriptions() -> Self {
        let message = "this socket has as many subscriptions as it may; complete one first";
        Self::new(StatusCode::BAD_REQUEST, "TOO_MANY_SUBSCRIPTIONS", message)
    }

    pub(super) fn persisted(refused: crate::apq::Refused) -> Self {
        let refusal = Self::new(StatusCode::BAD_REQUEST, refused.code(), refused.to_string());
        Self { is_well_formed: true, ..refusal }
    }

    /// The answer in this media type.
    pub(crate) fn into_response(self, media: MediaType, request: &RequestInfo) -> Response {
        let Self { status, is_well_formed, errors } = self;
        let plain = media == MediaType::Json && is_well_formed;
        let status = if plain { StatusCode::OK } else { status };
        let body = body_of(None, &finish(errors, request));
        let mut response = (status, [(CONTENT_TYPE, media.header())], body).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }

    /// The errors as they go into a message of a stream.
    pub(crate) fn into_json(self, request: &RequestInfo) -> serde_json::Value {
        json!(finish(self.errors, request))
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let errors = problem.into_errors();
        Self { status: StatusCode::BAD_REQUEST, is_well_formed: true, errors }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let (status, is_well_formed) = match &error {
            Error::Unauthenticated => (StatusCode::UNAUTHORIZED, true),
            Error::Forbidden(_) => (StatusCode::FORBIDDEN, true),
            Error::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, false),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, false),
        };
        let error =
            async_graphql::Error::from(error).into_server_error(async_graphql::Pos::default());
        let error = ServerError { locations: Vec::new(), ..error };
        Self { status, is_well_formed, errors: vec![error] }
    }
}
