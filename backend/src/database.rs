//! Connections to PostgreSQL, on which a statement ends with the request that ran it.

mod lease;

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{Describe, Either, Error, Execute, Executor, PgConnection, PgPool, Postgres, SqlStr};

use lease::{Lease, Leases};

/// How long requests hand a connection on before the pool gets it back. A server that restarts takes
/// longer.
const TERM: Duration = Duration::from_millis(500);

/// A pool whose statements are given up when nobody waits for them any more.
///
/// The pool alone would let such a statement run to its end and then use the connection again. Here
/// the connection is closed, and PostgreSQL, which looks for that
/// (`client_connection_check_interval`), ends the statement. The embedded database of `local` does
/// not survive that, and has one connection: there a statement does run to its end.
#[derive(Clone, Debug)]
pub struct Db {
    pool: PgPool,
    gives_up: bool,
    leases: Leases,
    parking: Option<Parking>,
}

/// A connection that a request has just used and may use again at once. It stays here while the
/// request's task runs; whenever the task waits, for whatever it be, the connection is [given
/// back](Self::clear), so that nobody holds one idle.
#[derive(Clone, Debug, Default)]
pub struct Parking(Arc<Mutex<Option<Lease>>>);

impl Parking {
    /// Gives the connection back, if there is one.
    pub fn clear(&self) {
        drop(self.take());
    }

    fn take(&self) -> Option<Lease> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, lease: Lease) {
        // One is enough; what stood there is given back, outside of the lock.
        let before = self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(lease);
        drop(before);
    }
}

impl Db {
    /// Uses the connections of `pool`; those of an embedded database are never given up, nor kept
    /// from whom else it serves.
    #[must_use]
    pub fn new(pool: PgPool, is_embedded: bool) -> Self {
        let leases = Leases::of(pool.clone(), if is_embedded { Duration::ZERO } else { TERM });
        Self { pool, gives_up: !is_embedded, leases, parking: None }
    }

    /// The same pool for a request that parks its connection between statements. Whoever polls the
    /// request must clear `parking` before waiting.
    #[must_use]
    pub fn parking(&self, parking: Parking) -> Self {
        Self { parking: Some(parking), ..self.clone() }
    }

    /// A connection for several statements, such as a transaction; the pool has it back afterwards,
    /// so that what was not committed is rolled back at once.
    pub async fn acquire(&self) -> Result<PoolConnection<Postgres>, Error> {
        self.lease().await?.end().ok_or(Error::PoolClosed)
    }

    async fn lease(&self) -> Result<Lease, Error> {
        let parked = self.parking.as_ref().and_then(Parking::take);
        match parked {
            Some(lease) => Ok(lease),
            None => self.leases.take().await,
        }
    }

    async fn busy(self) -> Result<Busy, Error> {
        Ok(Busy { lease: Some(self.lease().await?), db: self })
    }
}

impl Deref for Db {
    type Target = PgPool;

    fn deref(&self) -> &PgPool {
        &self.pool
    }
}

/// A connection in the middle of a statement.
struct Busy {
    /// Taken when the statement has ended.
    lease: Option<Lease>,
    db: Db,
}

impl Busy {
    fn connection(&mut self) -> Result<&mut PgConnection, Error> {
        self.lease.as_mut().and_then(Lease::connection).ok_or(Error::PoolClosed)
    }

    /// The statement has ended. After a failure the pool looks whether the connection still works.
    fn end<T>(mut self, answer: Result<T, Error>) -> Result<T, Error> {
        match (&answer, self.lease.take(), &self.db.parking) {
            (Ok(_), Some(lease), Some(parking)) => parking.put(lease),
            (Err(_), Some(lease), _) => drop(lease.end()),
            _ => {}
        }
        answer
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if let Some(lease) = self.lease.take() {
            if self.db.gives_up { lease.close() } else { drop(lease.end()) }
        }
    }
}

impl<'p> Executor<'p> for &'_ Db {
    type Database = Postgres;

    /// Gathers the rows first: the bounds of a page and of a request keep them few.
    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, Error>>
    where
        E: 'q + Execute<'q, Postgres>,
    {
        let db = self.clone();
        let rows = async move {
            let mut busy = db.busy().await?;
            let rows = busy.connection()?.fetch_many(query).try_collect::<Vec<_>>().await;
            busy.end(rows).map(|rows| stream::iter(rows).map(Ok))
        };
        stream::once(rows).try_flatten().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        E: 'q + Execute<'q, Postgres>,
    {
        let db = self.clone();
        let row = async move {
            let mut busy = db.busy().await?;
            let row = busy.connection()?.fetch_optional(query).await;
            busy.end(row)
        };
        row.boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'p: 'e,
    {
        let db = self.clone();
        async move { db.acquire().await?.prepare_with(sql, parameters).await }.boxed()
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'p: 'e,
    {
        let db = self.clone();
        async move { db.acquire().await?.describe(sql).await }.boxed()
    }
}
