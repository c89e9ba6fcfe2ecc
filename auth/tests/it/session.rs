//! Sessions: refresh, its races and its thefts, log-out, and the list of them.

use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::json;
use shared::api::SignedIn;
use shared::clock::Clock;
use sqlx::PgPool;
use time::Duration;
use time::macros::datetime;

use crate::app::{Answer, Api, TestApp, Wallet};

pub(crate) async fn refresh(app: &Api, token: &str) -> Answer {
    app.post("/auth/refresh", json!({ "refreshToken": token })).await
}

pub(crate) async fn refreshed(app: &Api, token: &str) -> SignedIn {
    refresh(app, token).await.ok()
}

fn manual() -> Clock {
    Clock::manual(datetime!(2026-11-24 12:00 UTC))
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_refresh_gives_new_tokens_of_the_same_session(db: PgPool) {
    let app = TestApp::start(&db).await;
    let first = app.sign_in(&Wallet::random()).await;

    // Two in one second: neither token may repeat.
    let second = refreshed(&app, &first.refresh_token).await;
    let third = refreshed(&app, &second.refresh_token).await;

    assert_eq!(third.user.id, first.user.id);
    assert_ne!(third.refresh_token, second.refresh_token);
    assert_ne!(third.access_token, second.access_token);
    let of = async |token: &str| app.validate(token).await.body["sessionId"].clone();
    assert_eq!(of(&third.access_token).await, of(&first.access_token).await);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_lost_answer_can_be_asked_for_again(db: PgPool) {
    let clock = manual();
    let app = TestApp::start_with(&db, &[], clock.clone()).await;
    let first = app.sign_in(&Wallet::random()).await;
    let lost = refreshed(&app, &first.refresh_token).await;

    clock.advance(Duration::seconds(10));
    let again = refreshed(&app, &first.refresh_token).await;

    assert_eq!(again.refresh_token, lost.refresh_token);
    assert_eq!(refresh(&app, &again.refresh_token).await.status, StatusCode::OK);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_used_token_that_comes_back_later_ends_the_session(db: PgPool) {
    let clock = manual();
    let app = TestApp::start_with(&db, &[], clock.clone()).await;
    let first = app.sign_in(&Wallet::random()).await;
    let second = refreshed(&app, &first.refresh_token).await;

    clock.advance(Duration::seconds(11));
    let theft = refresh(&app, &first.refresh_token).await;

    assert_eq!(theft.problem(), (401, "INVALID_REFRESH_TOKEN"));
    let after = refresh(&app, &second.refresh_token).await;
    assert_eq!(after.problem(), (401, "INVALID_REFRESH_TOKEN"));
    for token in [&first.access_token, &second.access_token] {
        assert_eq!(app.validate(token).await.problem(), (401, "INVALID_TOKEN"));
    }
    let row = sqlx::query!("select revoked_reason from auth.sessions").fetch_one(&db).await;
    assert_eq!(row.unwrap().revoked_reason.as_deref(), Some("reuse"));
    let events = sqlx::query!("select action from auth.audit_events order by id desc limit 1");
    assert_eq!(events.fetch_one(&db).await.unwrap().action, "session.reused");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_grandparent_that_comes_back_ends_the_session_at_once(db: PgPool) {
    let app = TestApp::start(&db).await;
    let first = app.sign_in(&Wallet::random()).await;
    let second = refreshed(&app, &first.refresh_token).await;
    let third = refreshed(&app, &second.refresh_token).await;

    let theft = refresh(&app, &first.refresh_token).await;

    assert_eq!(theft.problem(), (401, "INVALID_REFRESH_TOKEN"));
    assert_eq!(refresh(&app, &third.refresh_token).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.validate(&third.access_token).await.status, StatusCode::UNAUTHORIZED);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn of_many_refreshes_at_once_all_are_given_the_same_successor(db: PgPool) {
    let (one, two) = (TestApp::start(&db).await, TestApp::start(&db).await);
    for _ in 0..5 {
        let first = one.sign_in(&Wallet::random()).await;
        let on = |n: usize| if n.is_multiple_of(2) { &one } else { &two };

        let all = join_all((0..20).map(|n| refreshed(on(n), &first.refresh_token))).await;

        assert!(all.iter().all(|next| next.refresh_token == all[0].refresh_token));
        assert_eq!(refresh(&two, &all[0].refresh_token).await.status, StatusCode::OK);
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn refresh_tokens_and_sessions_end(db: PgPool) {
    let clock = manual();
    let app = TestApp::start_with(&db, &[], clock.clone()).await;
    let idle = app.sign_in(&Wallet::random()).await;
    let mut busy = app.sign_in(&Wallet::random()).await;
    // Refreshed every six days, it goes on, but for no longer than ninety.
    for _ in 0..14 {
        clock.advance(Duration::days(6));
        busy = refreshed(&app, &busy.refresh_token).await;
    }
    assert_eq!(refresh(&app, &idle.refresh_token).await.status, StatusCode::UNAUTHORIZED);

    clock.advance(Duration::days(6));

    assert_eq!(refresh(&app, &busy.refresh_token).await.problem(), (401, "INVALID_REFRESH_TOKEN"));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn what_is_no_refresh_token_is_refused(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    let unknown = format!("afr_{}", "0".repeat(64));
    for bad in ["", "afr_", "é", &unknown, &session.access_token, &session.refresh_token[1..]] {
        assert_eq!(refresh(&app, bad).await.problem(), (401, "INVALID_REFRESH_TOKEN"), "{bad}");
    }
    assert_eq!(app.post("/auth/refresh", json!({})).await.problem(), (400, "INVALID_BODY"));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn logging_out_ends_access_and_refresh(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    assert_eq!(app.validate(&session.access_token).await.status, StatusCode::OK);

    let answer = app.post_as(&session.access_token, "/auth/logout", json!({})).await;

    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(app.validate(&session.access_token).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refresh(&app, &session.refresh_token).await.status, StatusCode::UNAUTHORIZED);
    let again = app.post_as(&session.access_token, "/auth/logout", json!({})).await;
    assert_eq!(again.problem(), (401, "INVALID_TOKEN"));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn logging_out_works_with_the_refresh_token_alone(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    let body = json!({ "refreshToken": session.refresh_token });

    assert_eq!(app.post("/auth/logout", body.clone()).await.status, StatusCode::OK);

    assert_eq!(app.validate(&session.access_token).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.post("/auth/logout", body).await.problem(), (401, "INVALID_REFRESH_TOKEN"));
    let nobody = app.post("/auth/logout", json!({})).await;
    assert_eq!(nobody.problem(), (401, "UNAUTHENTICATED"));
    // A Personal Access Token has no session to end.
    let pat = app.pat(&app.sign_in(&Wallet::random()).await, "ci").await;
    assert_eq!(app.post_as(&pat, "/auth/logout", json!({})).await.status, StatusCode::OK);
    assert_eq!(app.validate(&pat).await.status, StatusCode::OK);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn ones_own_sessions_can_be_seen_and_ended_and_nobody_elses(db: PgPool) {
    let app = TestApp::start(&db).await;
    let wallet = Wallet::random();
    let (here, there) = (app.sign_in(&wallet).await, app.sign_in(&wallet).await);
    let stranger = app.sign_in(&Wallet::random()).await;

    let list = app.get_as(&here.access_token, "/auth/sessions").await.body;
    let sessions = list["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    let current = sessions.iter().find(|session| session["current"] == true).unwrap();
    let other = sessions.iter().find(|session| session["current"] == false).unwrap();
    assert_eq!(current["ip"], "127.0.0.1");

    let path = format!("/auth/sessions/{}", other["id"].as_str().unwrap());
    let foreign = app.delete_as(&stranger.access_token, &path).await;
    assert_eq!(foreign.problem(), (404, "NOT_FOUND"));
    let pat = app.pat(&here, "ci").await;
    assert_eq!(app.delete_as(&pat, &path).await.problem(), (403, "SESSION_REQUIRED"));
    assert_eq!(app.delete_as(&here.access_token, &path).await.status, StatusCode::OK);
    assert_eq!(app.validate(&there.access_token).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.validate(&here.access_token).await.status, StatusCode::OK);
    let again = app.delete_as(&here.access_token, &path).await;
    assert_eq!(again.problem(), (404, "NOT_FOUND"));
    let no_id = app.delete_as(&here.access_token, "/auth/sessions/1%20or%201=1").await;
    assert_eq!(no_id.problem(), (404, "NOT_FOUND"));
}
