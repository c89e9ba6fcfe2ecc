//! The trail of an account.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::app::{Answer, TestApp, Wallet};

async fn page(app: &TestApp, token: &str, query: &str) -> Value {
    let answer = app.get_as(token, &format!("/account/audit{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.body
}

fn actions(page: &Value) -> Vec<&str> {
    let events = page["events"].as_array().unwrap();
    events.iter().map(|event| event["action"].as_str().unwrap()).collect()
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn what_happens_is_written_down_with_address_program_and_request(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    let token = &session.access_token;
    let make = app.request(Method::POST, "/tokens").bearer_auth(token);
    let make = make.header("user-agent", "af-cli/0.2.8").header("x-request-id", "request-7");
    let made = Answer::of(make.json(&json!({ "name": "ci" }))).await;
    let id = made.body["token"]["id"].as_str().unwrap().to_owned();
    app.delete_as(token, &format!("/tokens/{id}")).await;
    let patch = app.request(Method::PATCH, "/account/profile").bearer_auth(token);
    Answer::of(patch.json(&json!({ "displayName": "Alice" }))).await;

    let trail = page(&app, token, "").await;

    let expected = ["profile.changed", "token.revoked", "token.created", "session.created"];
    assert_eq!(actions(&trail), expected);
    assert_eq!(trail["nextCursor"], Value::Null);
    let made = &trail["events"][2];
    assert_eq!(made["ip"], "127.0.0.1");
    assert_eq!(made["userAgent"], "af-cli/0.2.8");
    assert_eq!(made["requestId"], "request-7");
    assert_eq!(made["detail"]["token"], id);
    assert!(!trail.to_string().contains("af_live_"));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn pages_follow_each_other_without_gap_or_overlap_and_only_ones_own_are_seen(db: PgPool) {
    let app = TestApp::start(&db).await;
    let (alice, bob) = (Wallet::random(), Wallet::random());
    app.sign_in(&bob).await;
    let session = app.sign_in(&alice).await;
    for _ in 0..6 {
        app.pat(&session, "ci").await;
    }
    app.sign_in(&bob).await;

    let (mut seen, mut query) = (Vec::new(), "?first=3".to_owned());
    loop {
        let trail = page(&app, &session.access_token, &query).await;
        let events = trail["events"].as_array().unwrap();
        assert!(events.len() <= 3);
        seen.extend(events.iter().map(|event| event["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = trail["nextCursor"].as_str() else { break };
        query = format!("?first=3&after={cursor}");
    }

    assert_eq!(seen.len(), 7);
    assert!(seen.is_sorted_by(|a, b| a > b), "newest first, none twice: {seen:?}");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_page_that_makes_no_sense_is_a_400_problem(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    for query in [
        "first=0",
        "first=101",
        "first=-1",
        "first=1000000000000000000000",
        "first=x",
        "after=x",
        "after=%00",
        "first=1&first=2",
    ] {
        let answer = app.get_as(&session.access_token, &format!("/account/audit?{query}")).await;
        assert_eq!(answer.problem(), (400, "INVALID_BODY"), "{query}");
    }
    assert_eq!(Answer::of(app.request(Method::GET, "/account/audit")).await.problem().0, 401);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn the_service_itself_cannot_change_the_trail(db: PgPool) {
    let app = TestApp::start(&db).await;
    app.sign_in(&Wallet::random()).await;
    let mut connection = db.acquire().await.unwrap();
    sqlx::query("set role auth").execute(&mut *connection).await.unwrap();

    let change = sqlx::query("update auth.audit_events set action = 'token.created'");

    let error = change.execute(&mut *connection).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().as_deref(), Some("42501"));
}
