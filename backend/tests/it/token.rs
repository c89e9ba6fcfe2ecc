//! Personal Access Tokens, kept by auth and seen through GraphQL.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::app::{TestApp, code, json_of};

const CREATE: &str = "mutation($name: String!, $expiresAt: DateTime, $scopes: [Scope!]) {
    createPersonalAccessToken(name: $name, expiresAt: $expiresAt, scopes: $scopes) {
        id name token maskedToken scopes expiresAt lastUsedAt createdAt
    }
}";
const LIST: &str = "query($first: Int! = 50, $after: String) {
    personalAccessTokens(first: $first, after: $after) {
        data { id name maskedToken scopes expiresAt lastUsedAt createdAt }
        pageInfo { hasNextPage endCursor } totalCount
    }
}";

async fn ask(app: &TestApp, query: &str, variables: Value, token: &str) -> Value {
    let body = json!({ "query": query, "variables": variables });
    json_of(app.post(&body).bearer_auth(token).send().await.unwrap()).await
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_token_is_made_shown_once_listed_and_revoked(db: PgPool) {
    let app = TestApp::start(&db).await;
    let user = app.user().await;

    let variables = json!({
        "name": "deploys", "expiresAt": "2030-01-02T03:04:05+01:00", "scopes": ["READ"],
    });
    let made = ask(&app, CREATE, variables, &user.jwt).await;
    let made = &made["data"]["createPersonalAccessToken"];
    let secret = made["token"].as_str().unwrap();
    assert!(secret.starts_with("af_live_"));
    assert_eq!(made["scopes"], json!(["READ"]));
    assert_eq!(made["expiresAt"], "2030-01-02T02:04:05Z");

    let list = ask(&app, LIST, json!({}), &user.jwt).await;
    assert!(!list.to_string().contains(secret));
    let row = &list["data"]["personalAccessTokens"]["data"][0];
    assert_eq!((&row["id"], &row["name"]), (&made["id"], &json!("deploys")));
    assert_eq!(row["maskedToken"], made["maskedToken"]);
    assert_eq!(list["data"]["personalAccessTokens"]["totalCount"], 1);
    let limit = "{ apiKeyRateLimit { remaining limit resetAt activeTokens maxActiveTokens } }";
    let limit = app.ask(limit, Some(&user.jwt)).await["data"]["apiKeyRateLimit"].clone();
    let expected = json!([49, 50, 1, 500]);
    let seen = json!([
        limit["remaining"],
        limit["limit"],
        limit["activeTokens"],
        limit["maxActiveTokens"]
    ]);
    assert_eq!(seen, expected);

    let delete = "mutation($id: ID!) { deletePersonalAccessToken(id: $id) }";
    let stranger = app.user().await;
    let foreign = ask(&app, delete, json!({ "id": made["id"] }), &stranger.jwt).await;
    assert_eq!(code(&foreign), "NOT_FOUND");
    let deleted = ask(&app, delete, json!({ "id": made["id"] }), &user.jwt).await;
    assert_eq!(deleted["data"]["deletePersonalAccessToken"], true);
    let again = ask(&app, delete, json!({ "id": made["id"] }), &user.jwt).await;
    assert_eq!(code(&again), "NOT_FOUND");
    assert_eq!(
        code(&ask(&app, delete, json!({ "id": "../limits" }), &user.jwt).await),
        "NOT_FOUND"
    );
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn what_auth_refuses_keeps_its_code_and_field(db: PgPool) {
    let app = TestApp::start(&db).await;
    let user = app.user().await;
    let (_, pat) = app.pat(&user, &["read", "write"]).await;
    let (_, reader) = app.pat(&user, &["read"]).await;

    for (variables, field) in [
        (json!({ "name": "a\u{202e}b" }), "name"),
        (json!({ "name": "x".repeat(101) }), "name"),
        (json!({ "name": "x", "expiresAt": "2001-01-01T00:00:00Z" }), "expiresAt"),
        (json!({ "name": "x", "expiresAt": "9999-12-31T23:59:59Z" }), "expiresAt"),
        (json!({ "name": "x", "scopes": [] }), "scopes"),
    ] {
        let answer = ask(&app, CREATE, variables.clone(), &user.jwt).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT", "{variables} {answer}");
        assert_eq!(answer["errors"][0]["extensions"]["field"], field, "{answer}");
    }
    // A token cannot make tokens, and a reading one nothing at all.
    assert_eq!(code(&ask(&app, CREATE, json!({ "name": "x" }), &pat).await), "FORBIDDEN");
    assert_eq!(code(&ask(&app, CREATE, json!({ "name": "x" }), &reader).await), "FORBIDDEN");
    assert_eq!(
        ask(&app, LIST, json!({}), &reader).await["data"]["personalAccessTokens"]["totalCount"],
        2
    );
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn the_list_has_pages(db: PgPool) {
    let app = TestApp::start(&db).await;
    let user = app.user().await;
    for name in ["a", "b", "c"] {
        ask(&app, CREATE, json!({ "name": name }), &user.jwt).await;
    }
    let (mut seen, mut after) = (Vec::new(), Value::Null);

    for has_next in [true, true, false] {
        let page = ask(&app, LIST, json!({ "first": 1, "after": after }), &user.jwt).await;
        let page = &page["data"]["personalAccessTokens"];
        seen.push(page["data"][0]["name"].clone());
        assert_eq!(page["pageInfo"]["hasNextPage"], has_next);
        after = page["pageInfo"]["endCursor"].clone();
    }

    assert_eq!(seen, ["c", "b", "a"]);
    let edited = ask(&app, LIST, json!({ "after": "AAAA" }), &user.jwt).await;
    assert_eq!(edited["errors"][0]["extensions"]["field"], "after");
}
