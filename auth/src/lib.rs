//! The authentication API of Alternate Futures: wallet sign-in, sessions, Personal Access Tokens,
//! and the check of both for the other services.

pub mod audit;
mod base62;
pub mod cleanup;
pub mod config;
mod cors;
mod current_user;
mod error;
mod front;
pub mod grants;
mod json;
pub mod limits;
pub mod nonce;
pub mod openapi;
pub mod pat;
pub mod random;
mod refresh;
mod routes;
mod session;
mod sign_in;
pub mod siwe;
pub mod state;
pub mod store;
mod tokens;

use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use shared::Shutdown;
use shared::clock::Clock;
use shared::flood::Flood;
use shared::http::{Layers, Observer, layers_sharing};
use tokio::net::TcpListener;

use routes::QuickLimits;

pub use config::Config;
pub use error::Error;
pub use state::AppState;

/// Name of this service in logs, in `/health` and on its command line.
pub const SERVICE: &str = "auth";

/// The longest body in bytes.
const BODY_LIMIT: usize = 64 * 1024;
/// How long a handler may take. Longer than two calls to a chain, each of which has its own limit.
const TIMEOUT: Duration = Duration::from_secs(15);

/// The service as a router, with everything around it.
pub fn app(state: AppState) -> Router {
    let layered = settings(&state);
    let (observer, flood) = (layered.observer(), layered.flood());
    let quick = QuickLimits::new(&state.limits);
    let allowed = cors::Allowed::new(&state.config.app_url);
    with_cors(assemble(state, quick, &layered, observer, flood), allowed)
}

fn settings(state: &AppState) -> Layers {
    Layers {
        service: SERVICE,
        timeout: TIMEOUT,
        body_limit: BODY_LIMIT,
        trusted: state.config.trusted.clone(),
        flood: state.config.flood,
    }
}

fn assemble(
    state: AppState,
    quick: QuickLimits,
    layered: &Layers,
    observer: Observer,
    flood: Option<Flood>,
) -> Router {
    let router = routes::router(&state, quick).with_state(state);
    layers_sharing(router, layered, observer, flood)
}

/// Outside of all: a page of ours can read every failure.
fn with_cors(router: Router, allowed: cors::Allowed) -> Router {
    router.layer(from_fn_with_state(allowed, cors::allow))
}

/// Serves on `listener` until `shutdown`, then lets running requests finish.
///
/// # Errors
/// The database cannot be reached or has another build's schema.
pub async fn serve(
    config: Config,
    listener: TcpListener,
    shutdown: Shutdown,
) -> Result<(), shared::db::Error> {
    let state = AppState::start(config, Clock::System, shutdown.clone()).await?;
    serve_state(state.clone(), listener, shutdown).await;
    state.db.close().await;
    Ok(())
}

/// The same over connections that somebody else opened, and will close.
pub async fn serve_on(
    config: Config,
    db: sqlx::PgPool,
    listener: TcpListener,
    shutdown: Shutdown,
) -> Result<(), shared::db::Error> {
    let state = AppState::start_on(config, db, Clock::System, shutdown.clone()).await;
    serve_state(state, listener, shutdown).await;
    Ok(())
}

/// The same with a state that is started already.
pub async fn serve_state(state: AppState, listener: TcpListener, shutdown: Shutdown) {
    let front = front::Front::new(state.clone());
    shared::serve::serve_with(listener, |peer| front.for_peer(peer), shutdown).await;
    state.stop().await;
}
