//! Server-Sent Events as the `graphql-sse` protocol has them in its mode of one connection for each
//! operation: `next` events, then `complete`.

use std::convert::Infallible;
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, Stream, StreamExt};
use serde_json::json;
use shared::request::RequestInfo;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::lifeline::{self, End};
use crate::error::Error;
use crate::graphql_http::{Execution, Refusal};
use crate::state::State;

/// A comment this often keeps proxies from closing a quiet connection.
const KEEP_ALIVE: Duration = Duration::from_secs(12);
const COMMENT: Bytes = Bytes::from_static(b":\n\n");
const COMPLETE: Bytes = Bytes::from_static(b"event: complete\ndata:\n\n");

const HEADERS: [(HeaderName, HeaderValue); 2] = [
    (CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8")),
    (CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform")),
];

/// The one answer of a query or a mutation as events.
pub(crate) fn once(answer: &[u8]) -> Response {
    (HEADERS, [next(answer), COMPLETE].concat()).into_response()
}

/// The answers of a subscription as events, until it, its token or the process comes to its end.
pub(crate) fn stream(state: &State, execution: Execution) -> Response {
    let scope = execution.scope();
    let request = scope.request.clone();
    let token = scope.caller.as_ref().map(|caller| caller.token.clone());
    let end = Box::pin(lifeline::end(state.clone(), token, request.clone()));
    // The first tick is at once, and shows the client that it is connected.
    let mut pulse = interval(KEEP_ALIVE);
    pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let events = Events { answers: execution.stream(), end, pulse, request, stage: Stage::Open };
    (HEADERS, Body::from_stream(stream::unfold(events, Events::next))).into_response()
}

#[derive(PartialEq, Eq)]
enum Stage {
    Open,
    /// All answers are out, `complete` is not.
    Ending,
    Over,
}

struct Events {
    answers: Pin<Box<dyn Stream<Item = Vec<u8>> + Send>>,
    end: BoxFuture<'static, End>,
    pulse: Interval,
    request: RequestInfo,
    stage: Stage,
}

impl Events {
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        let event = match self.stage {
            Stage::Over => return None,
            Stage::Ending => None,
            Stage::Open => self.wait().await,
        };
        let event = event.unwrap_or_else(|| {
            self.stage = Stage::Over;
            COMPLETE
        });
        Some((Ok(event), self))
    }

    /// The next event; `None` when there is none but `complete`.
    async fn wait(&mut self) -> Option<Bytes> {
        tokio::select! {
            answer = self.answers.next() => answer.map(|answer| next(&answer)),
            end = &mut self.end => (end == End::TokenDied).then(|| {
                self.stage = Stage::Ending;
                let errors = Refusal::from(Error::Unauthenticated).into_json(&self.request);
                next(json!({ "errors": errors }).to_string().as_bytes())
            }),
            _ = self.pulse.tick() => Some(COMMENT),
        }
    }
}

/// JSON holds no line breaks outside of strings, and none unescaped within.
fn next(answer: &[u8]) -> Bytes {
    [b"event: next\ndata: ", answer, b"\n\n"].concat().into()
}
