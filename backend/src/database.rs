//! Connections to PostgreSQL, on which a statement ends with the request that ran it.

use std::ops::Deref;

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{Describe, Either, Error, Execute, Executor, PgPool, Postgres, SqlStr};

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
}

impl Db {
    /// Uses the connections of `pool`; those of an embedded database are never given up.
    #[must_use]
    pub fn new(pool: PgPool, is_embedded: bool) -> Self {
        Self { pool, gives_up: !is_embedded }
    }

    async fn busy(self) -> Result<Busy, Error> {
        Ok(Busy { connection: self.pool.acquire().await?, gives_up: self.gives_up })
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
    connection: PoolConnection<Postgres>,
    gives_up: bool,
}

impl Drop for Busy {
    fn drop(&mut self) {
        if self.gives_up {
            self.connection.close_on_drop();
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
            let rows = busy.connection.fetch_many(query).collect::<Vec<_>>().await;
            busy.gives_up = false;
            Ok::<_, Error>(stream::iter(rows))
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
            let row = busy.connection.fetch_optional(query).await;
            busy.gives_up = false;
            row
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
