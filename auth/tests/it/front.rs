//! What is answered from memory, beneath the layers, is what the layers would answer
//! (docs/decisions/0302).

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::json;
use shared::clock::Clock;
use sqlx::PgPool;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::app::{Answer, TestApp, Wallet};
use crate::revocation::warm;

/// A page of another site asks through all layers, whose answer has nothing more for it.
async fn through_the_layers(app: &TestApp, token: &str) -> Answer {
    let request = app.request(Method::POST, "/api/validate").header("origin", "https://other.test");
    Answer::of(request.header("x-request-id", "mine").json(&json!({ "token": token }))).await
}

async fn from_memory(app: &TestApp, token: &str) -> Answer {
    let request = app.request(Method::POST, "/api/validate").header("x-request-id", "mine");
    Answer::of(request.json(&json!({ "token": token }))).await
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn both_ways_answer_the_same_with_the_same_headers(db: PgPool) {
    let app = TestApp::start(&db).await;
    let token = app.sign_in(&Wallet::random()).await.access_token;
    warm(&app, &token).await;
    let names = |answer: &Answer| {
        let names = answer.headers.keys().filter(|name| *name != "vary").cloned();
        names.map(|name| name.to_string()).collect::<BTreeSet<_>>()
    };

    let (layers, memory) =
        (through_the_layers(&app, &token).await, from_memory(&app, &token).await);

    assert_eq!((layers.status, &layers.body), (memory.status, &memory.body));
    assert_eq!(names(&layers), names(&memory));
    assert!(names(&memory).contains("ratelimit"));
    assert_eq!(memory.headers["x-request-id"], "mine");
    assert_eq!(memory.headers["ratelimit-policy"], layers.headers["ratelimit-policy"]);
    let plain = app.request(Method::POST, "/api/validate").header("content-type", "text/plain");
    let plain = Answer::of(plain.body(json!({ "token": token }).to_string())).await;
    assert_eq!(plain.problem(), (415, "UNSUPPORTED_MEDIA_TYPE"));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_body_that_comes_in_pieces_is_waited_for(db: PgPool) {
    let app = TestApp::start(&db).await;
    let token = app.sign_in(&Wallet::random()).await.access_token;
    warm(&app, &token).await;
    let body = json!({ "token": token }).to_string();
    let length = body.len();
    let (head, tail) = body.split_at(100);
    for (framing, first, second) in [
        (format!("content-length: {length}"), head.to_owned(), tail.to_owned()),
        (format!("content-length: {length}"), String::new(), body.clone()),
        (
            "transfer-encoding: chunked".to_owned(),
            format!("64\r\n{head}\r\n"),
            format!("{:x}\r\n{tail}\r\n0\r\n\r\n", tail.len()),
        ),
    ] {
        let address = app.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "POST /api/validate HTTP/1.1\r\nhost: auth\r\nconnection: close\r\n\
             content-type: application/json\r\n{framing}\r\n\r\n{first}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        stream.write_all(second.as_bytes()).await.unwrap();

        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();

        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{framing}: {answer}");
        assert!(answer.contains("\"valid\":true"), "{answer}");
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn the_limit_holds_for_both_ways_together(db: PgPool) {
    let changes = [("RATE_LIMIT_RELAXED", "600/1h")];
    let app = TestApp::start_with(&db, &changes, Clock::System).await;
    let token = app.sign_in(&Wallet::random()).await.access_token;
    warm(&app, &token).await;
    let mut passed = 1;
    for turn in 0..700 {
        let answer = match turn % 2 {
            0 => from_memory(&app, &token).await,
            _ => through_the_layers(&app, &token).await,
        };
        passed += u32::from(answer.status == StatusCode::OK);
    }
    assert!((590..=601).contains(&passed), "{passed}");
    assert_eq!(from_memory(&app, &token).await.problem(), (429, "RATE_LIMITED"));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn the_guard_against_floods_counts_both_ways_together(db: PgPool) {
    let changes = [("FLOOD_LIMIT", "100/1h")];
    let app = TestApp::start_with(&db, &changes, Clock::System).await;
    let token = app.sign_in(&Wallet::random()).await.access_token;
    let mut passed = 0;
    for _ in 0..150 {
        passed += u32::from(from_memory(&app, &token).await.status == StatusCode::OK);
    }
    // Two calls signed in; a call that was not answered from memory is counted once more at most.
    assert!((90..=98).contains(&passed), "{passed}");
}
