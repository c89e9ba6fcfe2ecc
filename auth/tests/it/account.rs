//! Profile, wallets, and the end of an account.

mod methods;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use shared::api::SignedIn;
use sqlx::PgPool;

use crate::app::{Answer, TestApp, Wallet};

async fn patch(app: &TestApp, token: &str, body: Value) -> Answer {
    let request = app.request(Method::PATCH, "/account/profile").bearer_auth(token);
    Answer::of(request.json(&body)).await
}

/// Links `wallet` to the account of `session`.
async fn link(app: &TestApp, session: &SignedIn, wallet: &Wallet) -> Answer {
    let message = app.challenge(wallet).await.message.unwrap();
    let body = json!({ "message": message, "signature": wallet.sign(&message) });
    app.post_as(&session.access_token, "/account/methods/wallet", body).await
}

async fn list_methods(app: &TestApp, session: &SignedIn) -> Vec<Value> {
    let answer = app.get_as(&session.access_token, "/account/methods").await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.body["methods"].as_array().unwrap().clone()
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn the_profile_is_shown_and_changed_under_both_its_paths(db: PgPool) {
    let app = TestApp::start(&db).await;
    let wallet = Wallet::random();
    let session = app.sign_in(&wallet).await;
    let token = &session.access_token;

    let changed = patch(&app, token, json!({ "displayName": "  Ada \u{1f980} " })).await;
    assert_eq!(changed.body["success"], true);
    let picture = json!({ "avatarUrl": "https://example.org/me.png" });
    assert_eq!(patch(&app, token, picture).await.status, StatusCode::OK);

    for path in ["/account/profile", "/account"] {
        let user = app.get_as(token, path).await.body["user"].clone();
        assert_eq!(user["id"], session.user.id.to_string());
        assert_eq!(user["displayName"], "Ada \u{1f980}");
        assert_eq!(user["avatarUrl"], "https://example.org/me.png");
        assert_eq!(user["walletAddress"], wallet.account().lower());
        assert_eq!(user["authMethods"], 1);
        assert_eq!(user["email"], Value::Null);
    }
    // What is left out stays; `null` empties.
    patch(&app, token, json!({ "displayName": null })).await;
    let user = app.get_as(token, "/account").await.body["user"].clone();
    assert_eq!((&user["displayName"], user["avatarUrl"].is_string()), (&Value::Null, true));
    assert_eq!(app.validate(token).await.body["displayName"], Value::Null);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn values_that_no_profile_should_have_are_refused(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    for body in [
        json!({ "displayName": "" }),
        json!({ "displayName": "   " }),
        json!({ "displayName": "a".repeat(101) }),
        json!({ "displayName": "a\u{202e}b" }),
        json!({ "displayName": "a\nb" }),
        json!({ "displayName": "a\u{0}b" }),
        json!({ "displayName": 7 }),
        json!({ "avatarUrl": "javascript:alert(1)" }),
        json!({ "avatarUrl": "http://example.org/me.png" }),
        json!({ "avatarUrl": "data:image/png;base64,AA" }),
        json!({ "avatarUrl": "/me.png" }),
        json!({ "avatarUrl": format!("https://example.org/{}", "a".repeat(2048)) }),
        json!([]),
        json!(null),
    ] {
        let answer = patch(&app, &session.access_token, body.clone()).await;
        assert_eq!(answer.problem().0, 400, "{body}");
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_deleted_account_is_gone_with_all_that_was_its_own(db: PgPool) {
    let app = TestApp::start(&db).await;
    let wallet = Wallet::random();
    let session = app.sign_in(&wallet).await;
    let pat = app.pat(&session, "ci").await;
    let bystander = app.sign_in(&Wallet::random()).await;
    let (user, project) = (session.user.id, uuid::Uuid::now_v7());
    sqlx::query!(
        "insert into app.projects (id, owner_id, name, slug) values ($1, $2, 'One', 'one')",
        project,
        user,
    )
    .execute(&db)
    .await
    .unwrap();

    let answer = app.delete_as(&session.access_token, "/account/profile").await;

    assert_eq!((answer.status, &answer.body["success"]), (StatusCode::OK, &json!(true)));
    for token in [&session.access_token, &pat] {
        assert_eq!(app.validate(token).await.status, StatusCode::UNAUTHORIZED);
    }
    let refresh = json!({ "refreshToken": session.refresh_token });
    assert_eq!(app.post("/auth/refresh", refresh).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.validate(&bystander.access_token).await.status, StatusCode::OK);
    let rows = sqlx::query_scalar!(
        r#"select (select count(*) from app.projects) + (select count(*) from auth.wallets)
                + (select count(*) from auth.personal_access_tokens) as "count!""#
    );
    assert_eq!(rows.fetch_one(&db).await.unwrap(), 1, "the bystander's wallet");
    let last = sqlx::query_scalar!(
        "select action from auth.audit_events where user_id = $1 order by id desc limit 1",
        user,
    );
    assert_eq!(last.fetch_one(&db).await.unwrap(), "account.deleted");
    assert_ne!(app.sign_in(&wallet).await.user.id, user);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn changes_and_the_end_of_an_account_hold_on_every_replica_at_once(db: PgPool) {
    let (app, second) = (TestApp::start(&db).await, TestApp::start(&db).await);
    let session = app.sign_in(&Wallet::random()).await;
    let pat = app.pat(&session, "ci").await;
    let tokens = [&session.access_token, &pat];
    for token in tokens {
        assert_eq!(second.validate(token).await.status, StatusCode::OK);
    }

    patch(&app, &session.access_token, json!({ "displayName": "Ada" })).await;
    for token in tokens {
        assert_eq!(second.validate(token).await.body["displayName"], "Ada");
    }
    let other = Wallet::random();
    let linked = link(&app, &session, &other).await;
    let path =
        format!("/account/methods/{}/set-primary", linked.body["method"]["id"].as_str().unwrap());
    app.post_as(&session.access_token, &path, json!({})).await;
    assert_eq!(second.validate(&pat).await.body["walletAddress"], other.account().lower());

    app.delete_as(&session.access_token, "/account").await;

    for token in tokens {
        assert_eq!(second.validate(token).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_personal_access_token_cannot_grow_into_more(db: PgPool) {
    let app = TestApp::start(&db).await;
    let wallet = Wallet::random();
    let session = app.sign_in(&wallet).await;
    let pat = app.pat(&session, "ci").await;
    let other = Wallet::random();
    let message = app.challenge(&other).await.message.unwrap();
    let signed = json!({ "message": message, "signature": other.sign(&message) });
    let id = list_methods(&app, &session).await[0]["id"].as_str().unwrap().to_owned();

    let answers = [
        app.delete_as(&pat, "/account/profile").await,
        app.delete_as(&pat, "/account").await,
        app.post_as(&pat, "/account/methods/wallet", signed).await,
        app.delete_as(&pat, &format!("/account/methods/{id}")).await,
        app.post_as(&pat, &format!("/account/methods/{id}/set-primary"), json!({})).await,
    ];

    for answer in answers {
        assert_eq!(answer.problem(), (403, "SESSION_REQUIRED"));
    }
    assert_eq!(app.get_as(&pat, "/account").await.status, StatusCode::OK);
    assert_eq!(patch(&app, &pat, json!({ "displayName": "Ada" })).await.status, StatusCode::OK);
    let body = json!({ "name": "reader", "scopes": ["read"] });
    let made = app.post_as(&session.access_token, "/tokens", body).await;
    let reader = made.body["token"]["token"].as_str().unwrap();
    let refused = patch(&app, reader, json!({ "displayName": "Eve" })).await;
    assert_eq!(refused.problem(), (403, "INSUFFICIENT_SCOPE"));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn sign_in_by_email_is_not_offered_and_says_so(db: PgPool) {
    let app = TestApp::start(&db).await;
    for path in ["/auth/email/request", "/auth/email/verify"] {
        let answer = app.post(path, json!({ "email": "ada@example.org" })).await;
        assert_eq!(answer.problem().0, 404, "{path}");
    }
}
