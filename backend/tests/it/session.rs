//! Signing in and out through GraphQL, with the real auth service behind it.

use auth::siwe::eip191;
use k256::ecdsa::SigningKey;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::app::{TestApp, code, json_of};

const CHALLENGE: &str = "mutation($address: String, $chainId: Int) {
    walletChallenge(address: $address, chainId: $chainId) { message nonce expiresIn }
}";
const VERIFY: &str = "mutation($message: String!, $signature: String!) {
    walletVerify(message: $message, signature: $signature) {
        accessToken refreshToken expiresIn user { id walletAddress }
    }
}";
const REFRESH: &str = "mutation($token: String!) {
    refreshSession(refreshToken: $token) { accessToken refreshToken user { id } }
}";
const EXCHANGE: &str = "mutation($token: String!) {
    loginWithPersonalAccessToken(data: {personalAccessToken: $token})
}";
const ME: &str = "{ me { id } }";

async fn ask(app: &TestApp, query: &str, variables: Value) -> Value {
    let body = json!({ "query": query, "variables": variables });
    json_of(app.post(&body).send().await.unwrap()).await
}

/// Signs a fresh wallet in.
async fn sign_in(app: &TestApp) -> Value {
    let key = SigningKey::from_slice(uuid::Uuid::new_v4().as_bytes().repeat(2).as_slice()).unwrap();
    let address = eip191::of_key(key.verifying_key()).checksummed();
    let challenge = ask(app, CHALLENGE, json!({ "address": address })).await;
    let challenge = &challenge["data"]["walletChallenge"];
    assert_eq!(challenge["expiresIn"], 900);
    let message = challenge["message"].as_str().unwrap();
    assert!(message.contains(challenge["nonce"].as_str().unwrap()));
    let (signature, id) = key.sign_prehash_recoverable(&eip191::hash(message)).unwrap();
    let signature = format!("0x{}{:02x}", hex::encode(signature.to_bytes()), 27 + id.to_byte());
    let answer = ask(app, VERIFY, json!({ "message": message, "signature": signature })).await;
    let session = answer["data"]["walletVerify"].clone();
    assert_eq!(session["user"]["walletAddress"], address.to_lowercase(), "{answer}");
    session
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_wallet_signs_in_refreshes_and_logs_out(db: PgPool) {
    let app = TestApp::start(&db).await;

    let session = sign_in(&app).await;
    let jwt = session["accessToken"].as_str().unwrap();
    let me = app.ask(ME, Some(jwt)).await;
    assert_eq!(me["data"]["me"]["id"], session["user"]["id"]);

    let refreshed = ask(&app, REFRESH, json!({ "token": session["refreshToken"] })).await;
    let next = refreshed["data"]["refreshSession"].clone();
    assert_eq!(next["user"]["id"], session["user"]["id"], "{refreshed}");
    assert_ne!(next["refreshToken"], session["refreshToken"]);

    let jwt = next["accessToken"].as_str().unwrap();
    let out = app.ask("mutation { logout }", Some(jwt)).await;
    assert_eq!(out["data"]["logout"], true, "{out}");
    let refused = ask(&app, REFRESH, json!({ "token": next["refreshToken"] })).await;
    assert_eq!(code(&refused), "UNAUTHENTICATED");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn bad_sign_ins_are_refused_in_our_codes(db: PgPool) {
    let app = TestApp::start(&db).await;

    let unknown = ask(&app, VERIFY, json!({ "message": "hello", "signature": "0x00" })).await;
    assert_eq!(code(&unknown), "BAD_USER_INPUT", "{unknown}");
    let address = ask(&app, CHALLENGE, json!({ "address": "0x12" })).await;
    assert_eq!(code(&address), "BAD_USER_INPUT", "{address}");
    let refresh = ask(&app, REFRESH, json!({ "token": "nonsense" })).await;
    assert_eq!(code(&refresh), "UNAUTHENTICATED", "{refresh}");
    // Auth counts sign-ins by the caller's address, not by ours: five in a quarter of an hour.
    let mut codes = Vec::new();
    for _ in 0..5 {
        codes.push(code(&ask(&app, CHALLENGE, json!({})).await).to_owned());
    }
    assert_eq!(codes.last().unwrap(), "RATE_LIMITED", "{codes:?}");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_personal_access_token_is_exchanged_for_one_that_dies_with_it(db: PgPool) {
    let app = TestApp::with(&db, &[("AUTH_CACHE_TTL", "1s")]).await;
    let user = app.user().await;
    let (id, pat) = app.pat(&user, &["read"]).await;

    let answer = ask(&app, EXCHANGE, json!({ "token": pat })).await;
    let token = answer["data"]["loginWithPersonalAccessToken"].as_str().unwrap().to_owned();
    assert_ne!(token, pat);
    let me = app.ask(ME, Some(&token)).await;
    assert_eq!(me["data"]["me"]["id"], user.id.to_string(), "{me}");
    // No more rights than it stands for: it only reads, and is no session.
    let create = app.ask("mutation { createProject(data: {name: \"x\"}) { id } }", Some(&token));
    assert_eq!(code(&create.await), "FORBIDDEN");
    let mint = app.http.post(format!("{}/tokens", app.auth)).bearer_auth(&token);
    let mint = mint.json(&json!({ "name": "x" })).send().await.unwrap();
    assert_eq!(mint.status().as_u16(), 403);
    // It is not exchanged again: it would never end.
    assert_eq!(code(&ask(&app, EXCHANGE, json!({ "token": token })).await), "UNAUTHENTICATED");

    let delete = format!("mutation {{ deletePersonalAccessToken(id: \"{id}\") }}");
    assert_eq!(app.ask(&delete, Some(&user.jwt)).await["data"]["deletePersonalAccessToken"], true);
    tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
    assert_eq!(code(&app.ask(ME, Some(&token)).await), "UNAUTHENTICATED");
    assert_eq!(code(&ask(&app, EXCHANGE, json!({ "token": pat })).await), "UNAUTHENTICATED");
}
