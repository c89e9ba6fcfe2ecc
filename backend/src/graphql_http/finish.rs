//! What leaves the service: errors with their codes and the request's id, everything else masked.

use async_graphql::{ServerError, Value};
use shared::request::RequestInfo;

use crate::error::Error;
use crate::json::{self, Json};

/// The message of everything that is nobody's business but ours.
const MASKED: &str = "internal error";

/// Gives each error its code and the request's id. An allow-list: what is not of [`Error`] and was
/// not written by the executor itself is masked, and told to the log alone.
pub(crate) fn finish(mut errors: Vec<ServerError>, request: &RequestInfo) -> Vec<ServerError> {
    for error in &mut errors {
        let known = error.source::<Error>().cloned();
        let extensions = error.extensions.get_or_insert_default();
        match known {
            Some(known) => {
                if let Error::Internal(cause) = &known {
                    tracing::error!(error = ?cause, path = ?error.path, "a resolver failed");
                }
                known.extend(extensions);
            }
            None if error.source.is_some() => {
                tracing::error!(error = %error.message, path = ?error.path, "a resolver failed");
                MASKED.clone_into(&mut error.message);
                extensions.set("code", "INTERNAL");
            }
            // A value that the executor could not read.
            None if extensions.get("code").is_none() => extensions.set("code", "BAD_USER_INPUT"),
            None => {}
        }
        extensions.set("requestId", request.id());
    }
    errors
}

/// The bytes of a response; a request error has no `data` at all.
pub(crate) fn body_of(data: Option<&Value>, errors: &[ServerError]) -> Vec<u8> {
    let mut json = Json::with_capacity(data.map_or(0, json::size) + 16);
    json.raw(b"{");
    if let Some(data) = data {
        json.raw(b"\"data\":");
        json.value(data);
    }
    if !errors.is_empty() {
        json.separate(usize::from(data.is_some()));
        json.raw(b"\"errors\":");
        json.serialize(errors);
    }
    json.raw(b"}");
    json.into_bytes()
}
