//! From parameters to an answer, whatever they came by.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Response, Variables};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue};
use futures_util::future::FutureExt;
use futures_util::stream::{Stream, StreamExt};
use shared::request::RequestInfo;
use uuid::Uuid;

use super::complete::Completion;
use super::finish::{body_of, finish};
use super::{Params, Refusal};
use crate::apq::Found;
use crate::caller::Caller;
use crate::error::Error;
use crate::loader::{Loaders, drive, drive_stream};
use crate::operation::{Chosen, Prepared};
use crate::origins::PROJECT;
use crate::schema::context::Scope;
use crate::state::State;
use crate::types;

/// What a request says beside its parameters.
pub(crate) struct Input {
    /// Id, trace and address.
    pub(crate) request: RequestInfo,
    /// The token; `Err` when there is a header that holds none.
    pub(crate) token: Result<Option<Arc<str>>, Error>,
    /// `X-Project-Id`.
    pub(crate) project: Option<Uuid>,
}

impl Input {
    pub(crate) fn new(_: &State, request: &RequestInfo, headers: &HeaderMap) -> Self {
        let project = headers.get(PROJECT).and_then(|id| id.to_str().ok());
        Self {
            request: request.clone(),
            token: bearer(headers.get(AUTHORIZATION).map(HeaderValue::as_bytes)),
            project: project.and_then(|id| id.parse().ok()),
        }
    }
}

/// The token of an `Authorization` header. One that holds no token is refused: whoever sends it
/// believes to be signed in.
pub(crate) fn bearer(header: Option<&[u8]>) -> Result<Option<Arc<str>>, Error> {
    let Some(header) = header else { return Ok(None) };
    let text = std::str::from_utf8(header).map_err(|_| Error::Unauthenticated)?;
    let (scheme, token) = text.split_once(' ').ok_or(Error::Unauthenticated)?;
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(Error::Unauthenticated);
    }
    Ok(Some(token.into()))
}

/// An operation that may run, and for whom.
pub(crate) struct Execution {
    prepared: Arc<Prepared>,
    kind: OperationType,
    operation_name: Option<String>,
    variables: Variables,
    scope: Arc<Scope>,
    loaders: Arc<Loaders>,
}

/// The bytes of an answer.
pub(crate) struct Outcome {
    pub(crate) body: Vec<u8>,
}

/// Checks everything that can be checked before a resolver runs, the caller last.
pub(crate) async fn prepare(
    state: &State,
    input: &Input,
    params: Params,
    by_get: bool,
) -> Result<Execution, Refusal> {
    let Params { query, operation_name, variables, persisted } = params;
    let found = persisted.map(|reference| state.persisted.find(&reference, query.as_deref()));
    let found = found.transpose().map_err(Refusal::persisted)?;
    let text = match (&found, &query) {
        (Some(Found::Known(text)), _) => text.as_ref(),
        (_, query) => query.as_deref().unwrap_or_default(),
    };
    let prepared = state.operations.prepare(text).await?;
    if let Some(Found::New(hash)) = found {
        state.persisted.keep(hash, text);
    }
    let chosen = prepared.choose(operation_name.as_deref())?;
    match chosen.kind {
        OperationType::Mutation if by_get => return Err(Refusal::not_by_get("mutation")),
        _ => state.operations.admit(&prepared, &chosen, &variables)?,
    }
    let caller = caller(state, input, &chosen).await?;
    let kind = chosen.kind;
    let loaders = Arc::new(Loaders::default());
    let scope = Arc::new(Scope {
        state: state.clone(),
        db: state.db.parking(loaders.parking.clone()),
        caller,
        request: input.request.clone(),
        project: input.project,
        merges: prepared.merges,
        loaders: Arc::clone(&loaders),
    });
    Ok(Execution { prepared, kind, operation_name, variables, scope, loaders })
}

async fn caller(
    state: &State,
    input: &Input,
    chosen: &Chosen<'_>,
) -> Result<Option<Arc<Caller>>, Error> {
    let caller = match &input.token {
        Ok(None) => return Ok(None),
        Ok(Some(token)) => state.auth.caller(token, &input.request).await,
        Err(error) => Err(error.clone()),
    };
    let caller = match caller {
        Err(Error::Unauthenticated) if chosen.is_sign_in => return Ok(None),
        other => other?,
    };
    input.request.set_user(caller.user_id);
    if chosen.kind == OperationType::Mutation && !chosen.is_sign_in && !caller.may_write() {
        return Err(Error::Forbidden("this token may only read"));
    }
    Ok(Some(caller))
}

impl Execution {
    pub(crate) fn is_subscription(&self) -> bool {
        self.kind == OperationType::Subscription
    }

    /// Who asks.
    pub(crate) fn scope(&self) -> &Arc<Scope> {
        &self.scope
    }

    /// Runs a query or a mutation.
    pub(crate) async fn run(self) -> Result<Outcome, Refusal> {
        if self.is_subscription() {
            return Err(Refusal::needs_stream());
        }
        let request = self.request();
        let execution = self.scope.state.schema.execute(request);
        let response = drive(execution, Arc::clone(&self.loaders));
        // Here rather than in the layer around all routes, which answers with a problem and knows
        // neither streams nor sockets.
        let response = AssertUnwindSafe(response).catch_unwind().await.map_err(panicked)?;
        Ok(Outcome { body: self.body(response) })
    }

    /// Runs a subscription.
    pub(crate) fn stream(self) -> Pin<Box<dyn Stream<Item = Vec<u8>> + Send>> {
        let results = self.scope.state.schema.execute_stream(self.request());
        let results = drive_stream(Box::pin(results), Arc::clone(&self.loaders));
        // A panic is the last answer: nothing comes after it.
        let results = AssertUnwindSafe(results).catch_unwind().map(|response| {
            response.unwrap_or_else(|payload| {
                Response::from_errors(Refusal::from(panicked(payload)).errors)
            })
        });
        Box::pin(results.map(move |response| self.body(response)))
    }

    fn request(&self) -> Request {
        let mut request = Request::new("").variables(self.variables.clone());
        request.operation_name.clone_from(&self.operation_name);
        request.set_parsed_query(self.prepared.document.clone());
        request.data(Arc::clone(&self.scope))
    }

    fn body(&self, response: Response) -> Vec<u8> {
        let Response { data, errors, .. } = response;
        let completion = Completion {
            document: &self.prepared.document,
            variables: &self.variables,
            types: self.scope.state.operations.types(),
        };
        let (set, root) =
            (self.prepared.set(self.operation_name.as_deref()), types::root(self.kind));
        let data = match set {
            Some(set) if errors.is_empty() => completion.order(data, set, root),
            Some(set) => completion.complete(data, set, root),
            None => data,
        };
        body_of(Some(&data), &finish(errors, &self.scope.request))
    }
}

/// What a panic is to the caller. The log has its place from the panic hook
/// (`shared::telemetry`); the payload may quote input.
fn panicked(_: Box<dyn Any + Send>) -> Error {
    Error::internal("a resolver panicked")
}
