//! A revoked token is refused by every instance from the moment its revocation was answered, although
//! each remembers tokens (docs/decisions/0301).

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::json;
use sqlx::PgPool;

use crate::app::{Answer, TestApp, Wallet};

/// Waits until `token` is remembered: asked for again, it costs no query.
pub(crate) async fn warm(app: &TestApp, token: &str) {
    for _ in 0..200 {
        assert_eq!(app.validate(token).await.status, StatusCode::OK);
        if app.state.grants.is_remembered(token) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the token is never remembered");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn whatever_is_answered_as_revoked_is_refused_by_every_instance_at_once(db: PgPool) {
    let (one, two) = (TestApp::start(&db).await, TestApp::start(&db).await);
    for _ in 0..15 {
        let session = one.sign_in(&Wallet::random()).await;
        let access = session.access_token.as_str();
        let created = one.post_as(access, "/tokens", json!({ "name": "x" })).await;
        let pat = created.body["token"]["token"].as_str().unwrap();
        let id = created.body["token"]["id"].as_str().unwrap();
        for app in [&one, &two] {
            warm(app, pat).await;
            warm(app, access).await;
        }

        assert_eq!(one.delete_as(access, &format!("/tokens/{id}")).await.status, StatusCode::OK);
        assert_eq!(two.validate(pat).await.problem(), (401, "INVALID_TOKEN"));
        assert_eq!(one.validate(pat).await.problem(), (401, "INVALID_TOKEN"));
        assert_eq!(two.validate(access).await.status, StatusCode::OK);

        assert_eq!(one.post_as(access, "/auth/logout", json!({})).await.status, StatusCode::OK);
        assert_eq!(two.validate(access).await.problem(), (401, "INVALID_TOKEN"));
        assert_eq!(one.validate(access).await.problem(), (401, "INVALID_TOKEN"));
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn an_account_that_is_deleted_takes_its_tokens_along_everywhere(db: PgPool) {
    let (one, two) = (TestApp::start(&db).await, TestApp::start(&db).await);
    let session = one.sign_in(&Wallet::random()).await;
    let pat = one.pat(&session, "ci").await;
    warm(&two, &pat).await;
    warm(&two, &session.access_token).await;

    let answer = one.delete_as(&session.access_token, "/account/profile").await;

    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(two.validate(&pat).await.problem(), (401, "INVALID_TOKEN"));
    assert_eq!(two.validate(&session.access_token).await.problem(), (401, "INVALID_TOKEN"));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_statement_by_hand_is_heard_of_within_a_second(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    warm(&app, &session.access_token).await;

    sqlx::query("delete from auth.sessions").execute(&db).await.unwrap();

    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(app.validate(&session.access_token).await.problem(), (401, "INVALID_TOKEN"));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn an_instance_that_lost_its_listener_asks_the_database(db: PgPool) {
    let (one, two) = (TestApp::start(&db).await, TestApp::start(&db).await);
    let session = one.sign_in(&Wallet::random()).await;
    let access = session.access_token.as_str();
    warm(&two, access).await;
    // Kept from coming back: the listeners' connections are killed as often as they are opened.
    let killer = tokio::spawn({
        let db = db.clone();
        async move {
            loop {
                sqlx::query(
                    "select pg_terminate_backend(pid) from pg_stat_activity
                     where datname = current_database() and application_name = 'auth listener'",
                )
                .execute(&db)
                .await
                .unwrap();
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;

    assert_eq!(two.validate(access).await.status, StatusCode::OK);
    assert_eq!(one.post_as(access, "/auth/logout", json!({})).await.status, StatusCode::OK);
    assert_eq!(two.validate(access).await.problem(), (401, "INVALID_TOKEN"));

    killer.abort();
    let again = one.sign_in(&Wallet::random()).await;
    warm(&two, &again.access_token).await;
    assert_eq!(two.validate(access).await.problem(), (401, "INVALID_TOKEN"));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn an_instance_that_hangs_is_waited_for_until_it_cannot_accept_anything(db: PgPool) {
    let (one, two) = (TestApp::start(&db).await, TestApp::start(&db).await);
    let session = one.sign_in(&Wallet::random()).await;
    let access = session.access_token.as_str();
    warm(&one, access).await;
    warm(&two, access).await;
    // The server end of the second's listener stops, as if the network had swallowed it.
    let pid = sqlx::query_scalar::<_, i32>(
        "select pid from pg_stat_activity
         where datname = current_database() and application_name = 'auth listener'
         order by backend_start desc limit 1",
    )
    .fetch_one(&db)
    .await
    .unwrap();
    let signal = |name: &str| {
        let status = std::process::Command::new("kill").args([name, &pid.to_string()]).status();
        assert!(
            status.unwrap().success(),
            "this test must be allowed to stop a PostgreSQL process"
        );
    };
    signal("-STOP");

    let start = Instant::now();
    let answer = one.post_as(access, "/auth/logout", json!({})).await;
    let took = start.elapsed();
    let refused = two.validate(access).await;
    signal("-CONT");

    assert_eq!(answer.status, StatusCode::OK);
    assert!(took < Duration::from_millis(1500), "{took:?}");
    assert_eq!(refused.problem(), (401, "INVALID_TOKEN"));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_revocation_amid_a_storm_of_checks_is_never_overtaken(db: PgPool) {
    let (one, two) = (TestApp::start(&db).await, TestApp::start(&db).await);
    for _ in 0..10 {
        let session = one.sign_in(&Wallet::random()).await;
        let access = session.access_token.as_str();
        let revoked = AtomicBool::new(false);
        let storm = async |app: &TestApp| {
            for _ in 0..60 {
                let was_revoked = revoked.load(Ordering::SeqCst);
                let status = app.validate(access).await.status;
                assert!(!was_revoked || status == StatusCode::UNAUTHORIZED);
            }
        };
        let revoke = async {
            tokio::time::sleep(Duration::from_millis(15)).await;
            let answer = one.post_as(access, "/auth/logout", json!({})).await;
            assert_eq!(answer.status, StatusCode::OK);
            revoked.store(true, Ordering::SeqCst);
        };
        tokio::join!(revoke, storm(&one), storm(&two), storm(&one), storm(&two));
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_change_of_the_profile_is_seen_at_once(db: PgPool) {
    let (one, two) = (TestApp::start(&db).await, TestApp::start(&db).await);
    let session = one.sign_in(&Wallet::random()).await;
    warm(&two, &session.access_token).await;
    let request = one.request(Method::PATCH, "/account/profile");
    let request = request.bearer_auth(&session.access_token).json(&json!({ "displayName": "Ada" }));

    assert_eq!(Answer::of(request).await.status, StatusCode::OK);

    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(two.validate(&session.access_token).await.body["displayName"], "Ada");
}
