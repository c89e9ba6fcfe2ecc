//! Readiness and liveness.

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use shared::Shutdown;
use shared::health::{Check, livez, report};
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;
use crate::store::Store;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(health))
        .route("/api/health", get(health))
        .route("/health/db", get(health))
        .route("/livez", get(livez))
}

/// Whether requests may come here.
#[utoipa::path(get, path = "/health", tag = "health", responses(
    (status = 200, description = "Ready; `status` is `degraded` while Redis is away"),
    (status = 503, description = "The database is away, or the process is stopping"),
))]
async fn health(
    State(db): State<PgPool>,
    State(store): State<Store>,
    State(shutdown): State<Shutdown>,
) -> Response {
    let (database, redis) = tokio::join!(shared::db::is_reachable(&db), store.is_reachable());
    let checks = [
        Check { name: "database", ok: database, required: true },
        // Limits of this process hold without it; only sign-in has to wait.
        Check { name: "redis", ok: redis, required: false },
    ];
    report(crate::SERVICE, &shutdown, &checks)
}
