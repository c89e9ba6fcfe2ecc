//! The GraphQL API of Alternate Futures: projects, sites, deployments and domains over PostgreSQL.
//! Who the caller is, is asked of the auth service over HTTP.

pub mod array;
pub mod auth_client;
pub mod caller;
pub mod content_id;
pub mod database;
pub mod dns;
pub mod events;
pub mod hostname;
pub mod json;
pub mod loader;
pub mod name;
pub mod schema;
pub mod slug;
pub mod table;

mod apq;
mod config;
mod csrf;
mod error;
mod graphiql;
mod graphql_http;
mod limits;
mod negotiation;
mod operation;
mod origins;
mod routes;
mod state;
mod subscriptions;
mod types;
mod variables;

use std::time::Duration;

use axum::Router;
use shared::{Shutdown, db, http};
use sqlx::PgPool;
use tokio::net::TcpListener;

pub use config::{Config, Environment, EventBus};
pub use error::{Error, constraint};
pub use limits::Limits;
pub use shared::address::Address;
pub use state::State;

/// Name of this service in logs, in `/health` and in tokens.
pub const SERVICE: &str = "backend";

/// Serves until `shutdown`, then lets running requests finish.
pub async fn serve(
    config: Config,
    listener: TcpListener,
    shutdown: Shutdown,
) -> anyhow::Result<()> {
    let pool = db::connect(&config.database, SERVICE, config.database_pool).await?;
    serve_on(config, pool, listener, shutdown).await
}

/// The same over connections that somebody else opened: the embedded database serves one.
pub async fn serve_on(
    config: Config,
    pool: PgPool,
    listener: TcpListener,
    shutdown: Shutdown,
) -> anyhow::Result<()> {
    let state = State::new(config, pool, shutdown.clone())?;
    shared::serve::serve(listener, app(state), shutdown).await;
    Ok(())
}

/// Every route, within the layers of all services.
pub fn app(state: State) -> Router {
    let layers = http::Layers {
        service: SERVICE,
        // The GraphQL handler keeps the limit itself; this one is for whatever it misses.
        timeout: state.config.limits.timeout + Duration::from_secs(1),
        body_limit: state.config.limits.body,
        trusted: state.config.trusted.clone(),
        flood: state.config.flood,
    };
    http::layers(routes::router(state), layers)
}
