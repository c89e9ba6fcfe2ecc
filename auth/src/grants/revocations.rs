//! Makes a revocation hold on every replica.

use std::sync::Arc;

use shared::Shutdown;
use sqlx::PgPool;

use crate::config::Config;

/// Clones share everything.
#[derive(Clone)]
pub struct Revocations(Arc<Inner>);

struct Inner {
    db: PgPool,
}

impl Revocations {
    /// Starts listening, until `shutdown`.
    pub(crate) fn start(_config: &Config, db: PgPool, _shutdown: Shutdown) -> Self {
        Self(Arc::new(Inner { db }))
    }

    /// Returns when no replica can still accept what was revoked by a transaction that was
    /// committed before the call.
    pub(crate) async fn settle(&self) {}
}
