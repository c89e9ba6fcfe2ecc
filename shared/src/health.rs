//! Liveness and readiness.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::Shutdown;

/// Version of this build.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Commit of this build: `COMMIT_HASH` at compile time.
pub const COMMIT: &str = match option_env!("COMMIT_HASH") {
    Some(hash) => hash,
    None => "unknown",
};

/// One dependency and how it is.
pub struct Check {
    /// Its name in the answer.
    pub name: &'static str,
    /// Whether it answers.
    pub ok: bool,
    /// Whether the service is of no use without it. If not, its loss is `degraded`, still 200.
    pub required: bool,
}

/// `GET /livez`: 200 while the process runs.
#[expect(clippy::unused_async, reason = "handlers are async")]
pub async fn livez() -> impl IntoResponse {
    ([(CACHE_CONTROL, "no-store")], Json(json!({ "status": "ok" })))
}

/// `GET /health`: 200 when requests may come, 503 when they should go elsewhere: a required
/// dependency is gone, or the process is stopping.
#[must_use]
pub fn report(service: &str, shutdown: &Shutdown, checks: &[Check]) -> Response {
    let lost = checks.iter().any(|check| check.required && !check.ok);
    let (code, status) = if shutdown.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping")
    } else if lost {
        (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
    } else if checks.iter().any(|check| !check.ok) {
        (StatusCode::OK, "degraded")
    } else {
        (StatusCode::OK, "ok")
    };
    let word = |check: &Check| if check.ok { "ok" } else { "unreachable" };
    let checks = checks.iter().map(|check| (check.name.to_owned(), word(check).into()));
    let body = json!({
        "status": status,
        "service": service,
        "version": VERSION,
        "commit": COMMIT,
        "checks": Value::Object(checks.collect::<Map<_, _>>()),
    });
    (code, [(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
