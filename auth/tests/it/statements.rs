//! Which statements the service runs, by the server's own counters.

use sqlx::PgPool;

/// Makes the counters readable.
pub(crate) async fn install(db: &PgPool) {
    sqlx::query("create extension if not exists pg_stat_statements").execute(db).await.unwrap();
}

/// Counts from nothing again.
pub(crate) async fn reset(db: &PgPool) {
    let reset = "select pg_stat_statements_reset(0, oid, 0) from pg_database
                 where datname = current_database()";
    sqlx::query(reset).execute(db).await.unwrap();
}

/// How often which statement ran in this database since then: all but the counting ones, and the
/// beat that replicas listen for (`grants::revocations`), which follows no request.
pub(crate) async fn counted(db: &PgPool) -> Vec<(i64, String)> {
    sqlx::query_as(
        "select calls, query from pg_stat_statements
         where dbid = (select oid from pg_database where datname = current_database())
           and query not like '%pg_stat_statements%' and query not like '%pg_notify%'
         order by query",
    )
    .fetch_all(db)
    .await
    .unwrap()
}
