//! The URL map.

mod health;
mod validate;

use axum::Router;
use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// Every route, with the limits of each.
pub(crate) fn router(state: &AppState) -> Router<AppState> {
    let _ = state;
    let (router, _document) =
        OpenApiRouter::new().merge(validate::router()).merge(health::router()).split_for_parts();
    router
}
