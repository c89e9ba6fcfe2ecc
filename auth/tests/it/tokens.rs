//! Personal Access Tokens, and every way to get more out of them than was given.

use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use shared::api::TokenLimits;
use shared::clock::Clock;
use sqlx::PgPool;
use time::Duration;
use time::macros::datetime;

use crate::app::{Answer, Api, TestApp, Wallet};

pub(crate) async fn create(app: &Api, token: &str, body: Value) -> Answer {
    app.post_as(token, "/tokens", body).await
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_tokens_secret_is_shown_once_and_only_its_hash_is_stored(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    let body = json!({ "name": "deploy", "expiresAt": "2035-01-01T00:00:00Z", "scopes": ["read"] });

    let created = create(&app, &session.access_token, body).await;

    assert_eq!(created.status, StatusCode::CREATED);
    let token = &created.body["token"];
    let secret = token["token"].as_str().unwrap();
    assert_eq!(token["maskedToken"], format!("af_live_…{}", &secret[42..]));
    assert_eq!(token["scopes"], json!(["read"]));
    assert_eq!(token["expiresAt"], "2035-01-01T00:00:00Z");
    let listed = app.get_as(&session.access_token, "/tokens").await.body;
    assert_eq!(listed["tokens"][0]["name"], "deploy");
    assert_eq!(listed["tokens"][0]["maskedToken"], token["maskedToken"]);
    assert!(!listed.to_string().contains(&secret[..42]));
    // Nor does any row of any table hold it.
    for table in ["personal_access_tokens", "audit_events", "sessions", "users", "refresh_tokens"] {
        let rows = sqlx::query_scalar::<_, Option<String>>(sqlx::AssertSqlSafe(format!(
            "select string_agg(row_to_json(t)::text, ' ') from auth.{table} as t"
        )));
        let rows = rows.fetch_one(&db).await.unwrap().unwrap_or_default();
        assert!(!rows.contains(&secret[8..40]), "{table}");
        assert!(!rows.contains(&session.refresh_token[4..]), "{table}");
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_flat_answer_is_there_for_the_command_line_client(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    let body = json!({ "name": "CLI Token - 2026-11-24" });

    let answer = app.post_as(&session.access_token, "/auth/pat/create", body).await;

    assert_eq!(answer.status, StatusCode::CREATED);
    let token = answer.body["token"].as_str().unwrap();
    assert_eq!(app.validate(token).await.status, StatusCode::OK);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn the_default_end_is_shown_and_never_must_be_asked_for(db: PgPool) {
    let clock = Clock::manual(datetime!(2026-11-24 12:00 UTC));
    let app = TestApp::start_with(&db, &[], clock).await;
    let session = app.sign_in(&Wallet::random()).await;
    let ends = async |body| {
        let created = create(&app, &session.access_token, body).await;
        created.body["token"]["expiresAt"].clone()
    };
    assert_eq!(ends(json!({ "name": "a" })).await, "2027-02-22T12:00:00Z");
    assert_eq!(ends(json!({ "name": "a", "expiresAt": null })).await, Value::Null);
    let epoch = json!({ "name": "a", "expiresAt": 1_798_761_600_000_u64 });
    assert_eq!(ends(epoch).await, "2027-01-01T00:00:00Z");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn bad_names_ends_and_scopes_are_refused_with_their_field(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    let long = "x".repeat(101);
    for (field, body) in [
        ("name", json!({})),
        ("name", json!({ "name": 5 })),
        ("name", json!({ "name": long })),
        ("name", json!({ "name": "naïve" })),
        ("name", json!({ "name": "a\u{202e}b" })),
        ("name", json!({ "name": "a\u{0}b" })),
        ("expiresAt", json!({ "name": "a", "expiresAt": "2020-01-01T00:00:00Z" })),
        ("expiresAt", json!({ "name": "a", "expiresAt": "9999-12-31T23:59:59Z" })),
        ("expiresAt", json!({ "name": "a", "expiresAt": 1.5 })),
        ("expiresAt", json!({ "name": "a", "expiresAt": -1 })),
        ("expiresAt", json!({ "name": "a", "expiresAt": "soon" })),
        ("scopes", json!({ "name": "a", "scopes": [] })),
        ("scopes[0]", json!({ "name": "a", "scopes": ["admin"] })),
        ("scopes", json!({ "name": "a", "scopes": "read" })),
    ] {
        let answer = create(&app, &session.access_token, body.clone()).await;
        assert_eq!(answer.problem(), (400, "INVALID_BODY"), "{body}");
        assert_eq!(answer.body["field"], field, "{body}");
    }
    let twice = json!({ "name": "a", "scopes": ["write", "read", "write"] });
    let twice = create(&app, &session.access_token, twice).await;
    assert_eq!(twice.body["token"]["scopes"], json!(["read", "write"]));
    // Names may repeat.
    let again = create(&app, &session.access_token, json!({ "name": "a" })).await;
    assert_eq!(again.status, StatusCode::CREATED);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_token_cannot_make_tokens_or_end_the_account_or_widen_itself(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    let pat = app.pat(&session, "ci").await;
    for path in ["/tokens", "/auth/pat/create"] {
        let answer = app.post_as(&pat, path, json!({ "name": "x" })).await;
        assert_eq!(answer.problem(), (403, "SESSION_REQUIRED"), "{path}");
    }
    let answer = app.delete_as(&pat, "/account/profile").await;
    assert_eq!(answer.problem(), (403, "SESSION_REQUIRED"));

    let body = json!({ "name": "reader", "scopes": ["read"] });
    let reader = create(&app, &session.access_token, body).await;
    let (id, secret) = (&reader.body["token"]["id"], &reader.body["token"]["token"]);
    let (id, secret) = (id.as_str().unwrap(), secret.as_str().unwrap());
    assert_eq!(app.get_as(secret, "/tokens").await.status, StatusCode::OK);
    let answer = app.delete_as(secret, &format!("/tokens/{id}")).await;
    assert_eq!(answer.problem(), (403, "INSUFFICIENT_SCOPE"));
    // Methods that change what a token is do not exist.
    let patch = app.request(Method::PATCH, &format!("/tokens/{id}"));
    let patch = patch.bearer_auth(secret).json(&json!({ "scopes": ["write"] }));
    assert_eq!(Answer::of(patch).await.problem(), (405, "METHOD_NOT_ALLOWED"));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn somebody_elses_token_is_like_one_that_is_not_there(db: PgPool) {
    let app = TestApp::start(&db).await;
    let (alice, mallory) =
        (app.sign_in(&Wallet::random()).await, app.sign_in(&Wallet::random()).await);
    let created = create(&app, &alice.access_token, json!({ "name": "a" })).await;
    let path = format!("/tokens/{}", created.body["token"]["id"].as_str().unwrap());
    let nowhere = format!("/tokens/{}", uuid::Uuid::now_v7());

    let foreign = app.delete_as(&mallory.access_token, &path).await;
    let unknown = app.delete_as(&mallory.access_token, &nowhere).await;

    assert_eq!(foreign.problem(), (404, "NOT_FOUND"));
    assert_eq!(foreign.body, unknown.body);
    let none = app.get_as(&mallory.access_token, "/tokens").await;
    assert_eq!(none.body, json!({ "tokens": [] }));
    assert_eq!(app.delete_as(&alice.access_token, &path).await.status, StatusCode::OK);
    assert_eq!(app.delete_as(&alice.access_token, &path).await.problem(), (404, "NOT_FOUND"));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn of_a_hundred_tokens_at_once_on_two_instances_fifty_are_made(db: PgPool) {
    let (one, two) = (TestApp::start(&db).await, TestApp::start(&db).await);
    let session = one.sign_in(&Wallet::random()).await;
    let on = |n: usize| if n.is_multiple_of(2) { &one } else { &two };
    let make = |n| create(on(n), &session.access_token, json!({ "name": format!("t{n}") }));

    let answers = join_all((0..100).map(make)).await;

    let made = answers.iter().filter(|answer| answer.status == StatusCode::CREATED).count();
    assert_eq!(made, 50);
    let refused = answers.iter().find(|answer| answer.status != StatusCode::CREATED).unwrap();
    assert_eq!(refused.problem(), (429, "RATE_LIMIT_EXCEEDED"));
    assert!(refused.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 86_000);
    assert!(refused.body["resetAt"].is_string());
    let limits = two.get_as(&session.access_token, "/tokens/limits").await.ok::<TokenLimits>();
    assert_eq!((limits.rate_limit.remaining, limits.rate_limit.limit), (0, 50));
    assert_eq!((limits.token_limit.active, limits.token_limit.max), (50, 500));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn deleting_tokens_gives_no_more_of_the_day_and_the_next_day_does(db: PgPool) {
    let clock = Clock::manual(datetime!(2026-11-24 12:00 UTC));
    let few = [("TOKEN_CREATION_LIMIT", "2/1d")];
    let app = TestApp::start_with(&db, &few, clock.clone()).await;
    let wallet = Wallet::random();
    let session = app.sign_in(&wallet).await;
    for _ in 0..2 {
        let created = create(&app, &session.access_token, json!({ "name": "a" })).await;
        let path = format!("/tokens/{}", created.body["token"]["id"].as_str().unwrap());
        assert_eq!(app.delete_as(&session.access_token, &path).await.status, StatusCode::OK);
        clock.advance(Duration::minutes(1));
    }
    let third = create(&app, &session.access_token, json!({ "name": "a" })).await;
    assert_eq!(third.problem(), (429, "RATE_LIMIT_EXCEEDED"));
    assert_eq!(third.body["resetAt"], "2026-11-25T12:00:00Z");

    clock.advance(Duration::hours(24) - Duration::minutes(2));

    let session = app.sign_in(&wallet).await;
    let next_day = create(&app, &session.access_token, json!({ "name": "a" })).await;
    assert_eq!(next_day.status, StatusCode::CREATED);
    let too_soon = create(&app, &session.access_token, json!({ "name": "a" })).await;
    assert_eq!(too_soon.status, StatusCode::TOO_MANY_REQUESTS);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn there_may_be_so_many_live_tokens_and_no_more(db: PgPool) {
    let few = [("TOKEN_ACTIVE_LIMIT", "3")];
    let app = TestApp::start_with(&db, &few, Clock::System).await;
    let session = app.sign_in(&Wallet::random()).await;
    let make = || create(&app, &session.access_token, json!({ "name": "a" }));
    let first = make().await;
    let answers = join_all((0..10).map(|_| make())).await;
    let made = answers.iter().filter(|answer| answer.status == StatusCode::CREATED).count();
    assert_eq!(made, 2);
    let refused = answers.iter().find(|answer| answer.status != StatusCode::CREATED).unwrap();
    assert_eq!(refused.problem(), (400, "MAX_TOKENS_EXCEEDED"));
    let path = format!("/tokens/{}", first.body["token"]["id"].as_str().unwrap());
    app.delete_as(&session.access_token, &path).await;
    assert_eq!(make().await.status, StatusCode::CREATED);
}
