//! Login of the command-line client, and every way to steal one.

mod polling;

use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use shared::api::SignedIn;
use shared::clock::Clock;
use sqlx::PgPool;
use time::Duration;
use time::macros::datetime;

use crate::app::{Answer, TestApp, Wallet};

/// A login as the client knows it.
struct Login {
    id: String,
    secret: String,
}

async fn start(app: &TestApp, body: Value) -> Login {
    let request = app.request(Method::POST, "/auth/cli/start").json(&body);
    let answer = Answer::of(request.header("user-agent", "node")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let text = |name: &str| answer.body[name].as_str().unwrap().to_owned();
    assert_eq!((&answer.body["success"], &answer.body["expiresIn"]), (&json!(true), &json!(600)));
    let id = text("verificationSessionId");
    assert_eq!(text("verificationUrl"), format!("https://app.example.org/login/{id}"));
    Login { id, secret: text("pollSecret") }
}

async fn poll(app: &TestApp, login: &Login) -> Answer {
    let Login { id, secret } = login;
    let body = json!({ "verificationSessionId": id, "pollSecret": secret });
    app.post("/auth/cli/poll", body).await
}

async fn approve(app: &TestApp, session: &SignedIn, login: &Login) -> Answer {
    let body = json!({ "verificationSessionId": login.id });
    app.post_as(&session.access_token, "/auth/cli/approve", body).await
}

/// Starts, approves and fetches; the token.
async fn log_in(app: &TestApp, session: &SignedIn, body: Value) -> String {
    let login = start(app, body).await;
    assert_eq!(approve(app, session, &login).await.status, StatusCode::OK);
    let answer = poll(app, &login).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.body["token"].as_str().unwrap().to_owned()
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn the_client_gets_a_token_once_somebody_has_seen_who_asks_and_approved(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    let login = start(&app, json!({ "name": "CLI Login" })).await;

    let waiting = poll(&app, &login).await;
    assert_eq!(
        (waiting.status, waiting.body),
        (StatusCode::ACCEPTED, json!({"status": "pending"}))
    );
    for path in ["/auth/cli", "/auth/cli/sessions"] {
        let seen = app.get_as(&session.access_token, &format!("{path}/{}", login.id)).await;
        assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
        assert_eq!(seen.body["name"], "CLI Login");
        assert_eq!(seen.body["ip"], "127.0.0.1");
        assert_eq!(seen.body["userAgent"], "node");
        assert!(seen.body["createdAt"].is_string());
        assert!(!seen.body.to_string().contains(&login.secret));
    }
    let approved = approve(&app, &session, &login).await;
    assert_eq!((approved.status, approved.body), (StatusCode::OK, json!({ "success": true })));

    let delivered = poll(&app, &login).await;
    assert_eq!((delivered.status, &delivered.body["success"]), (StatusCode::OK, &json!(true)));
    let token = delivered.body["token"].as_str().unwrap();
    let validated = app.validate(token).await;
    assert_eq!(validated.body["userId"], session.user.id.to_string());
    assert_eq!(validated.body["scopes"], json!(["read", "write"]));
    let list = app.get_as(token, "/tokens").await;
    assert_eq!(list.body["tokens"][0]["name"], "CLI Login");
    assert_eq!(poll(&app, &login).await.problem(), (404, "NOT_FOUND"));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn two_people_cannot_both_approve_and_the_first_may_do_so_twice(db: PgPool) {
    let app = TestApp::start(&db).await;
    let sessions = [app.sign_in(&Wallet::random()).await, app.sign_in(&Wallet::random()).await];
    let login = start(&app, json!({})).await;

    let answers = join_all(sessions.iter().map(|session| approve(&app, session, &login))).await;

    let first = answers.iter().position(|answer| answer.status == StatusCode::OK).unwrap();
    assert_eq!(answers[1 - first].problem(), (409, "LOGIN_APPROVED"));
    assert_eq!(approve(&app, &sessions[first], &login).await.status, StatusCode::OK);
    let token = poll(&app, &login).await.body["token"].as_str().unwrap().to_owned();
    let validated = app.validate(&token).await;
    assert_eq!(validated.body["userId"], sessions[first].user.id.to_string());
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_refused_login_gives_nothing_and_stays_refused(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    let login = start(&app, json!({})).await;
    let refuse = || {
        let body = json!({ "verificationSessionId": login.id });
        app.post_as(&session.access_token, "/auth/cli/refuse", body)
    };

    assert_eq!(refuse().await.status, StatusCode::OK);

    assert_eq!(poll(&app, &login).await.problem(), (403, "LOGIN_REFUSED"));
    assert_eq!(approve(&app, &session, &login).await.problem(), (400, "LOGIN_DECIDED"));
    assert_eq!(refuse().await.problem(), (400, "LOGIN_DECIDED"));
    let seen = app.get_as(&session.access_token, &format!("/auth/cli/{}", login.id)).await;
    assert_eq!(seen.problem(), (400, "LOGIN_DECIDED"));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_login_ends_after_ten_minutes_but_a_late_approval_can_still_be_fetched(db: PgPool) {
    let clock = Clock::manual(datetime!(2026-11-24 12:00 UTC));
    let app = TestApp::start_with(&db, &[], clock.clone()).await;
    let wallet = Wallet::random();
    let (late, over) = (start(&app, json!({})).await, start(&app, json!({})).await);
    clock.advance(Duration::seconds(599));
    let session = app.sign_in(&wallet).await;
    assert_eq!(approve(&app, &session, &late).await.status, StatusCode::OK);
    clock.advance(Duration::seconds(3));

    assert_eq!(poll(&app, &over).await.problem(), (400, "LOGIN_EXPIRED"));
    assert_eq!(approve(&app, &session, &over).await.problem(), (400, "LOGIN_EXPIRED"));
    assert_eq!(poll(&app, &late).await.status, StatusCode::OK);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn logins_of_the_same_name_and_of_none_work(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    for body in [
        json!({ "name": "CLI Login" }),
        json!({ "name": "CLI Login" }),
        json!({ "name": "" }),
        json!({ "name": "  " }),
        json!({ "name": null }),
        json!({}),
    ] {
        log_in(&app, &session, body).await;
    }
    for name in ["a".repeat(101), "a\u{202e}b".to_owned(), "<b>".to_owned(), "a\nb".to_owned()] {
        let answer = app.post("/auth/cli/start", json!({ "name": name })).await;
        assert_eq!(answer.problem().0, 400, "{name:?}");
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn the_approver_may_name_the_token_and_set_its_end(db: PgPool) {
    let clock = Clock::manual(datetime!(2026-11-24 12:00 UTC));
    let app = TestApp::start_with(&db, &[], clock).await;
    let session = app.sign_in(&Wallet::random()).await;
    let cases = [
        (json!({ "name": "laptop" }), json!("laptop"), json!("2027-02-22T12:00:00Z")),
        (
            json!({ "expiresAt": 1_798_761_600_000_u64 }),
            json!("CLI Login"),
            json!("2027-01-01T00:00:00Z"),
        ),
        (json!({ "expiresAt": null }), json!("CLI Login"), json!(null)),
    ];
    for (mut body, name, ends) in cases {
        let login = start(&app, json!({})).await;
        body["verificationSessionId"] = json!(login.id);
        let answer = app.post_as(&session.access_token, "/auth/cli/approve", body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let token = poll(&app, &login).await.body["token"].as_str().unwrap().to_owned();

        let newest = app.get_as(&token, "/tokens").await.body["tokens"].clone();
        let made = newest.as_array().unwrap().iter().find(|token| token["expiresAt"] == ends);
        assert_eq!(made.unwrap()["name"], name);
    }
    let login = start(&app, json!({})).await;
    let body = json!({ "verificationSessionId": login.id, "expiresAt": "2020-01-01T00:00:00Z" });
    let refused = app.post_as(&session.access_token, "/auth/cli/approve", body).await;
    assert_eq!(refused.problem().0, 400);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn only_a_session_may_look_approve_or_refuse(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    let pat = app.pat(&session, "ci").await;
    let login = start(&app, json!({})).await;
    let body = json!({ "verificationSessionId": login.id });
    for path in ["/auth/cli/approve", "/auth/cli/refuse"] {
        assert_eq!(app.post(path, body.clone()).await.problem().0, 401);
        let answer = app.post_as(&pat, path, body.clone()).await;
        assert_eq!(answer.problem(), (403, "SESSION_REQUIRED"));
    }
    let path = format!("/auth/cli/{}", login.id);
    assert_eq!(Answer::of(app.request(Method::GET, &path)).await.problem().0, 401);
    assert_eq!(app.get_as(&pat, &path).await.problem(), (403, "SESSION_REQUIRED"));
    assert_eq!(poll(&app, &login).await.status, StatusCode::ACCEPTED);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_login_that_does_not_exist_is_a_404_whatever_its_id(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    for id in ["", "x", "' or 1=1 --", "\u{0}", &"a".repeat(32), &"a".repeat(5_000)] {
        let login = Login { id: id.to_owned(), secret: "x".to_owned() };
        assert_eq!(poll(&app, &login).await.problem().0, 404, "{id:?}");
        assert_eq!(approve(&app, &session, &login).await.problem().0, 404, "{id:?}");
    }
    let seen = app.get_as(&session.access_token, "/auth/cli/%00").await;
    assert_eq!(seen.problem().0, 404);
}
