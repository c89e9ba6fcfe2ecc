//! The operations that run on one socket.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::ws::Message;
use futures_util::future::{AbortHandle, Abortable};
use futures_util::stream::{self, SelectAll, Stream, StreamExt};
use serde_json::Value;

use super::messages;
use crate::graphql_http::{Input, Outcome, Refusal, prepare};
use crate::state::State;

/// Something to tell the client.
enum Event {
    Message(Message),
    /// The operation is over; it is told so unless it failed before it began.
    End {
        id: String,
        is_told: bool,
    },
}

type Events = Pin<Box<dyn Stream<Item = Event> + Send>>;

/// Running operations, by the ids the client gave them.
#[derive(Default)]
pub(super) struct Operations {
    handles: HashMap<String, AbortHandle>,
    events: SelectAll<Events>,
}

impl Operations {
    /// How many run.
    pub(super) fn len(&self) -> usize {
        self.handles.len()
    }

    /// Whether one of this id runs.
    pub(super) fn has(&self, id: &str) -> bool {
        self.handles.contains_key(id)
    }

    /// Starts one.
    pub(super) fn start(&mut self, state: &State, input: &Arc<Input>, id: String, payload: Value) {
        let (handle, registration) = AbortHandle::new_pair();
        let events = run(state.clone(), Arc::clone(input), id.clone(), payload);
        self.events.push(Box::pin(Abortable::new(events, registration)));
        self.handles.insert(id, handle);
    }

    /// Ends one, without another word about it.
    pub(super) fn stop(&mut self, id: &str) {
        if let Some(handle) = self.handles.remove(id) {
            handle.abort();
        }
    }

    /// What there is to tell next; waits for ever when nothing runs.
    pub(super) async fn next(&mut self) -> Message {
        loop {
            match self.events.next().await {
                None => std::future::pending().await,
                Some(Event::Message(message)) => return message,
                Some(Event::End { id, is_told }) => {
                    self.handles.remove(&id);
                    if is_told {
                        return messages::complete(&id);
                    }
                }
            }
        }
    }
}

/// Everything one operation has to tell.
fn run(
    state: State,
    input: Arc<Input>,
    id: String,
    payload: Value,
) -> impl Stream<Item = Event> + Send {
    let started = async move {
        let request = input.request.clone();
        match begin(&state, &input, &payload).await {
            Ok(answers) => {
                let end = Event::End { id: id.clone(), is_told: true };
                let answers =
                    answers.map(move |answer| Event::Message(messages::next(&id, &answer)));
                answers.chain(stream::iter([end])).boxed()
            }
            Err(refusal) => {
                let error = messages::error(&id, &refusal.into_json(&request));
                stream::iter([Event::Message(error), Event::End { id, is_told: false }]).boxed()
            }
        }
    };
    stream::once(started).flatten()
}

type Answers = Pin<Box<dyn Stream<Item = Vec<u8>> + Send>>;

/// Checks an operation and starts it; a query or a mutation has to be done within the time limit.
async fn begin(state: &State, input: &Input, payload: &Value) -> Result<Answers, Refusal> {
    let limit = state.config.limits.timeout;
    let work = async {
        let execution = prepare(state, input, messages::params(payload)?, false).await?;
        if execution.is_subscription() {
            return Ok(execution.stream());
        }
        let Outcome { body } = execution.run().await?;
        Ok(stream::iter([body]).boxed())
    };
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(Refusal::timeout()))
}
