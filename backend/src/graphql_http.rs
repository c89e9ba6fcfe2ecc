//! GraphQL over HTTP: what comes in, what goes out, and with which status.

mod complete;
mod execute;
mod finish;
mod params;
mod refusal;

use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State as Extract};
use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use shared::request::RequestInfo;

pub(crate) use execute::{Execution, Input, Outcome, bearer, prepare};
pub(crate) use params::Params;
pub(crate) use refusal::Refusal;

use crate::negotiation::{Accepted, MediaType, accepted};
use crate::state::State;
use crate::subscriptions::sse;
use crate::{csrf, graphiql};

/// What the answer says of methods we do not answer to.
const ALLOWED: HeaderValue = HeaderValue::from_static("GET, POST, OPTIONS");

/// Every method on `/graphql` but the upgrade to a WebSocket.
pub(crate) async fn handle(Extract(state): Extract<State>, request: Request) -> Response {
    let info = RequestInfo::of(request.extensions());
    let (parts, body) = request.into_parts();
    let accepted = accepted(&parts.headers);
    // A client that reads events alone needs a status to see that there are none.
    let without = if accepted.events { MediaType::GraphqlResponse } else { MediaType::Json };
    let media = accepted.answer.unwrap_or(without);
    let params = match parts.method {
        Method::POST => match post(&state, &parts.headers, body).await {
            Ok(body) => Params::from_json(&body),
            Err(refusal) => Err(refusal),
        },
        Method::GET if accepted.page && graphiql::is_on(&state) && is_bare(&parts.uri) => {
            return graphiql::page();
        }
        Method::GET if !csrf::admits(&parts.headers, &state.origins) => Err(Refusal::csrf()),
        Method::GET => Params::from_query(parts.uri.query().unwrap_or_default()),
        _ => Err(Refusal::method()),
    };
    let answer = match params {
        Ok(params) => answer(&state, &info, &parts.headers, params, &parts.method, accepted).await,
        Err(refusal) => Err(refusal),
    };
    match answer {
        Ok(response) => response,
        Err(refusal) => {
            let is_method = refusal.status == StatusCode::METHOD_NOT_ALLOWED;
            let mut response = refusal.into_response(media, &info);
            if is_method {
                let allow = if parts.method == Method::GET {
                    HeaderValue::from_static("POST")
                } else {
                    ALLOWED
                };
                response.headers_mut().insert(ALLOW, allow);
            }
            response
        }
    }
}

async fn answer(
    state: &State,
    info: &RequestInfo,
    headers: &HeaderMap,
    params: Params,
    method: &Method,
    accepted: Accepted,
) -> Result<Response, Refusal> {
    if accepted.answer.is_none() && !accepted.events {
        return Err(Refusal::not_acceptable());
    }
    let input = Input::new(state, info, headers);
    let limit = state.config.limits.timeout;
    let work = async {
        let execution = prepare(state, &input, params, *method == Method::GET).await?;
        if accepted.events && execution.is_subscription() {
            return Ok(sse::stream(state, execution));
        }
        let Outcome { body } = execution.run().await?;
        Ok(match accepted.answer {
            Some(media) => ([(CONTENT_TYPE, media.header())], body).into_response(),
            None => sse::once(&body),
        })
    };
    // Within the time limit around all routes, which can only answer with a problem.
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(Refusal::timeout()))
}

/// Whether nothing is asked.
fn is_bare(uri: &Uri) -> bool {
    uri.query().is_none_or(str::is_empty)
}

/// The body of a POST, if it is JSON and short enough.
async fn post(
    state: &State,
    headers: &HeaderMap,
    body: axum::body::Body,
) -> Result<Bytes, Refusal> {
    if !csrf::is_json(headers) {
        return Err(Refusal::media_type());
    }
    to_bytes(body, state.config.limits.body).await.map_err(|_| Refusal::too_large())
}
