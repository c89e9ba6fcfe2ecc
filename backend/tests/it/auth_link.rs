//! The link to auth while it works: who is let in, what is passed on, how late a revocation is felt.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};
use shared::jwt::{Keys, Secret};
use sqlx::PgPool;
use uuid::Uuid;

use crate::app::{TestApp, code, json_of, keys, now};
use crate::auth_stand_in::StandIn;

const MINE: &str = "{ projects { totalCount } }";

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn sessions_and_personal_access_tokens_are_let_in(db: PgPool) {
    let app = TestApp::start(&db).await;
    let user = app.user().await;
    let (_, pat) = app.pat(&user, &["read", "write"]).await;
    for token in [&user.jwt, &pat] {
        let answer = app.ask("{ me { id } projects { totalCount } }", Some(token)).await;
        assert_eq!(answer["data"]["me"]["id"], user.id.to_string(), "{answer}");
        assert_eq!(answer["data"]["projects"]["totalCount"], 0);
    }
}

/// A9.4.
#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn an_invalid_token_is_unauthorized_and_never_anonymous(db: PgPool) {
    let app = TestApp::start(&db).await;
    let user = app.user().await;
    let (minutes, other) = (time::Duration::minutes, "another-secret-0123456789abcdef01234567");
    let other = Keys::new(&other.parse::<Secret>().unwrap(), None);
    let expired = keys().sign_access(user.id, user.session, now() - minutes(30), minutes(15));
    let forged = other.sign_access(user.id, user.session, now(), minutes(15));
    let no_session = keys().sign_access(user.id, Uuid::now_v7(), now(), minutes(15));
    let service = keys().sign_service("alternatefutures-backend", now());
    let (head, rest) = user.jwt.split_once('.').unwrap();
    let none = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{}.", rest.split_once('.').unwrap().0);
    for token in [
        expired.unwrap(),
        forged.unwrap(),
        no_session.unwrap(),
        service.unwrap(),
        none,
        format!("{head}.{rest}x"),
        "af_live_0123456789abcdefghijABCDEFGHIJ45aaaaaa".to_owned(),
        "x".to_owned(),
        "y".repeat(5000),
    ] {
        let answer = app.query("{ version { version } }").bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "existing clients read the message: {token}");
        let answer = json_of(answer).await;
        assert_eq!(answer["errors"][0]["message"], "Unauthorized");
        assert_eq!((code(&answer), answer.get("data")), ("UNAUTHENTICATED", None), "{token}");
    }
    for header in ["Basic eDp5", "Bearer", "Bearer ", "bearer"] {
        let answer = app.query(MINE).header("authorization", header).send().await.unwrap();
        assert_eq!(code(&json_of(answer).await), "UNAUTHENTICATED", "{header}");
    }
    let exact =
        app.query(MINE).bearer_auth("x").header("accept", "application/graphql-response+json");
    assert_eq!(exact.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_token_that_may_only_read_cannot_mutate(db: PgPool) {
    let app = TestApp::start(&db).await;
    let user = app.user().await;
    let (_, pat) = app.pat(&user, &["read"]).await;
    assert_eq!(app.ask(MINE, Some(&pat)).await["data"]["projects"]["totalCount"], 0);

    let create = "mutation { createProject(data: {name: \"Shop\"}) { id } }";
    assert_eq!(code(&app.ask(create, Some(&pat)).await), "FORBIDDEN");
    assert_eq!(app.ask(MINE, Some(&user.jwt)).await["data"]["projects"]["totalCount"], 0);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_revoked_token_is_refused_within_five_seconds_with_the_cache_warm(db: PgPool) {
    let app = TestApp::start(&db).await;
    let user = app.user().await;
    let (id, pat) = app.pat(&user, &["read", "write"]).await;
    for token in [&pat, &user.jwt] {
        assert!(app.ask(MINE, Some(token)).await["data"].is_object());
    }

    let delete = format!("mutation {{ deletePersonalAccessToken(id: \"{id}\") }}");
    assert_eq!(app.ask(&delete, Some(&user.jwt)).await["data"]["deletePersonalAccessToken"], true);
    assert_eq!(app.ask("mutation { logout }", Some(&user.jwt)).await["data"]["logout"], true);

    let start = Instant::now();
    for token in [&pat, &user.jwt] {
        while code(&app.ask(MINE, Some(token)).await) != "UNAUTHENTICATED" {
            assert!(start.elapsed() < Duration::from_millis(5500), "still let in");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn an_expired_token_in_the_header_does_not_keep_anyone_from_signing_in(db: PgPool) {
    let app = TestApp::start(&db).await;
    let user = app.user().await;
    let minutes = time::Duration::minutes;
    let old = keys().sign_access(user.id, user.session, now() - minutes(30), minutes(15)).unwrap();

    let challenge = app.ask("mutation { walletChallenge { nonce } }", Some(&old)).await;
    assert!(challenge["data"]["walletChallenge"]["nonce"].is_string(), "{challenge}");

    let refresh = "mutation { refreshSession(refreshToken: \"none\") { accessToken } }";
    let refresh = app.ask(refresh, Some(&old)).await;
    assert_eq!(refresh["errors"][0]["extensions"]["reason"], "INVALID_REFRESH_TOKEN", "{refresh}");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn an_access_token_for_a_personal_access_token_has_the_same_rights(db: PgPool) {
    let app = TestApp::start(&db).await;
    let user = app.user().await;
    let (_, pat) = app.pat(&user, &["read"]).await;
    let login = format!(
        "mutation {{ loginWithPersonalAccessToken(data: {{personalAccessToken: \"{pat}\"}}) }}"
    );
    let token = app.ask(&login, None).await["data"]["loginWithPersonalAccessToken"].clone();
    let token = token.as_str().unwrap();

    assert_eq!(
        app.ask("{ me { id } }", Some(token)).await["data"]["me"]["id"],
        user.id.to_string()
    );
    let create = "mutation { createProject(data: {name: \"Shop\"}) { id } }";
    assert_eq!(code(&app.ask(create, Some(token)).await), "FORBIDDEN");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn what_is_known_of_the_request_is_passed_on_and_concurrent_questions_are_one(db: PgPool) {
    let auth = StandIn::answering(json!({
        "valid": true, "userId": Uuid::now_v7(), "email": null, "displayName": null,
        "walletAddress": null, "type": "pat", "tokenId": Uuid::now_v7(),
        "scopes": ["read"], "expiresAt": null,
    }))
    .await;
    let app = TestApp::against(&db, &auth.url, &[("TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    let token = "af_live_whatever";
    let ask = || async {
        let call = app.query("{ __typename }").bearer_auth(token).header("x-request-id", "mine-2");
        let call = call.header("x-forwarded-for", "198.51.100.7");
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        json_of(call.header("traceparent", trace).send().await.unwrap()).await
    };
    let answers = futures_util::future::join_all((0..50).map(|_| ask())).await;
    assert!(answers.iter().all(|answer| answer["data"]["__typename"] == "Query"), "{answers:?}");

    let seen = auth.seen();
    assert_eq!(seen.len(), 1, "fifty requests, one question");
    let header = |name: &str| seen[0].get(name).map_or("", |value| value.to_str().unwrap());
    assert_eq!(header("authorization"), format!("Bearer {token}"));
    assert_eq!(header("x-request-id"), "mine-2");
    assert_eq!(header("x-forwarded-for"), "198.51.100.7");
    assert!(header("traceparent").starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
    let claims = keys().verify_service(header("x-service-token"), now()).unwrap();
    assert_eq!(claims.iss, "alternatefutures-backend");

    tokio::time::sleep(Duration::from_millis(5200)).await;
    ask().await;
    assert_eq!(auth.seen().len(), 2, "asked again after five seconds");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn sign_ins_are_counted_by_the_address_of_the_client(db: PgPool) {
    let app = TestApp::with(&db, &[("TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    let challenge = async |client: &str| -> Value {
        let call = app.query("mutation { walletChallenge { nonce } }");
        json_of(call.header("x-forwarded-for", client).send().await.unwrap()).await
    };
    // RATE_LIMIT_STRICT is 5 in 15 minutes; no service token lifts it.
    for _ in 0..5 {
        assert!(challenge("198.51.100.7").await["data"].is_object());
    }
    let limited = challenge("198.51.100.7").await;
    assert_eq!(code(&limited), "RATE_LIMITED", "{limited}");
    assert!(challenge("198.51.100.8").await["data"].is_object());

    // Charged for each field, not for each request.
    let fields = (0..6).map(|n| format!("a{n}: walletChallenge {{ nonce }} ")).collect::<String>();
    let call = app.query(&format!("mutation {{ {fields} }}"));
    let answer =
        json_of(call.header("x-forwarded-for", "198.51.100.9").send().await.unwrap()).await;
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1, "{answer}");
}
