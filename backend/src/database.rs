//! Connections to PostgreSQL, on which a statement ends with the request that ran it.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{Describe, Either, Error, Execute, Executor, PgConnection, PgPool, Postgres, SqlStr};

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
    parking: Option<Parking>,
}

/// A connection that a request has just used and may use again at once. Giving it back and taking
/// another costs a round trip, so it stays here while the request's task runs; whenever the task
/// waits, for whatever it be, the connection is [given back](Self::clear), so that nobody holds one
/// idle.
#[derive(Clone, Debug, Default)]
pub struct Parking(Arc<Mutex<Option<PoolConnection<Postgres>>>>);

impl Parking {
    /// Gives the connection back to the pool, if there is one.
    pub fn clear(&self) {
        drop(self.take());
    }

    fn take(&self) -> Option<PoolConnection<Postgres>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, connection: PoolConnection<Postgres>) {
        // One is enough; what stood there goes back to the pool, outside of the lock.
        let before = self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(connection);
        drop(before);
    }
}

impl Db {
    /// Uses the connections of `pool`; those of an embedded database are never given up.
    #[must_use]
    pub fn new(pool: PgPool, is_embedded: bool) -> Self {
        Self { pool, gives_up: !is_embedded, parking: None }
    }

    /// The same pool for a request that parks its connection between statements. Whoever polls the
    /// request must clear `parking` before waiting.
    #[must_use]
    pub fn parking(&self, parking: Parking) -> Self {
        Self { parking: Some(parking), ..self.clone() }
    }

    async fn busy(self) -> Result<Busy, Error> {
        let parked = self.parking.as_ref().and_then(Parking::take);
        let connection = match parked {
            Some(connection) => connection,
            None => self.pool.acquire().await?,
        };
        Ok(Busy { connection: Some(connection), db: self })
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
    connection: Option<PoolConnection<Postgres>>,
    db: Db,
}

impl Busy {
    fn connection(&mut self) -> Result<&mut PgConnection, Error> {
        self.connection.as_deref_mut().ok_or(Error::PoolClosed)
    }

    /// The statement has ended. After a failure the pool looks whether the connection still works.
    fn end<T>(mut self, answer: Result<T, Error>) -> Result<T, Error> {
        let connection = self.connection.take();
        if let (Ok(_), Some(connection), Some(parking)) = (&answer, connection, &self.db.parking) {
            parking.put(connection);
        }
        answer
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if let Some(connection) = &mut self.connection
            && self.db.gives_up
        {
            connection.close_on_drop();
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
        let pool = self.pool.clone();
        async move { pool.acquire().await?.prepare_with(sql, parameters).await }.boxed()
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'p: 'e,
    {
        let pool = self.pool.clone();
        async move { pool.acquire().await?.describe(sql).await }.boxed()
    }
}
