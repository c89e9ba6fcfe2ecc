//! What handlers share.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;
use shared::Shutdown;
use shared::clock::Clock;
use shared::jwt::Keys;
use sqlx::PgPool;

use crate::cleanup;
use crate::config::Config;
use crate::grants::Grants;
use crate::grants::revocations::Revocations;
use crate::limits::Limits;
use crate::siwe::contract::Contracts;
use crate::store::Store;

/// What handlers share; they ask for the part they use. Clones share it: the router makes one for
/// every request.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

/// The parts of an [`AppState`].
pub struct Parts {
    /// The database.
    pub db: PgPool,
    /// Settings.
    pub config: Arc<Config>,
    /// What signs and checks access tokens.
    pub keys: Arc<Keys>,
    /// The time.
    pub clock: Clock,
    /// Nonces and counters.
    pub store: Store,
    /// How often callers may ask.
    pub limits: Limits,
    /// Checks tokens.
    pub grants: Grants,
    /// Makes revocations hold on every replica.
    pub revocations: Revocations,
    /// Asks wallets that are contracts.
    pub contracts: Contracts,
    /// Cancelled when the process is to stop.
    pub shutdown: Shutdown,
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Lets handlers take a part as `State<Part>`.
macro_rules! parts {
    ($($name:ident: $part:ty),* $(,)?) => {$(
        impl FromRef<AppState> for $part {
            fn from_ref(state: &AppState) -> Self {
                state.$name.clone()
            }
        }
    )*};
}

parts! {
    db: PgPool,
    config: Arc<Config>,
    keys: Arc<Keys>,
    clock: Clock,
    store: Store,
    limits: Limits,
    grants: Grants,
    revocations: Revocations,
    contracts: Contracts,
    shutdown: Shutdown,
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
        let db =
            shared::db::connect(&config.database_url, crate::SERVICE, config.database_pool).await?;
        Ok(Self::start_on(config, db, clock, shutdown).await)
    }

    /// The same over connections that somebody else opened: the embedded database serves one.
    pub async fn start_on(config: Config, db: PgPool, clock: Clock, shutdown: Shutdown) -> Self {
        let config = Arc::new(config);
        let keys = Arc::new(config.secrets.keys());
        let store = match &config.redis_url {
            Some(url) => Store::redis(url.0.clone()).await,
            None => Store::memory(),
        };
        let limits = Limits::new(store.clone(), config.rates, Some(keys.clone()), clock.clone());
        tokio::spawn(cleanup::run(db.clone(), clock.clone(), shutdown.clone()));
        let contracts = Contracts::new(&config.rpc_urls);
        let revocations = Revocations::start(&config, db.clone(), shutdown.clone());
        let grants =
            Grants::start(db.clone(), keys.clone(), clock.clone(), revocations.clone(), &shutdown);
        Self(Arc::new(Parts {
            db,
            config,
            keys,
            clock,
            store,
            limits,
            grants,
            revocations,
            contracts,
            shutdown,
        }))
    }

    /// Writes down what is still in memory; after the last request.
    pub async fn stop(&self) {
        self.grants.flush().await;
    }
}
