//! The URL map.

mod account;
mod audit;
mod cli;
mod docs;
mod exchange;
mod health;
mod session;
mod tokens;
pub(crate) mod validate;
mod wallet;

use axum::Router;
use utoipa_axum::router::OpenApiRouter;

use crate::limits::{LimitLayer, Limits};
use crate::openapi;
use crate::state::AppState;

/// Every route, with the limits of each; `validate` is the one that is shared with what answers
/// beneath the layers.
pub(crate) fn router(state: &AppState, validate: LimitLayer) -> Router<AppState> {
    let (router, _) = documented(&state.limits, validate).split_for_parts();
    router.merge(docs::router(&openapi::document()))
}

/// The routes that callers are told of.
pub(crate) fn documented(limits: &Limits, validate: LimitLayer) -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(openapi::head())
        .merge(wallet::router(limits))
        .merge(session::router(limits))
        .merge(tokens::router(limits))
        .merge(exchange::router(limits))
        .merge(validate::router(validate))
        .merge(cli::router(limits))
        .merge(account::router(limits))
        .merge(audit::router(limits))
        .merge(health::router())
}
