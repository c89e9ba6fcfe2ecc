//! Which websites may call.

use reqwest::{Method, StatusCode};
use sqlx::PgPool;

use crate::app::{Answer, TestApp};

const OURS: &str = "https://app.example.org";

async fn preflight(app: &TestApp, origin: &str) -> Answer {
    let request = app.request(Method::OPTIONS, "/tokens").header("origin", origin);
    let request = request.header("access-control-request-method", "POST");
    Answer::of(request.header("access-control-request-headers", "authorization")).await
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn the_platforms_pages_may_call_with_a_token_and_read_failures(db: PgPool) {
    let app = TestApp::start(&db).await;

    let asked = preflight(&app, OURS).await;
    let answer = Answer::of(app.request(Method::GET, "/tokens").header("origin", OURS)).await;

    assert_eq!(asked.status, StatusCode::NO_CONTENT);
    assert_eq!(asked.headers["access-control-allow-origin"], OURS);
    assert_eq!(asked.headers["access-control-allow-methods"], "GET, POST, PATCH, DELETE");
    let allowed = asked.headers["access-control-allow-headers"].to_str().unwrap();
    assert!(allowed.contains("authorization") && allowed.contains("content-type"));
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.headers["access-control-allow-origin"], OURS);
    let exposed = answer.headers["access-control-expose-headers"].to_str().unwrap();
    assert!(exposed.contains("retry-after") && exposed.contains("ratelimit-policy"));
    for headers in [asked.headers, answer.headers] {
        assert!(!headers.contains_key("access-control-allow-credentials"));
        assert!(headers.get_all("vary").iter().any(|vary| vary == "origin"));
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn no_other_origin_is_let_in_however_alike(db: PgPool) {
    let app = TestApp::start(&db).await;
    for origin in [
        "https://evil.example.org",
        "https://app.example.org.evil.example",
        "http://app.example.org",
        "https://app.example.org:8443",
        "https://APP.example.org",
        "null",
        "*",
    ] {
        let asked = preflight(&app, origin).await;
        let answer = Answer::of(app.request(Method::GET, "/tokens").header("origin", origin)).await;
        for headers in [asked.headers, answer.headers] {
            let said = headers.keys().filter(|name| name.as_str().starts_with("access-control"));
            assert_eq!(said.count(), 0, "{origin}");
        }
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_call_from_no_browser_gets_no_such_headers(db: PgPool) {
    let app = TestApp::start(&db).await;
    let answer = Answer::of(app.request(Method::GET, "/tokens")).await;
    assert!(!answer.headers.contains_key("access-control-allow-origin"));
}
