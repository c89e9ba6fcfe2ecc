//! Auth or the database gone, slow or out of its mind: A9.5 and A11.4.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};
use shared::Shutdown;
use sqlx::PgPool;
use uuid::Uuid;

use crate::app::{TestApp, code, json_of, serve_auth};
use crate::auth_stand_in::{Manner, StandIn};

const TOKEN: &str = "af_live_whatever";

async fn ask(app: &TestApp) -> (StatusCode, Value) {
    let answer = app.query("{ __typename }").bearer_auth(TOKEN).send().await.unwrap();
    (answer.status(), json_of(answer).await)
}

fn valid() -> Value {
    json!({
        "valid": true, "userId": Uuid::now_v7(), "email": null, "displayName": null,
        "walletAddress": null, "type": "pat", "tokenId": Uuid::now_v7(),
        "scopes": ["read", "write"], "expiresAt": null,
    })
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn without_auth_a_token_is_answered_503_and_nobody_is_answered(db: PgPool) {
    let app = TestApp::against(&db, "http://127.0.0.1:1", &[]).await;

    for accept in ["*/*", "application/graphql-response+json"] {
        let call = app.query("{ __typename }").bearer_auth(TOKEN).header("accept", accept);
        let answer = call.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.headers().contains_key("retry-after"));
        let answer = json_of(answer).await;
        assert_eq!((code(&answer), answer.get("data")), ("SERVICE_UNAVAILABLE", None));
    }
    assert!(app.ask("{ version { version } }", None).await["data"].is_object());
    let sign_in = app.ask("mutation { walletChallenge { nonce } }", None).await;
    assert_eq!(code(&sign_in), "SERVICE_UNAVAILABLE");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn forged_tokens_are_refused_even_without_auth(db: PgPool) {
    let app = TestApp::against(&db, "http://127.0.0.1:1", &[]).await;
    assert_eq!(code(&app.ask("{ __typename }", Some("a.b.c")).await), "UNAUTHENTICATED");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn nonsense_from_auth_is_an_outage_and_never_an_identity(db: PgPool) {
    for manner in [
        Manner::Garbage,
        Manner::Endless,
        Manner::Redirects,
        Manner::Fails(StatusCode::INTERNAL_SERVER_ERROR),
        Manner::Fails(StatusCode::NOT_FOUND),
        Manner::Fails(StatusCode::TOO_MANY_REQUESTS),
        Manner::Answers(json!({ "valid": true })),
        Manner::Answers(json!({ "valid": true, "userId": "root" })),
        Manner::Answers(json!([])),
    ] {
        let auth = StandIn::new(manner).await;
        let app = TestApp::against(&db, &auth.url, &[]).await;
        let (status, answer) = ask(&app).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{answer}");
        assert_eq!(code(&answer), "SERVICE_UNAVAILABLE");
    }
    let denying = Value::Object(
        valid()
            .as_object()
            .unwrap()
            .clone()
            .into_iter()
            .chain([("valid".to_owned(), false.into())])
            .collect(),
    );
    let auth = StandIn::answering(denying).await;
    let app = TestApp::against(&db, &auth.url, &[]).await;
    assert_eq!(code(&ask(&app).await.1), "UNAUTHENTICATED", "200 that says no is a no");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_slow_auth_is_given_two_seconds_twice_and_then_none_until_it_is_back(db: PgPool) {
    let auth = StandIn::new(Manner::Hangs).await;
    let app = TestApp::against(&db, &auth.url, &[]).await;

    let start = Instant::now();
    let (status, _) = ask(&app).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!((Duration::from_secs(4)..Duration::from_secs(6)).contains(&start.elapsed()));
    assert_eq!(auth.seen().len(), 2, "one retry");

    auth.turn(Manner::Fails(StatusCode::BAD_GATEWAY));
    ask(&app).await;
    ask(&app).await;
    let before = auth.seen().len();
    let start = Instant::now();
    for _ in 0..20 {
        assert_eq!(ask(&app).await.0, StatusCode::SERVICE_UNAVAILABLE);
    }
    assert!(start.elapsed() < Duration::from_secs(1), "it fails at once");
    assert!(auth.seen().len() <= before + 2, "and leaves auth alone");

    auth.turn(Manner::Answers(valid()));
    let start = Instant::now();
    while ask(&app).await.0 != StatusCode::OK {
        assert!(start.elapsed() < Duration::from_secs(3), "it has not healed");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn one_failure_of_auth_is_not_noticed(db: PgPool) {
    let auth = StandIn::new(Manner::Fails(StatusCode::BAD_GATEWAY)).await;
    let app = TestApp::against(&db, &auth.url, &[]).await;
    let healing = async {
        while auth.seen().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        auth.turn(Manner::Answers(valid()));
    };
    let ((status, answer), ()) = tokio::join!(ask(&app), healing);
    assert_eq!(status, StatusCode::OK, "{answer}");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn the_real_auth_may_die_and_come_back(db: PgPool) {
    let app = TestApp::start(&db).await;
    let user = app.user().await;
    let mine = "{ projects { totalCount } }";
    assert!(app.ask(mine, Some(&user.jwt)).await["data"].is_object());

    app.auth_shutdown.cancel();
    let start = Instant::now();
    while app.query(mine).bearer_auth(&user.jwt).send().await.unwrap().status() == StatusCode::OK {
        assert!(start.elapsed() < Duration::from_secs(7), "an old answer counts too long");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }

    let again = Shutdown::new();
    serve_auth(&db, app.auth.strip_prefix("http://").unwrap(), &again).await;
    let start = Instant::now();
    while !app.ask(mine, Some(&user.jwt)).await["data"].is_object() {
        assert!(start.elapsed() < Duration::from_secs(5), "it has not healed");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    again.cancel();
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_failing_database_is_masked_and_named_only_in_the_log(db: PgPool) {
    let app = TestApp::start(&db).await;
    let user = app.user().await;
    sqlx::query("alter table app.projects rename to gone").execute(&db).await.unwrap();

    let answer = app.ask("{ projects { totalCount } }", Some(&user.jwt)).await;
    assert_eq!((code(&answer), &answer["data"]), ("INTERNAL", &Value::Null));
    assert_eq!(answer["errors"][0]["message"], "internal error");
    assert!(answer["errors"][0]["extensions"]["requestId"].is_string());
    assert!(!answer.to_string().contains("relation"), "{answer}");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_lost_database_is_503_in_health_and_a_code_in_answers(db: PgPool) {
    let app = TestApp::start(&db).await;
    let user = app.user().await;
    assert!(app.ask("{ projects { totalCount } }", Some(&user.jwt)).await["data"].is_object());
    let health = async || app.http.get(format!("{}/health", app.url)).send().await.unwrap();
    assert_eq!(health().await.status(), StatusCode::OK);

    db.close().await;

    let answer = app.ask("{ projects { totalCount } }", Some(&user.jwt)).await;
    assert_eq!(code(&answer), "SERVICE_UNAVAILABLE", "{answer}");
    let health = health().await;
    assert_eq!(health.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(json_of(health).await["checks"]["database"], "unreachable");
    let live = app.http.get(format!("{}/livez", app.url)).send().await.unwrap();
    assert_eq!(live.status(), StatusCode::OK);
}
