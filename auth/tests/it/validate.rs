//! Whether a token holds (A8.5).

use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::json;
use shared::api::Validated;
use shared::clock::Clock;
use sqlx::PgPool;
use time::macros::datetime;

use crate::app::{Answer, TestApp, Wallet};
use crate::revocation::warm;
use crate::statements;

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn both_kinds_of_tokens_are_answered_for_under_all_names_a8_5(db: PgPool) {
    let app = TestApp::start(&db).await;
    let wallet = Wallet::random();
    let session = app.sign_in(&wallet).await;
    let pat = app.pat(&session, "ci").await;
    for path in ["/api/validate", "/api/auth/validate", "/tokens/validate"] {
        for (token, kind) in [(&session.access_token, "session"), (&pat, "pat")] {
            let by_body = app.post(path, json!({ "token": token })).await;
            let by_header = Answer::of(app.request(Method::POST, path).bearer_auth(token)).await;
            assert_eq!(by_body.body, by_header.body);
            let validated = by_body.ok::<Validated>();
            assert_eq!(validated.user_id, session.user.id);
            assert_eq!(validated.wallet_address, session.user.wallet_address);
            assert_eq!(json!(validated.kind), kind);
            assert_eq!(validated.session_id.is_some(), kind == "session");
            assert_eq!(validated.token_id.is_some(), kind == "pat");
            assert_eq!(json!(validated.scopes), json!(["read", "write"]));
            assert!(validated.expires_at.is_some());
        }
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn what_is_no_token_of_ours_is_refused_with_valid_false(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    let mut typo = app.pat(&session, "ci").await;
    typo.replace_range(10..11, if &typo[10..11] == "a" { "b" } else { "a" });
    let unknown = auth::pat::Plaintext::generate().unwrap().reveal();
    for token in ["", "x", "af_live_", &typo, &unknown, &session.refresh_token] {
        let answer = app.validate(token).await;
        assert_eq!(answer.problem(), (401, "INVALID_TOKEN"), "{token}");
        assert_eq!(answer.body["valid"], false);
    }
    let nothing = Answer::of(app.request(Method::POST, "/api/validate")).await;
    assert_eq!(nothing.problem(), (401, "UNAUTHENTICATED"));
    assert_eq!(nothing.headers["www-authenticate"], "Bearer");
    assert_eq!(app.post("/api/validate", json!({})).await.problem(), (400, "INVALID_BODY"));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_typo_and_a_forgery_cost_no_query(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    let mut typo = app.pat(&session, "ci").await;
    let last = typo.pop().unwrap();
    typo.push(if last == '0' { '1' } else { '0' });
    let forged = format!("{}x", session.access_token);
    // Without the database, whatever asks it fails with a 503.
    app.state.db.close().await;
    for token in [typo.as_str(), &forged, "af_live_short", "x"] {
        assert_eq!(app.validate(token).await.problem(), (401, "INVALID_TOKEN"), "{token}");
    }
    let unknown = auth::pat::Plaintext::generate().unwrap().reveal();
    assert_eq!(app.validate(&unknown).await.problem(), (503, "SERVICE_UNAVAILABLE"));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_typo_costs_no_statement_and_an_unknown_token_one_each_time(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    let pat = app.pat(&session, "ci").await;
    let unknown = auth::pat::Plaintext::generate().unwrap().reveal();
    statements::install(&db).await;
    let refused = async |token: &str| {
        statements::reset(&db).await;
        assert_eq!(app.validate(token).await.problem(), (401, "INVALID_TOKEN"), "{token}");
        statements::counted(&db).await
    };

    // One wrong character, in any place.
    for place in auth::pat::PREFIX.len()..pat.len() {
        let mut typo = pat.clone();
        let wrong = if &pat[place..=place] == "a" { "b" } else { "a" };
        typo.replace_range(place..=place, wrong);
        assert_eq!(refused(&typo).await, [], "{place}");
    }

    for token in [&unknown, &unknown] {
        let counted = refused(token).await;
        assert_eq!(counted.iter().map(|(calls, _)| calls).sum::<i64>(), 1, "{counted:?}");
        assert!(counted[0].1.contains("auth.personal_access_tokens"), "{counted:?}");
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_token_that_is_remembered_costs_no_query(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    let pat = app.pat(&session, "ci").await;
    warm(&app, &pat).await;
    warm(&app, &session.access_token).await;

    app.state.db.close().await;

    assert_eq!(app.validate(&pat).await.status, StatusCode::OK);
    assert_eq!(app.validate(&session.access_token).await.status, StatusCode::OK);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_remembered_token_still_ends_when_it_ends(db: PgPool) {
    let clock = Clock::manual(datetime!(2026-11-24 12:00 UTC));
    let app = TestApp::start_with(&db, &[], clock.clone()).await;
    let session = app.sign_in(&Wallet::random()).await;
    let body = json!({ "name": "x", "expiresAt": "2026-11-24T12:01:00Z" });
    let created = app.post_as(&session.access_token, "/tokens", body).await;
    let pat = created.body["token"]["token"].as_str().unwrap();
    warm(&app, pat).await;
    warm(&app, &session.access_token).await;

    clock.advance(time::Duration::minutes(1));
    assert_eq!(app.validate(pat).await.problem(), (401, "TOKEN_EXPIRED"));
    clock.advance(time::Duration::minutes(14) + time::Duration::seconds(4));
    assert_eq!(app.validate(&session.access_token).await.status, StatusCode::OK);
    clock.advance(time::Duration::seconds(1));
    assert_eq!(app.validate(&session.access_token).await.problem(), (401, "TOKEN_EXPIRED"));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn last_uses_are_written_down_later_and_together(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    let pat = app.pat(&session, "ci").await;
    let last_used = async || {
        let row = sqlx::query_scalar!("select last_used_at from auth.personal_access_tokens");
        row.fetch_one(&db).await.unwrap()
    };
    join_all((0..50).map(|_| app.validate(&pat))).await;
    assert_eq!(last_used().await, None);

    app.state.stop().await;

    let at = last_used().await.unwrap();
    assert!(app.state.clock.now() - at < time::Duration::minutes(1));
    let listed = app.get_as(&session.access_token, "/tokens").await;
    assert!(listed.body["tokens"][0]["lastUsedAt"].is_string());
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn without_the_cache_everything_holds_as_well(db: PgPool) {
    let off = [("VALIDATION_CACHE", "off"), ("DATABASE_POOL", "1")];
    let app = TestApp::start_with(&db, &off, Clock::System).await;
    let session = app.sign_in(&Wallet::random()).await;
    let pat = app.pat(&session, "ci").await;
    assert_eq!(app.validate(&pat).await.status, StatusCode::OK);
    assert!(!app.state.grants.is_remembered(&pat));
    let answer = app.post_as(&session.access_token, "/auth/logout", json!({})).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(app.validate(&session.access_token).await.status, StatusCode::UNAUTHORIZED);
}
