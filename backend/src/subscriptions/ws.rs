//! A WebSocket with the protocol `graphql-transport-ws`.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Request, State as Extract};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use shared::Problem;
use shared::request::RequestInfo;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use super::lifeline::{self, End};
use super::messages::{self, Close, FromClient, PROTOCOL};
use super::operations::Operations;
use crate::error::Error;
use crate::graphql_http::{Input, bearer};
use crate::state::State;

/// How long a client may take to say who it is.
const INIT: Duration = Duration::from_secs(5);
/// A ping this often shows both sides that the other is there.
const PING: Duration = Duration::from_secs(15);
/// A client that says nothing for so long, not even to pings, is gone.
const SILENCE: Duration = Duration::from_secs(45);
/// A client that does not read for so long is gone.
const SEND: Duration = Duration::from_secs(10);

/// `GET /graphql` with an upgrade.
pub(crate) async fn upgrade(Extract(state): Extract<State>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let info = RequestInfo::of(&parts.extensions);
    // A page of another site may open sockets, and browsers ask no one first.
    if !state.origins.admit(&parts.headers) {
        let detail = "pages of this origin may not open a WebSocket here";
        return Problem::new(StatusCode::FORBIDDEN, "ORIGIN_NOT_ALLOWED", detail).into_response();
    }
    let upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection> =
        WebSocketUpgrade::from_request_parts(&mut parts, &state).await;
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let input = Input::new(&state, &info, &parts.headers);
    let longest = state.config.limits.body;
    let upgrade = upgrade.protocols([PROTOCOL]).max_message_size(longest).max_frame_size(longest);
    upgrade.on_upgrade(move |socket| async move {
        let session = Session { socket, state, input: Arc::new(input) };
        session.run().await;
    })
}

struct Session {
    socket: WebSocket,
    state: State,
    input: Arc<Input>,
}

impl Session {
    async fn run(mut self) {
        let close = match self.greet().await {
            Ok(()) => self.converse().await,
            Err(close) => Some(close),
        };
        if let Some(close) = close {
            let _ = timeout(SEND, self.socket.send(close.into())).await;
        }
    }

    /// Waits for `connection_init` and learns who this is.
    async fn greet(&mut self) -> Result<(), Close> {
        if self.socket.protocol().is_none() {
            return Err(Close::Subprotocol);
        }
        let shutdown = self.state.shutdown.clone();
        let message = tokio::select! {
            message = timeout(INIT, text(&mut self.socket)) => message,
            () = shutdown.cancelled() => return Err(Close::GoingAway),
        };
        let message = message.map_err(|_| Close::InitTimeout)?.ok_or(Close::Invalid)?;
        let payload = match FromClient::read(&message) {
            Some(FromClient::ConnectionInit { payload }) => payload,
            Some(FromClient::Subscribe { .. }) => return Err(Close::Unauthorized),
            _ => return Err(Close::Invalid),
        };
        let mut input = Input {
            request: self.input.request.clone(),
            token: self.input.token.clone(),
            project: self.input.project,
        };
        if let Some(header) = messages::authorization(payload.as_ref()) {
            input.token = bearer(Some(header.as_bytes()));
        }
        if let Some(token) = input.token.clone().map_err(|_| Close::Unauthorized)? {
            let caller = self.state.auth.caller(&token, &input.request).await;
            caller.map_err(|error| match error {
                Error::Unauthenticated => Close::Unauthorized,
                _ => Close::TryAgainLater,
            })?;
        }
        self.input = Arc::new(input);
        self.send(messages::ack()).await.ok_or(Close::GoingAway)
    }

    /// Runs operations until one side hangs up; `None` when the client did.
    async fn converse(&mut self) -> Option<Close> {
        let token = self.input.token.clone().ok().flatten();
        let end = lifeline::end(self.state.clone(), token, self.input.request.clone());
        let mut end = std::pin::pin!(end);
        let mut operations = Operations::default();
        let mut ping = interval_at(Instant::now() + PING, PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                end = &mut end => return Some(match end {
                    End::TokenDied => Close::Unauthorized,
                    End::Stopping => Close::GoingAway,
                }),
                message = self.socket.recv() => {
                    heard = Instant::now();
                    match self.hear(message?.ok()?, &mut operations).await {
                        ControlFlow::Continue(()) => {}
                        ControlFlow::Break(close) => return close,
                    }
                }
                message = operations.next() => self.send(message).await?,
                _ = ping.tick() => {
                    if heard.elapsed() > SILENCE {
                        return None;
                    }
                    self.send(Message::Ping(Bytes::new())).await?;
                }
            }
        }
    }

    async fn hear(
        &mut self,
        message: Message,
        operations: &mut Operations,
    ) -> ControlFlow<Option<Close>> {
        let text = match message {
            Message::Text(text) => text,
            Message::Ping(_) | Message::Pong(_) => return ControlFlow::Continue(()),
            Message::Close(_) => return ControlFlow::Break(None),
            Message::Binary(_) => return ControlFlow::Break(Some(Close::Invalid)),
        };
        let answer = match FromClient::read(&text) {
            None => return ControlFlow::Break(Some(Close::Invalid)),
            Some(FromClient::ConnectionInit { .. }) => {
                return ControlFlow::Break(Some(Close::TooManyInits));
            }
            Some(FromClient::Pong) => return ControlFlow::Continue(()),
            Some(FromClient::Ping { payload }) => messages::pong(payload.as_ref()),
            Some(FromClient::Complete { id }) => {
                operations.stop(&id);
                return ControlFlow::Continue(());
            }
            Some(FromClient::Subscribe { id, .. }) if operations.has(&id) => {
                return ControlFlow::Break(Some(Close::Duplicate(id)));
            }
            Some(FromClient::Subscribe { id, payload }) => {
                if operations.len() < self.state.config.limits.subscriptions {
                    operations.start(&self.state, &self.input, id, payload);
                    return ControlFlow::Continue(());
                }
                let refusal = crate::graphql_http::Refusal::too_many_subscriptions();
                messages::error(&id, &refusal.into_json(&self.input.request))
            }
        };
        match self.send(answer).await {
            Some(()) => ControlFlow::Continue(()),
            None => ControlFlow::Break(None),
        }
    }

    /// `None` when the client is gone, or as good as gone.
    async fn send(&mut self, message: Message) -> Option<()> {
        timeout(SEND, self.socket.send(message)).await.ok()?.ok()
    }
}

/// The next text of a client; `None` when it hung up or sent something else.
async fn text(socket: &mut WebSocket) -> Option<String> {
    loop {
        match socket.recv().await?.ok()? {
            Message::Text(text) => return Some(text.to_string()),
            Message::Ping(_) | Message::Pong(_) => {}
            Message::Binary(_) | Message::Close(_) => return None,
        }
    }
}
