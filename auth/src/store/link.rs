//! The one connection to Redis: opened in the background, watched, and opened again when it is
//! lost. Nobody waits for it: without one, callers hear so at once. What looks at it also brings
//! along the key of nonces, so that they are signed without a question.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, RedisResult};
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use super::StoreError;
use super::nonces::Nonces;
use crate::nonce::{Seed, Signer};

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
    current: watch::Receiver<Option<Session>>,
    complaints: Arc<Complaints>,
}

/// A connection, and what was last found when it was looked at.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) connection: MultiplexedConnection,
    /// Has the key that held.
    pub(super) signer: Arc<Signer>,
    /// Complaints before that.
    complaints: u64,
}

#[derive(Default)]
struct Complaints {
    count: AtomicU64,
    notify: Notify,
}

impl Link {
    /// Starts to connect, and gives the first attempt the time it may take.
    pub(super) async fn open(client: Client, nonces: Nonces) -> Self {
        let (sender, mut current) = watch::channel(None);
        let complaints = Arc::new(Complaints::default());
        let keeper = Keeper { client, nonces, current: sender, complaints: complaints.clone() };
        tokio::spawn(keeper.run());
        let _ = timeout(CONNECT + ANSWER, current.wait_for(Option::is_some)).await;
        Self { current, complaints }
    }

    pub(super) fn session(&self) -> Option<Session> {
        self.current.borrow().clone()
    }

    /// What signs nonces, unless the last call failed and nobody has looked since: what is signed
    /// while Redis is away cannot be used.
    pub(super) fn signer(&self) -> Result<Arc<Signer>, StoreError> {
        let current = self.current.borrow();
        let session = current.as_ref().ok_or(StoreError)?;
        if session.complaints == self.complaints.count.load(Ordering::Acquire) {
            Ok(Arc::clone(&session.signer))
        } else {
            Err(StoreError)
        }
    }

    /// Has the connection looked at after a failure. What went wrong is logged by who looks.
    pub(super) fn note<T>(&self, answer: Result<T, RedisError>) -> Result<T, StoreError> {
        answer.map_err(|_| {
            self.complain();
            StoreError
        })
    }

    /// Has the connection looked at.
    pub(super) fn complain(&self) {
        self.complaints.count.fetch_add(1, Ordering::AcqRel);
        self.complaints.notify.notify_one();
    }
}

/// Keeps the connection.
struct Keeper {
    client: Client,
    nonces: Nonces,
    current: watch::Sender<Option<Session>>,
    complaints: Arc<Complaints>,
}

impl Keeper {
    /// Runs until the last user of the link is gone.
    async fn run(self) {
        tokio::select! { () = self.work() => {}, () = self.current.closed() => {} }
    }

    async fn work(&self) {
        let mut lost = false;
        loop {
            match self.connect().await {
                Ok(session) => {
                    if std::mem::take(&mut lost) {
                        tracing::info!("Redis is back: limits are shared again");
                    }
                    self.watch(session).await;
                    self.current.send_replace(None);
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
    }

    async fn connect(&self) -> RedisResult<Session> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(ANSWER))
            .set_pipeline_buffer_size(PIPELINE);
        let open = self.client.get_multiplexed_async_connection_with_config(&config);
        // The look-up of the name has no limit of its own.
        let Ok(connection) = timeout(2 * CONNECT, open).await else {
            return Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into());
        };
        let mut connection = connection?;
        let complaints = self.complaints.count.load(Ordering::Acquire);
        let seed = self.nonces.key(&mut connection).await?;
        Ok(Session { connection, signer: signer(&seed)?, complaints })
    }

    /// Hands `session` out, and returns once it is of no use any more.
    async fn watch(&self, mut session: Session) {
        loop {
            self.current.send_replace(Some(session.clone()));
            tokio::select! { () = self.complaints.notify.notified() => {}, () = sleep(WATCH) => {} }
            session.complaints = self.complaints.count.load(Ordering::Acquire);
            // Writes: one that is full, loading, or a read-only replica is as good as lost.
            let seed = self.nonces.key(&mut session.connection).await;
            let Ok(signer) = seed.and_then(|seed| session.signer_of(&seed)) else { break };
            session.signer = signer;
        }
    }
}

impl Session {
    /// This one's signer if it has the key in `seed`; another one otherwise.
    pub(super) fn signer_of(&self, seed: &Seed) -> RedisResult<Arc<Signer>> {
        if self.signer.has(seed) { Ok(Arc::clone(&self.signer)) } else { signer(seed) }
    }
}

fn signer(seed: &Seed) -> RedisResult<Arc<Signer>> {
    Ok(Arc::new(Signer::new(seed).map_err(std::io::Error::from)?))
}
