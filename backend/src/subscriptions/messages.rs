//! The messages of the protocol `graphql-transport-ws`.

use axum::extract::ws::{CloseFrame, Message};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::graphql_http::Params;

/// The subprotocol.
pub(super) const PROTOCOL: &str = "graphql-transport-ws";

/// What a client says.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum FromClient {
    /// Who it is.
    ConnectionInit { payload: Option<Value> },
    /// Are you there?
    Ping { payload: Option<Value> },
    /// I am.
    Pong,
    /// Run this and tell me under this id.
    Subscribe { id: String, payload: Value },
    /// Enough of this.
    Complete { id: String },
}

impl FromClient {
    /// Reads a message.
    pub(super) fn read(text: &str) -> Option<Self> {
        let message = serde_json::from_str(text).ok()?;
        match &message {
            Self::Subscribe { id, .. } | Self::Complete { id } if id.is_empty() => None,
            _ => Some(message),
        }
    }
}

/// The token in the payload of `connection_init`: a member called as the header is.
pub(super) fn authorization(payload: Option<&Value>) -> Option<&str> {
    let members = payload?.as_object()?;
    let named = members.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    named.and_then(|(_, value)| value.as_str())
}

/// The parameters in the payload of `subscribe`.
pub(super) fn params(payload: &Value) -> Result<Params, crate::graphql_http::Refusal> {
    Params::from_json(payload.to_string().as_bytes())
}

pub(super) fn ack() -> Message {
    text(&json!({ "type": "connection_ack" }))
}

pub(super) fn pong(payload: Option<&Value>) -> Message {
    match payload {
        Some(payload) => text(&json!({ "type": "pong", "payload": payload })),
        None => text(&json!({ "type": "pong" })),
    }
}

/// One answer, whose JSON is written already.
pub(super) fn next(id: &str, answer: &[u8]) -> Message {
    let (id, answer) = (Value::from(id), String::from_utf8_lossy(answer));
    Message::text(format!(r#"{{"id":{id},"type":"next","payload":{answer}}}"#))
}

pub(super) fn error(id: &str, errors: &Value) -> Message {
    text(&json!({ "id": id, "type": "error", "payload": errors }))
}

pub(super) fn complete(id: &str) -> Message {
    text(&json!({ "id": id, "type": "complete" }))
}

fn text(message: &Value) -> Message {
    Message::text(message.to_string())
}

/// Why we hang up; codes of the protocol, and of WebSocket itself below 4000.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Close {
    /// Stopping.
    GoingAway,
    /// Auth cannot say who this is.
    TryAgainLater,
    /// No message of the protocol.
    Invalid,
    /// Not signed in as it wants to be, or no longer.
    Unauthorized,
    /// The protocol was not agreed on.
    Subprotocol,
    /// No `connection_init` came.
    InitTimeout,
    /// An id is in use.
    Duplicate(String),
    /// A second `connection_init`.
    TooManyInits,
}

impl From<Close> for Message {
    fn from(close: Close) -> Self {
        let (code, reason) = match close {
            Close::GoingAway => (1001, "Going away".into()),
            Close::TryAgainLater => (1013, "Try again later".into()),
            Close::Invalid => (4400, "Invalid message".into()),
            Close::Unauthorized => (4401, "Unauthorized".into()),
            Close::Subprotocol => (4406, "Subprotocol not acceptable".into()),
            Close::InitTimeout => (4408, "Connection initialisation timeout".into()),
            Close::Duplicate(id) => {
                // A reason has at most 123 bytes.
                let id = id.chars().take(20).collect::<String>();
                (4409, format!("Subscriber for {id} already exists").into())
            }
            Close::TooManyInits => (4429, "Too many initialisation requests".into()),
        };
        Self::Close(Some(CloseFrame { code, reason }))
    }
}
