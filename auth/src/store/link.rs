//! The one connection to Redis: opened in the background, watched, and opened again when it is
//! lost. Nobody waits for it: without one, callers hear so at once.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, RedisResult, cmd};
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use super::StoreError;

/// How long a connection may take to open.
const CONNECT: Duration = Duration::from_millis(300);
/// How long an answer may take.
const ANSWER: Duration = Duration::from_millis(250);
/// How often a connection is looked at that nobody complains about.
const WATCH: Duration = Duration::from_secs(1);
/// Pause between attempts.
const RETRY: Duration = Duration::from_millis(250);
/// Commands on their way at a time; more wait.
const PIPELINE: usize = 1024;

/// Hands out the connection, as long as there is one.
pub(super) struct Link {
    current: watch::Receiver<Option<MultiplexedConnection>>,
    suspect: Arc<Notify>,
}

impl Link {
    /// Starts to connect, and gives the first attempt the time it may take.
    pub(super) async fn open(client: Client) -> Self {
        let (sender, mut current) = watch::channel(None);
        let suspect = Arc::new(Notify::new());
        tokio::spawn(keep(client, sender, Arc::clone(&suspect)));
        let _ = timeout(CONNECT + ANSWER, current.wait_for(Option::is_some)).await;
        Self { current, suspect }
    }

    pub(super) fn connection(&self) -> Option<MultiplexedConnection> {
        self.current.borrow().clone()
    }

    /// Has the connection looked at after a failure. What went wrong is logged by who looks.
    pub(super) fn note<T>(&self, answer: Result<T, RedisError>) -> Result<T, StoreError> {
        answer.map_err(|_| {
            self.suspect.notify_one();
            StoreError
        })
    }
}

/// Runs until the last user of the link is gone.
async fn keep(
    client: Client,
    current: watch::Sender<Option<MultiplexedConnection>>,
    suspect: Arc<Notify>,
) {
    let work = async {
        let mut lost = false;
        loop {
            match connect(&client).await {
                Ok(connection) => {
                    if std::mem::take(&mut lost) {
                        tracing::info!("Redis is back: limits are shared again");
                    }
                    current.send_replace(Some(connection.clone()));
                    broken(connection, &suspect).await;
                    current.send_replace(None);
                }
                Err(error) => {
                    if !std::mem::replace(&mut lost, true) {
                        tracing::warn!(
                            error = error.category(),
                            code = error.code(),
                            "Redis is lost: stricter limits of this process hold, sign-in waits",
                        );
                    }
                    sleep(RETRY).await;
                }
            }
        }
    };
    tokio::select! { () = work => {}, () = current.closed() => {} }
}

async fn connect(client: &Client) -> RedisResult<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT))
        .set_response_timeout(Some(ANSWER))
        .set_pipeline_buffer_size(PIPELINE);
    let open = client.get_multiplexed_async_connection_with_config(&config);
    // The look-up of the name has no limit of its own.
    let Ok(connection) = timeout(2 * CONNECT, open).await else {
        return Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into());
    };
    let mut connection = connection?;
    probe(&mut connection).await?;
    Ok(connection)
}

/// Returns once the connection is of no use any more.
async fn broken(mut connection: MultiplexedConnection, suspect: &Notify) {
    loop {
        tokio::select! { () = suspect.notified() => {}, () = sleep(WATCH) => {} }
        if probe(&mut connection).await.is_err() {
            break;
        }
    }
}

/// Writes: one that is full, loading, or a read-only replica is as good as lost.
async fn probe(connection: &mut MultiplexedConnection) -> RedisResult<()> {
    cmd("SET").arg("probe").arg(1).arg("PX").arg(1000).query_async(connection).await
}
