//! Rows that are of no use any more go; the others stay.

use auth::cleanup::round;
use shared::clock::Clock;
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::app::pool_of;

async fn user(db: &PgPool) -> Uuid {
    let id = Uuid::now_v7();
    sqlx::query!("insert into auth.users (id) values ($1)", id).execute(db).await.unwrap();
    id
}

async fn session(db: &PgPool, user: Uuid, expires: OffsetDateTime, revoked: bool) -> Uuid {
    let id = Uuid::now_v7();
    sqlx::query!(
        "insert into auth.sessions (id, user_id, expires_at, revoked_at, revoked_reason)
         values ($1, $2, $3::timestamptz, case when $4 then $3::timestamptz end, case when $4 then 'logout' end)",
        id,
        user,
        expires,
        revoked,
    )
    .execute(db)
    .await
    .unwrap();
    id
}

async fn events(db: &PgPool, user: Uuid, count: i32, at: OffsetDateTime) {
    sqlx::query!(
        "insert into auth.audit_events (id, user_id, action, created_at)
         select gen_random_uuid(), $1, 'session.created', $3 from generate_series(1, $2)",
        user,
        count,
        at,
    )
    .execute(db)
    .await
    .unwrap();
}

async fn rows(db: &PgPool) -> i64 {
    let count = sqlx::query_scalar!(
        r#"select (select count(*) from auth.sessions) + (select count(*) from auth.refresh_tokens)
                + (select count(*) from auth.personal_access_tokens)
                + (select count(*) from auth.cli_logins)
                + (select count(*) from auth.audit_events) as "count!""#
    );
    count.fetch_one(db).await.unwrap()
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn what_is_past_its_retention_goes_and_what_lives_stays(db: PgPool) {
    let now = Clock::System.now();
    let (old, recent) = (now - Duration::days(500), now - Duration::hours(1));
    let user = user(&db).await;
    let kept = [
        session(&db, user, now + Duration::days(1), false).await,
        session(&db, user, recent, false).await,
        session(&db, user, recent, true).await,
    ];
    session(&db, user, old, false).await;
    session(&db, user, old, true).await;
    for (byte, expires) in [(1_u8, old), (2, recent), (3, now + Duration::days(1))] {
        let hash = [byte; 32];
        sqlx::query!(
            "insert into auth.refresh_tokens (token_hash, session_id, expires_at)
             values ($1, $2, $3)",
            hash.as_slice(),
            kept[0],
            expires,
        )
        .execute(&db)
        .await
        .unwrap();
        sqlx::query!(
            "insert into auth.personal_access_tokens
                 (id, user_id, name, token_hash, last_four, scopes, expires_at)
             values (gen_random_uuid(), $2, 'ci', $1, 'abcd', '{read}', $3)",
            hash.as_slice(),
            user,
            expires,
        )
        .execute(&db)
        .await
        .unwrap();
        sqlx::query!(
            "insert into auth.cli_logins (id, secret_hash, name, expires_at)
             values (repeat(chr(64 + $2), 32), $1, 'CLI Login', $3)",
            hash.as_slice(),
            i32::from(byte),
            expires,
        )
        .execute(&db)
        .await
        .unwrap();
    }
    events(&db, user, 3, old).await;
    events(&db, user, 4, recent).await;
    assert_eq!(rows(&db).await, 21);

    // Two sessions, and one of each other kind but three of the trail.
    assert_eq!(round(&db, now).await.unwrap(), 8);

    assert_eq!(rows(&db).await, 13);
    assert_eq!(round(&db, now).await.unwrap(), 0);
    let left = sqlx::query_scalar!("select id from auth.sessions order by id").fetch_all(&db).await;
    assert_eq!(left.unwrap(), kept);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn several_replicas_share_the_work_and_nobody_waits_for_a_locked_row(db: PgPool) {
    let now = Clock::System.now();
    let old = now - Duration::days(500);
    let user = user(&db).await;
    let locked = session(&db, user, old, false).await;
    for _ in 0..40 {
        session(&db, user, old, false).await;
    }
    events(&db, user, 1_300, old).await;
    let mut transaction = db.begin().await.unwrap();
    sqlx::query!("select id from auth.sessions where id = $1 for update", locked)
        .fetch_one(&mut *transaction)
        .await
        .unwrap();

    let other = pool_of(&db, 2);
    let (one, two) = futures_util::future::join(round(&db, now), round(&other, now)).await;

    assert_eq!(one.unwrap() + two.unwrap(), 1_340);
    assert_eq!(rows(&db).await, 1);
    transaction.rollback().await.unwrap();
    assert_eq!(round(&db, now).await.unwrap(), 1);
}
