//! Access tokens: forged, borrowed, out of time, and while the secret is rotated. The claims
//! themselves are tested where they are read, in `shared::jwt`.

use reqwest::StatusCode;
use serde_json::json;
use shared::clock::Clock;
use shared::jwt::{Keys, Secret};
use sqlx::PgPool;
use time::Duration;
use time::macros::datetime;
use uuid::Uuid;

use crate::app::{SECRET, TestApp, Wallet};

const NEXT: &str = "tests-next-fedcba9876543210fedcba9876543210";

fn keys(secret: &str) -> Keys {
    Keys::new(&secret.parse::<Secret>().unwrap(), None)
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_good_signature_is_not_enough_without_a_session(db: PgPool) {
    let app = TestApp::start(&db).await;
    let (alice, bob) = (app.sign_in(&Wallet::random()).await, app.sign_in(&Wallet::random()).await);
    let session = app.validate(&alice.access_token).await.body["sessionId"].clone();
    let session = session.as_str().unwrap().parse::<Uuid>().unwrap();
    let now = app.state.clock.now();
    let sign = |user, session| {
        keys(SECRET).sign_access(user, session, now, Duration::minutes(15)).unwrap()
    };
    assert_eq!(app.validate(&sign(alice.user.id, session)).await.status, StatusCode::OK);
    for token in [sign(bob.user.id, session), sign(alice.user.id, Uuid::now_v7())] {
        assert_eq!(app.validate(&token).await.problem(), (401, "INVALID_TOKEN"));
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn forged_access_tokens_are_refused_everywhere(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    let token = session.access_token;
    let [head, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!() };
    // {"alg":"none"} and {"alg":"HS256","kid":"../../../dev/null"}
    let none = "eyJhbGciOiJub25lIn0";
    let path = "eyJhbGciOiJIUzI1NiIsImtpZCI6Ii4uLy4uLy4uL2Rldi9udWxsIn0";
    let now = app.state.clock.now();
    let other = keys(NEXT).sign_access(session.user.id, Uuid::nil(), now, Duration::minutes(1));
    let service = keys(SECRET).sign_service("alternatefutures-backend", now).unwrap();
    for forged in [
        format!("{none}.{payload}."),
        format!("{none}.{payload}.{signature}"),
        format!("{path}.{payload}.{signature}"),
        format!("{head}.{payload}."),
        format!("{head}.{payload}"),
        format!("{head}.{payload}.{signature}.x"),
        other.unwrap(),
        service,
        "a".repeat(60_000),
    ] {
        assert_eq!(app.validate(&forged).await.problem(), (401, "INVALID_TOKEN"));
        if forged.len() < 10_000 {
            let me = app.get_as(&forged, "/auth/me").await;
            assert_eq!(me.problem(), (401, "INVALID_TOKEN"));
        }
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn nobody_is_logged_out_while_the_secret_is_rotated_a5_5(db: PgPool) {
    let before = TestApp::start(&db).await;
    let changes = [("JWT_SECRET", NEXT), ("JWT_SECRET_PREVIOUS", SECRET)];
    let during = TestApp::start_with(&db, &changes, Clock::System).await;
    let after = TestApp::start_with(&db, &changes[..1], Clock::System).await;
    let old = before.sign_in(&Wallet::random()).await;

    assert_eq!(during.validate(&old.access_token).await.status, StatusCode::OK);
    let body = json!({ "refreshToken": old.refresh_token });
    let new = during.post("/auth/refresh", body).await.ok::<shared::api::SignedIn>();

    assert_eq!(after.validate(&new.access_token).await.status, StatusCode::OK);
    assert_eq!(after.validate(&old.access_token).await.status, StatusCode::UNAUTHORIZED);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn an_access_token_lives_for_fifteen_minutes_and_five_seconds_of_skew(db: PgPool) {
    let clock = Clock::manual(datetime!(2026-11-24 12:00 UTC));
    let app = TestApp::start_with(&db, &[], clock.clone()).await;
    let session = app.sign_in(&Wallet::random()).await;
    clock.advance(Duration::seconds(904));
    assert_eq!(app.get_as(&session.access_token, "/auth/me").await.status, StatusCode::OK);
    clock.advance(Duration::seconds(1));
    let late = app.get_as(&session.access_token, "/auth/me").await;
    assert_eq!(late.problem(), (401, "TOKEN_EXPIRED"));
}
