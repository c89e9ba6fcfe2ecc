//! Polling: one token, never a 429, and nothing for those who guess.

use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::json;
use shared::clock::Clock;
use sqlx::PgPool;

use super::{Login, approve, log_in, poll, start};
use crate::app::{TestApp, Wallet};
use crate::redis_server::RedisServer;

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn of_thirty_polls_at_once_on_two_instances_one_gets_a_token_and_one_is_made(db: PgPool) {
    let (app, second) = (TestApp::start(&db).await, TestApp::start(&db).await);
    let session = app.sign_in(&Wallet::random()).await;
    let login = start(&app, json!({})).await;
    approve(&app, &session, &login).await;

    let polls = (0..30).map(|turn| poll(if turn % 2 == 0 { &app } else { &second }, &login));
    let answers = join_all(polls).await;

    let delivered = answers.iter().filter(|answer| answer.status == StatusCode::OK).count();
    assert_eq!(delivered, 1);
    assert!(answers.iter().all(|answer| [200, 202, 404].contains(&answer.status.as_u16())));
    let made = sqlx::query_scalar!("select count(*) from auth.personal_access_tokens");
    assert_eq!(made.fetch_one(&db).await.unwrap(), Some(1));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn no_token_is_ever_at_rest_and_the_secret_is_only_a_hash(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    let login = start(&app, json!({})).await;
    approve(&app, &session, &login).await;
    let count = sqlx::query_scalar!("select count(*) from auth.personal_access_tokens");
    assert_eq!(count.fetch_one(&db).await.unwrap(), Some(0), "approved, and nothing made yet");

    let token = poll(&app, &login).await.body["token"].as_str().unwrap().to_owned();

    for table in ["cli_logins", "personal_access_tokens", "audit_events"] {
        let sql =
            format!("select coalesce(string_agg(rows::text, ' '), '') from auth.{table} rows");
        let dump = sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(sql)).fetch_one(&db).await;
        let dump = dump.unwrap();
        assert!(!dump.is_empty(), "{table}");
        for secret in [&token, &login.secret, &token[8..]] {
            assert!(!dump.contains(secret), "{table}");
            assert!(!dump.contains(&hex::encode(secret)), "{table}");
        }
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn wrong_secrets_are_bounded_and_make_the_login_void(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    let login = start(&app, json!({})).await;
    approve(&app, &session, &login).await;

    let mut statuses = Vec::new();
    for turn in 0..14 {
        let guess = Login { id: login.id.clone(), secret: format!("{turn:032}") };
        statuses.push(poll(&app, &guess).await.status.as_u16());
    }

    assert_eq!(statuses[..10], [401; 10]);
    assert_eq!(statuses[10..], [404; 4]);
    assert_eq!(poll(&app, &login).await.status, StatusCode::NOT_FOUND);
    assert_eq!(approve(&app, &session, &login).await.status, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn clients_that_poll_never_see_429_and_too_fast_ones_see_202(db: PgPool) {
    // The real limits; and three clients behind one address.
    let redis = RedisServer::start();
    let limits = [
        ("REDIS_URL", &*redis.url()),
        ("RATE_LIMIT_STRICT", "5/15m"),
        ("RATE_LIMIT_STANDARD", "60/1m"),
        ("RATE_LIMIT_RELAXED", "200/1m"),
    ];
    let app = TestApp::start_with(&db, &limits, Clock::System).await;
    let logins = [start(&app, json!({})).await, start(&app, json!({})).await];
    let session = app.sign_in(&Wallet::random()).await;

    // 300 polls are what the command-line client makes in its ten minutes.
    for turn in 0..300 {
        let answer = poll(&app, &logins[turn % 2]).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
    }
    let hasty = poll(&app, &logins[0]).await;
    assert_eq!(hasty.body, json!({ "status": "pending" }));

    // The one that asked too fast gets its token as soon as its pace allows.
    approve(&app, &session, &logins[0]).await;
    let start = std::time::Instant::now();
    while poll(&app, &logins[0]).await.status == StatusCode::ACCEPTED {
        assert!(start.elapsed() < std::time::Duration::from_secs(3));
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_stranger_who_knows_the_id_cannot_use_up_the_clients_polls(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    let login = start(&app, json!({})).await;
    let stranger = Login { id: login.id.clone(), secret: "guess".to_owned() };
    for _ in 0..9 {
        poll(&app, &stranger).await;
    }
    approve(&app, &session, &login).await;

    assert_eq!(poll(&app, &login).await.status, StatusCode::OK);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn an_account_that_may_make_no_more_tokens_hears_so_and_nothing_is_lost(db: PgPool) {
    let app = TestApp::start_with(&db, &[("TOKEN_CREATION_LIMIT", "1/1d")], Clock::System).await;
    let session = app.sign_in(&Wallet::random()).await;
    log_in(&app, &session, json!({})).await;
    let login = start(&app, json!({})).await;
    approve(&app, &session, &login).await;

    assert_eq!(poll(&app, &login).await.problem(), (400, "RATE_LIMIT_EXCEEDED"));

    let undelivered = sqlx::query_scalar!(
        "select count(*) from auth.cli_logins where id = $1 and delivered_at is null",
        login.id,
    );
    assert_eq!(undelivered.fetch_one(&db).await.unwrap(), Some(1));
}
