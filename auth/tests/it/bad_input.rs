//! Whatever is sent, the answer is a problem that says what is wrong, and never a 500.

use reqwest::{Method, StatusCode};
use serde_json::json;
use sqlx::PgPool;

use crate::app::{Answer, TestApp, Wallet};

const POSTS: [&str; 11] = [
    "/auth/wallet/challenge",
    "/auth/wallet/verify",
    "/api/auth/siwe",
    "/auth/refresh",
    "/auth/logout",
    "/tokens",
    "/auth/pat/create",
    "/api/validate",
    "/auth/cli/start",
    "/auth/cli/approve",
    "/auth/cli/poll",
];

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn every_route_says_what_is_wrong_with_a_body(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    let nested = "[".repeat(20_000);
    let bodies: [&[u8]; 12] = [
        b"{",
        b"[]",
        b"null",
        b"5",
        b"\"x\"",
        b"{\"token\":5,\"message\":[],\"name\":{},\"address\":7,\"refreshToken\":true}",
        b"{}x",
        b"\xff\xfe",
        b"{\"name\":\"\\ud800\"}",
        b"\0",
        nested.as_bytes(),
        b"{\"token\":\"\\u0000\",\"message\":\"\\u0000\",\"signature\":\"\\u0000\"}",
    ];
    for path in POSTS {
        for body in bodies {
            let request = app.request(Method::POST, path).bearer_auth(&session.access_token);
            let request = request.header("content-type", "application/json").body(body.to_vec());
            let answer = Answer::of(request).await;
            let shown = String::from_utf8_lossy(&body[..body.len().min(40)]);
            if answer.status.is_success() {
                // `null` and `{...}` with fields of no interest may be fine.
                assert!(body != b"{" && body != b"{}x", "{path} {shown}");
                continue;
            }
            let (status, _) = answer.problem();
            assert!((400..500).contains(&status), "{path} {shown} {status}");
        }
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn another_content_type_is_415_and_a_long_body_413(db: PgPool) {
    let app = TestApp::start(&db).await;
    for path in
        ["/auth/wallet/challenge", "/auth/wallet/verify", "/auth/refresh", "/auth/cli/start"]
    {
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
            let request = app.request(Method::POST, path).header("content-type", kind).body("{}");
            let answer = Answer::of(request).await;
            assert_eq!(answer.problem(), (415, "UNSUPPORTED_MEDIA_TYPE"), "{path} {kind}");
        }
        let long = json!({ "message": "x".repeat(70_000) });
        assert_eq!(app.post(path, long).await.problem(), (413, "PAYLOAD_TOO_LARGE"), "{path}");
        let chunked = reqwest::Body::wrap_stream(futures_util::stream::iter(
            (0..80).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1024])),
        ));
        let request = app.request(Method::POST, path).header("content-type", "application/json");
        let answer = Answer::of(request.body(chunked)).await;
        assert_eq!(answer.problem(), (413, "PAYLOAD_TOO_LARGE"), "{path}");
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn unknown_paths_and_wrong_methods_are_problems(db: PgPool) {
    let app = TestApp::start(&db).await;
    for path in ["/", "/nothing", "/organizations", "/billing/credits/org/1/balance", "/tokens/1/2"]
    {
        let answer = Answer::of(app.request(Method::GET, path)).await;
        assert_eq!(answer.problem(), (404, "NOT_FOUND"), "{path}");
    }
    for path in POSTS.into_iter().filter(|path| *path != "/tokens") {
        let answer = Answer::of(app.request(Method::GET, path)).await;
        assert_eq!(answer.problem(), (405, "METHOD_NOT_ALLOWED"), "{path}");
        assert!(answer.headers["allow"].to_str().unwrap().contains("POST"));
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn what_is_signed_in_for_says_so(db: PgPool) {
    let app = TestApp::start(&db).await;
    for path in ["/auth/me", "/auth/sessions", "/tokens", "/tokens/limits"] {
        for value in [None, Some("Bearer"), Some("Bearer "), Some("Basic YTpi"), Some("bearer x y")]
        {
            let mut request = app.request(Method::GET, path);
            if let Some(value) = value {
                request = request.header("authorization", value);
            }
            let answer = Answer::of(request).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path} {value:?}");
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
        }
    }
}
