//! Connections that go from one request to the next.
//!
//! The pool asks a connection whether it still works whenever one is given back: a round trip, and a
//! task, for every request. Here a connection is taken from the pool for a term, and given back when
//! that has ended, whoever used it meanwhile.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::{Error, PgConnection, PgPool, Postgres};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections of a pool that go from hand to hand.
#[derive(Clone, Debug)]
pub(super) struct Leases(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: PgPool,
    /// How long a connection stays out of the pool, which looks after it: whether it still works,
    /// and whether it is too old.
    term: Duration,
    /// One for each connection, so that who waits is served in turn.
    turns: Arc<Semaphore>,
    idle: Mutex<Idle>,
}

/// Connections that nobody uses now.
#[derive(Debug, Default)]
struct Idle {
    connections: Vec<Leased>,
    is_swept: bool,
}

#[derive(Debug)]
struct Leased {
    connection: PoolConnection<Postgres>,
    /// When the pool gave it.
    since: Instant,
}

/// A connection, for one who uses it now.
#[derive(Debug)]
pub(super) struct Lease {
    /// There until the lease ends.
    leased: Option<Leased>,
    leases: Leases,
    _turn: OwnedSemaphorePermit,
}

impl Leases {
    pub(super) fn of(pool: PgPool, term: Duration) -> Self {
        let most = pool.options().get_max_connections() as usize;
        let turns = Arc::new(Semaphore::new(most));
        Self(Arc::new(Inner { pool, term, turns, idle: Mutex::default() }))
    }

    /// A connection that was used lately, or else the pool's.
    pub(super) async fn take(&self) -> Result<Lease, Error> {
        let Inner { pool, turns, .. } = &*self.0;
        let turn = Arc::clone(turns).acquire_owned();
        let turn = tokio::time::timeout(pool.options().get_acquire_timeout(), turn).await;
        let turn = turn.map_err(|_| Error::PoolTimedOut)?.map_err(|_| Error::PoolClosed)?;
        let leased = match self.last_used() {
            Some(leased) => leased,
            None => Leased { connection: pool.acquire().await?, since: Instant::now() },
        };
        Ok(Lease { leased: Some(leased), leases: self.clone(), _turn: turn })
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn last_used(&self) -> Option<Leased> {
        let last = self.idle().connections.pop();
        last.filter(|leased| self.is_in_term(leased))
    }

    fn is_in_term(&self, leased: &Leased) -> bool {
        leased.since.elapsed() < self.0.term
    }

    fn put(&self, leased: Leased) {
        let mut idle = self.idle();
        idle.connections.push(leased);
        if !std::mem::replace(&mut idle.is_swept, true) {
            tokio::spawn(self.clone().sweep());
        }
    }

    /// Gives back what nobody has used in time; ends when nothing is left.
    async fn sweep(self) {
        let mut is_swept = true;
        while is_swept {
            tokio::time::sleep(self.0.term).await;
            let mut idle = self.idle();
            let ended = idle.connections.extract_if(.., |leased| !self.is_in_term(leased));
            let ended = ended.collect::<Vec<_>>();
            is_swept = !idle.connections.is_empty();
            idle.is_swept = is_swept;
            drop(idle);
            drop(ended);
        }
    }
}

impl Lease {
    pub(super) fn connection(&mut self) -> Option<&mut PgConnection> {
        self.leased.as_mut().map(|leased| &mut *leased.connection)
    }

    /// Ends the lease: when dropped, the connection goes to the pool, which looks whether it still
    /// works.
    pub(super) fn end(mut self) -> Option<PoolConnection<Postgres>> {
        self.leased.take().map(|leased| leased.connection)
    }

    /// It is in the middle of something: nobody can use it.
    pub(super) fn close(self) {
        if let Some(mut connection) = self.end() {
            connection.close_on_drop();
        }
    }
}

impl Drop for Lease {
    /// For the next who needs one, while the term lasts.
    fn drop(&mut self) {
        let leased = self.leased.take();
        if let Some(leased) = leased.filter(|leased| self.leases.is_in_term(leased)) {
            self.leases.put(leased);
        }
    }
}
