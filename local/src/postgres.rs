//! The embedded PostgreSQL: PostgreSQL 17 compiled to WebAssembly, run in this process.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use pglite_oxide::PgliteServer;
use shared::db::DatabaseUrl;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

/// How long a request waits for the one connection; on a busy machine a start takes seconds.
const ACQUIRE: Duration = Duration::from_secs(30);

/// A running embedded server. It serves one connection at a time: auth and backend share a pool of
/// one, and nothing may hold it while it waits for something that needs it.
pub(crate) struct Embedded(PgliteServer);

impl Embedded {
    /// Starts it on the data in `path`, made on the first start.
    pub(crate) async fn start(path: PathBuf) -> anyhow::Result<Self> {
        let start = move || PgliteServer::builder().path(path).start();
        tokio::task::spawn_blocking(start)
            .await?
            .context("cannot start the embedded PostgreSQL")
            .map(Self)
    }

    /// A pool of the one connection there is, with all migrations applied: opening a connection to
    /// the embedded server takes a quarter of a second, so one does everything.
    pub(crate) async fn pool(&self) -> anyhow::Result<PgPool> {
        let url =
            self.address().parse::<DatabaseUrl>().context("the embedded PostgreSQL's address")?;
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE)
            // The test is a question of its own: a request that is given up in the middle of it would
            // take the one connection along, and the embedded server does not survive that.
            .test_before_acquire(false)
            .acquire_slow_threshold(ACQUIRE)
            .connect_lazy_with(url.options("local"));
        shared::db::MIGRATOR.run(&pool).await.context("cannot migrate the embedded database")?;
        shared::db::check_schema(&pool).await?;
        Ok(pool)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> String {
        self.0.database_url()
    }

    /// Writes everything to disk and stops. All connections must be closed before.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        tokio::task::spawn_blocking(move || self.0.shutdown())
            .await?
            .context("the embedded PostgreSQL did not stop cleanly")
    }
}
