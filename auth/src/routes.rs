//! The URL map.

mod account;
mod audit;
pub(crate) mod challenge;
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

/// The limits of routes that may be answered beneath the layers, too: both ways count together.
#[derive(Clone)]
pub(crate) struct QuickLimits {
    pub(crate) validate: LimitLayer,
    pub(crate) challenge: LimitLayer,
}

impl QuickLimits {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { validate: validate::limit(limits), challenge: challenge::limit(limits) }
    }
}

/// Every route, with the limits of each.
pub(crate) fn router(state: &AppState, quick: QuickLimits) -> Router<AppState> {
    let (router, _) = documented(&state.limits, quick).split_for_parts();
    router.merge(docs::router(&openapi::document()))
}

/// The routes that callers are told of.
pub(crate) fn documented(limits: &Limits, quick: QuickLimits) -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(openapi::head())
        .merge(challenge::router(quick.challenge))
        .merge(wallet::router(limits))
        .merge(session::router(limits))
        .merge(tokens::router(limits))
        .merge(exchange::router(limits))
        .merge(validate::router(quick.validate))
        .merge(cli::router(limits))
        .merge(account::router(limits))
        .merge(audit::router(limits))
        .merge(health::router())
}
