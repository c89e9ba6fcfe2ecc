//! Automatic persisted queries over the wire.

use reqwest::StatusCode;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::app::{TestApp, code, json_of};

fn extensions(text: &str) -> Value {
    let hash = digest(&SHA256, text.as_bytes());
    let hash = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } })
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_document_is_known_by_its_hash_after_it_was_sent_once(db: PgPool) {
    let app = TestApp::start(&db).await;
    let text = "{ __typename }";
    let by_hash = json!({ "extensions": extensions(text) });

    let unknown = app.post(&by_hash).send().await.unwrap();
    assert_eq!(unknown.status(), StatusCode::OK);
    let unknown = json_of(unknown).await;
    assert_eq!(unknown["errors"][0]["message"], "PersistedQueryNotFound");
    assert_eq!(code(&unknown), "PERSISTED_QUERY_NOT_FOUND");

    let both = json!({ "query": text, "extensions": extensions(text) });
    app.post(&both).send().await.unwrap();

    let known = json_of(app.post(&by_hash).send().await.unwrap()).await;
    assert_eq!(known, json!({ "data": { "__typename": "Query" } }));
    let by_get = app.get(&[("extensions", &extensions(text).to_string())]).send().await.unwrap();
    assert_eq!(json_of(by_get).await, known);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_document_under_another_hash_is_refused_and_not_kept(db: PgPool) {
    let app = TestApp::start(&db).await;
    let lie =
        json!({ "query": "{ a: __typename }", "extensions": extensions("{ b: __typename }") });
    assert_eq!(
        code(&json_of(app.post(&lie).send().await.unwrap()).await),
        "PERSISTED_QUERY_HASH_MISMATCH"
    );
    let by_hash = json!({ "extensions": extensions("{ b: __typename }") });
    assert_eq!(
        code(&json_of(app.post(&by_hash).send().await.unwrap()).await),
        "PERSISTED_QUERY_NOT_FOUND"
    );
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn an_invalid_document_is_not_kept(db: PgPool) {
    let app = TestApp::start(&db).await;
    let text = "{ nothing }";
    app.post(&json!({ "query": text, "extensions": extensions(text) })).send().await.unwrap();
    let by_hash = json!({ "extensions": extensions(text) });
    assert_eq!(
        code(&json_of(app.post(&by_hash).send().await.unwrap()).await),
        "PERSISTED_QUERY_NOT_FOUND"
    );
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_known_mutation_is_not_run_by_get(db: PgPool) {
    let app = TestApp::start(&db).await;
    let text = "mutation { logout }";
    app.post(&json!({ "query": text, "extensions": extensions(text) })).send().await.unwrap();

    let by_get = app.get(&[("extensions", &extensions(text).to_string())]).send().await.unwrap();

    assert_eq!(by_get.status(), StatusCode::METHOD_NOT_ALLOWED);
}
