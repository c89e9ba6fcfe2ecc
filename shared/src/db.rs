//! The connection pool, the migrations, and the check that both fit this build.

use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::pool::PoolConnectionMetadata;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection as _, Executor as _, PgConnection, PgPool};

/// The one history of the one database.
pub static MIGRATOR: Migrator = sqlx::migrate!("../migrations");

/// How long a request waits for a connection before it fails.
const ACQUIRE: Duration = Duration::from_secs(3);
/// How long ago a connection may have worked that is used without a question.
const RECENT: Duration = Duration::from_millis(500);
/// No statement of ours runs longer.
const STATEMENT_TIMEOUT: &str = "10s";
/// How long a start keeps trying to reach the database.
const START: Duration = Duration::from_secs(10);

/// `DATABASE_URL`. No `Debug`: it holds a password.
#[derive(Clone)]
pub struct DatabaseUrl(PgConnectOptions);

/// The text is no URL of a PostgreSQL database.
#[derive(Debug, thiserror::Error)]
#[error("not a PostgreSQL URL")]
pub struct NotADatabaseUrl;

impl FromStr for DatabaseUrl {
    type Err = NotADatabaseUrl;

    fn from_str(text: &str) -> Result<Self, NotADatabaseUrl> {
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(NotADatabaseUrl);
        }
        text.parse().map(Self).map_err(|_| NotADatabaseUrl)
    }
}

impl DatabaseUrl {
    /// What the settings say about it.
    pub const SHAPE: &str = "postgres://user:password@host:5432/database";

    /// Where it points, without the password: `user@host:port/database`.
    #[must_use]
    pub fn place(&self) -> String {
        let options = &self.0;
        let database = options.get_database().unwrap_or(options.get_username());
        format!(
            "{}@{}:{}/{database}",
            options.get_username(),
            options.get_host(),
            options.get_port()
        )
    }

    /// The options for a single connection, for listeners and tools.
    #[must_use]
    pub fn options(&self, service: &str) -> PgConnectOptions {
        self.0.clone().application_name(service).disable_statement_logging()
    }
}

/// Why the database cannot be used; one line for the operator, without the password.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody answers, or it does not let us in.
    #[error("cannot reach the database {place} (DATABASE_URL): {cause}")]
    Unreachable {
        /// Where, without the password.
        place: String,
        /// What the driver said.
        cause: sqlx::Error,
    },
    /// Migrations of this build are not applied.
    #[error(
        "the database's schema is older than this build ({missing} migrations are missing, the first is {first}); run `auth migrate` or `backend migrate` first"
    )]
    TooOld {
        /// How many.
        missing: usize,
        /// Version of the first one.
        first: i64,
    },
    /// The database has migrations that this build does not know.
    #[error(
        "the database's schema is newer than this build (it has migration {0}); deploy a newer build"
    )]
    TooNew(i64),
    /// A migration was changed after it had been applied.
    #[error(
        "migration {0} was applied with another content than this build has; a merged migration must never change"
    )]
    Changed(i64),
    /// A migration failed; the transaction it ran in was rolled back.
    #[error("migration failed, nothing of it was kept: {0}")]
    Migration(#[from] MigrateError),
    /// The history cannot be read.
    #[error("cannot read the migrations' history: {0}")]
    History(sqlx::Error),
}

/// A pool of at most `most` connections. Opens none yet: a database that is away answers each
/// request with an error until it is back, and costs no restart.
#[must_use]
pub fn pool(url: &DatabaseUrl, service: &str, most: u32) -> PgPool {
    let options = url.options(service).options([("statement_timeout", STATEMENT_TIMEOUT)]);
    PgPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(ACQUIRE)
        .max_lifetime(Duration::from_mins(30))
        .idle_timeout(Duration::from_mins(10))
        .after_connect(|connection, _| Box::pin(notice_loss(connection)))
        .test_before_acquire(false)
        .before_acquire(|connection, meta| Box::pin(is_alive(connection, meta)))
        .connect_lazy_with(options)
}

/// Lets a statement end when its connection is lost: PostgreSQL looks for that only when told to.
/// The embedded database of `local` cannot, and says so.
async fn notice_loss(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    match connection.execute("set client_connection_check_interval = '500ms'").await {
        Ok(_) | Err(sqlx::Error::Database(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// A connection that worked a moment ago is not asked whether it still does: that would double the
/// round trips of every statement. No server restarts faster, so the others are those to ask.
async fn is_alive(
    connection: &mut PgConnection,
    meta: PoolConnectionMetadata,
) -> Result<bool, sqlx::Error> {
    Ok(meta.idle_for < RECENT || connection.ping().await.is_ok())
}

/// Opens a pool and checks the schema; tries for ten seconds when nobody answers.
///
/// # Errors
/// [`Error::Unreachable`], or that the schema is another build's.
pub async fn connect(url: &DatabaseUrl, service: &str, most: u32) -> Result<PgPool, Error> {
    let pool = pool(url, service, most);
    let start = tokio::time::Instant::now();
    loop {
        match pool.acquire().await {
            Ok(_) => break,
            Err(cause) if start.elapsed() < START && is_passing(&cause) => {
                tracing::info!(database = url.place(), "waiting for the database");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            Err(cause) => {
                return Err(Error::Unreachable { place: url.place(), cause });
            }
        }
    }
    check_schema(&pool).await?;
    Ok(pool)
}

/// Whether waiting may help: a refused connection does, a wrong password does not.
fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut => true,
        // 57P03: the server is starting up or shutting down.
        sqlx::Error::Database(error) => error.code().as_deref() == Some("57P03"),
        _ => false,
    }
}

/// Compares the applied migrations with those of this build.
///
/// # Errors
/// [`Error::TooOld`], [`Error::TooNew`], [`Error::Changed`], or that it cannot be read.
pub async fn check_schema(pool: &PgPool) -> Result<(), Error> {
    let applied = sqlx::query_as::<_, (i64, Vec<u8>)>(
        "select version, checksum from _sqlx_migrations where success order by version",
    )
    .fetch_all(pool)
    .await;
    let applied = match applied {
        // 42P01: there is no such table, so nothing was ever applied.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P01") => Vec::new(),
        other => other.map_err(Error::History)?,
    };
    let known = MIGRATOR.iter().map(|migration| (migration.version, &*migration.checksum));
    let known = known.collect::<Vec<_>>();
    for (version, checksum) in &applied {
        match known.iter().find(|(other, _)| other == version) {
            None => return Err(Error::TooNew(*version)),
            Some((_, other)) if *other != checksum.as_slice() => {
                return Err(Error::Changed(*version));
            }
            Some(_) => {}
        }
    }
    let is_missing = |version: &i64| !applied.iter().any(|(other, _)| other == version);
    let missing = known.iter().map(|(version, _)| *version).filter(is_missing).collect::<Vec<_>>();
    missing
        .first()
        .map_or(Ok(()), |first| Err(Error::TooOld { missing: missing.len(), first: *first }))
}

/// Applies what is missing, under an advisory lock: several may run at once, one does the work.
///
/// # Errors
/// [`Error::Unreachable`] or [`Error::Migration`].
pub async fn migrate(url: &DatabaseUrl) -> Result<(), Error> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE)
        .connect_with(url.options("migrate"))
        .await
        .map_err(|cause| Error::Unreachable { place: url.place(), cause })?;
    MIGRATOR.run(&pool).await?;
    pool.close().await;
    Ok(())
}

/// Whether the database answers within two seconds; for `/health`.
pub async fn is_reachable(pool: &PgPool) -> bool {
    let ask = sqlx::query("select 1").execute(pool);
    tokio::time::timeout(Duration::from_secs(2), ask).await.is_ok_and(|answer| answer.is_ok())
}
