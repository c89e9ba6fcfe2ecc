//! The URL map.

use std::sync::Arc;

use async_graphql::Request;
use axum::extract;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use shared::db;
use shared::health::{self, Check};
use shared::request::RequestInfo;

use crate::loader::{Loaders, drive};
use crate::schema::context::Scope;
use crate::{SERVICE, State};

/// Every path of the service.
pub(crate) fn router(state: State) -> Router {
    Router::new()
        .route("/graphql", post(graphql))
        // Published command-line clients append /graphql to an address that ends with it.
        .route("/graphql/graphql", post(graphql))
        .route("/livez", get(health::livez))
        .route("/health", get(ready))
        .with_state(state)
}

async fn graphql(
    extract::State(state): extract::State<State>,
    request: RequestInfo,
    headers: HeaderMap,
    Json(body): Json<Request>,
) -> Json<async_graphql::Response> {
    let token = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Bearer "));
    let caller = match token {
        Some(token) => state.auth.caller(token, &request).await.ok(),
        None => None,
    };
    let loaders = Arc::new(Loaders::default());
    let schema = state.schema.clone();
    let scope = Scope { state, caller, request, project: None, loaders: Arc::clone(&loaders) };
    Json(drive(schema.execute(body.data(Arc::new(scope))), loaders).await)
}

/// `GET /health`: of no use without the database; without auth it still answers who needs no token.
async fn ready(extract::State(state): extract::State<State>) -> Response {
    let database = db::is_reachable(&state.db).await;
    let checks = [Check { name: "database", ok: database, required: true }];
    health::report(SERVICE, &state.shutdown, &checks)
}
