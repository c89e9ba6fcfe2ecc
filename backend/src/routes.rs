//! The URL map.

use axum::Router;
use axum::extract::{Request, State as Extract};
use axum::http::header::UPGRADE;
use axum::response::Response;
use axum::routing::{any, get};
use shared::db;
use shared::health::{self, Check};

use crate::state::State;
use crate::subscriptions::ws;
use crate::{SERVICE, graphiql, graphql_http};

/// Every path of the service.
pub(crate) fn router(state: State) -> Router {
    let graphql = Router::new()
        .route("/graphql", any(graphql))
        // Published command-line clients append /graphql to an address that ends with it.
        .route("/graphql/graphql", any(graphql))
        .layer(state.origins.cors());
    Router::new()
        .merge(graphql)
        .route("/graphiql/{name}", get(graphiql::asset))
        .route("/livez", get(health::livez))
        .route("/health", get(ready))
        .with_state(state)
}

async fn graphql(state: Extract<State>, request: Request) -> Response {
    if request.headers().contains_key(UPGRADE) {
        return ws::upgrade(state, request).await;
    }
    graphql_http::handle(state, request).await
}

/// `GET /health`: of no use without the database; without auth it still answers who needs no token.
async fn ready(Extract(state): Extract<State>) -> Response {
    let database = db::is_reachable(&state.db).await;
    let checks = [
        Check { name: "database", ok: database, required: true },
        Check { name: "auth", ok: state.auth.is_well(), required: false },
    ];
    health::report(SERVICE, &state.shutdown, &checks)
}
