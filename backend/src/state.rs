//! What all requests share.

use std::ops::Deref;
use std::sync::Arc;

use shared::Shutdown;
use sqlx::PgPool;

use crate::apq::Persisted;
use crate::auth_client::AuthClient;
use crate::database::Db;
use crate::dns::Dns;
use crate::events::Events;
use crate::operation::Operations;
use crate::origins::Origins;
use crate::schema::{self, Schema};
use crate::{Config, EventBus};

/// What all requests share; clones are one.
#[derive(Clone)]
pub struct State(Arc<Inner>);

/// The parts of [`State`].
pub struct Inner {
    /// Settings.
    pub config: Config,
    /// Connections to PostgreSQL.
    pub db: Db,
    /// The auth service.
    pub auth: AuthClient,
    /// Looks domains up.
    pub dns: Dns,
    /// Tells what happens to deployments.
    pub events: Events,
    /// The executor.
    pub schema: Schema,
    /// Documents that may run.
    pub(crate) operations: Operations,
    /// Documents by their hashes.
    pub(crate) persisted: Persisted,
    /// Web pages that may ask.
    pub(crate) origins: Origins,
    /// Cancelled when the process is told to stop.
    pub shutdown: Shutdown,
}

impl State {
    /// Prepares everything; opens no connection yet.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(config: Config, db: PgPool, shutdown: Shutdown) -> anyhow::Result<Self> {
        let auth = AuthClient::new(&config)?;
        let schema = schema::build(config.environment);
        let operations = Operations::new(config.limits, config.environment);
        let (persisted, origins) = (Persisted::new(), Origins::new(&config));
        let dns = Dns::new(config.dns)?;
        let events = Events::new(config.events, db.clone(), shutdown.clone());
        let db = Db::new(db, config.events == EventBus::Process);
        Ok(Self(Arc::new(Inner {
            config,
            db,
            auth,
            dns,
            events,
            schema,
            operations,
            persisted,
            origins,
            shutdown,
        })))
    }
}

impl Deref for State {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
