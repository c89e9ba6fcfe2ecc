//! What handlers share.

use std::sync::Arc;

use axum::extract::FromRef;
use shared::Shutdown;
use shared::clock::Clock;
use shared::jwt::Keys;
use sqlx::PgPool;

use crate::config::Config;
use crate::grants::Grants;
use crate::grants::revocations::Revocations;

/// What handlers share; they ask for the part they use.
#[derive(Clone, FromRef)]
pub struct AppState {
    /// The database.
    pub db: PgPool,
    /// Settings.
    pub config: Arc<Config>,
    /// What signs and checks access tokens.
    pub keys: Arc<Keys>,
    /// The time.
    pub clock: Clock,
    /// Checks tokens.
    pub grants: Grants,
    /// Makes revocations hold on every replica.
    pub revocations: Revocations,
    /// Cancelled when the process is to stop.
    pub shutdown: Shutdown,
}

impl AppState {
    /// Connects to the stores and starts what runs beside the requests, until `shutdown`.
    ///
    /// # Errors
    /// The database cannot be reached or has another build's schema.
    pub async fn start(
        config: Config,
        clock: Clock,
        shutdown: Shutdown,
    ) -> Result<Self, shared::db::Error> {
        let db = shared::db::connect(&config.database_url, "auth", config.database_pool).await?;
        let config = Arc::new(config);
        let keys = Arc::new(config.secrets.keys());
        let revocations = Revocations::start(&config, db.clone(), shutdown.clone());
        let grants =
            Grants::start(db.clone(), keys.clone(), clock.clone(), revocations.clone(), &shutdown);
        Ok(Self { db, config, keys, clock, grants, revocations, shutdown })
    }

    /// Writes down what is still in memory and closes the connections; after the last request.
    pub async fn stop(&self) {
        self.grants.flush().await;
        self.db.close().await;
    }
}
