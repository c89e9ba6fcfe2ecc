//! What is answered beneath the layers is what the layers would answer
//! (docs/decisions/0302).

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use shared::api::Challenge;
use shared::clock::Clock;
use sqlx::PgPool;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::app::{Answer, TestApp, Wallet};
use crate::redis_server::RedisServer;
use crate::revocation::warm;

const VALIDATE: &str = "/api/validate";
const CHALLENGE: &str = "/auth/wallet/challenge";

/// A page of another site asks through all layers, whose answer has nothing more for it.
async fn through_the_layers(app: &TestApp, path: &str, body: &Value) -> Answer {
    let request = app.request(Method::POST, path).header("origin", "https://other.test");
    Answer::of(request.header("x-request-id", "mine").json(body)).await
}

async fn beneath_the_layers(app: &TestApp, path: &str, body: &Value) -> Answer {
    let request = app.request(Method::POST, path).header("x-request-id", "mine");
    Answer::of(request.json(body)).await
}

/// An instance, and for both routes a body that is answered beneath the layers.
async fn warmed(
    db: &PgPool,
    changes: &[(&'static str, &str)],
) -> (TestApp, [(&'static str, Value); 2]) {
    let app = TestApp::start_with(db, changes, Clock::System).await;
    let token = app.sign_in(&Wallet::random()).await.access_token;
    warm(&app, &token).await;
    let wallet = json!({ "address": Wallet::random().account().lower(), "chainId": 10 });
    (app, [(VALIDATE, json!({ "token": token })), (CHALLENGE, wallet)])
}

/// The same for all answers of a kind.
fn names(answer: &Answer) -> BTreeSet<String> {
    let names = answer.headers.keys().filter(|name| *name != "vary");
    names.map(ToString::to_string).collect()
}

/// `body` without what differs from challenge to challenge.
fn blurred(body: &Value) -> String {
    let mut body = body.clone();
    if let Some(nonce) = body["nonce"].as_str() {
        let length = nonce.len();
        let message = body["message"].as_str().unwrap().replace(nonce, "");
        let lines =
            message.lines().filter(|line| !line.contains(" At: ") && !line.contains("Time"));
        body["message"] = lines.collect();
        body["nonce"] = length.into();
    }
    body.to_string()
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn both_ways_answer_the_same_with_the_same_headers(db: PgPool) {
    let (app, routes) = warmed(&db, &[]).await;
    for (path, body) in &routes {
        let layers = through_the_layers(&app, path, body).await;
        let beneath = beneath_the_layers(&app, path, body).await;

        assert_eq!((layers.status, beneath.status), (StatusCode::OK, StatusCode::OK));
        assert_eq!(blurred(&layers.body), blurred(&beneath.body));
        assert_eq!(names(&layers), names(&beneath));
        assert!(names(&beneath).contains("ratelimit"));
        assert_eq!(beneath.headers["x-request-id"], "mine");
        assert_eq!(beneath.headers["ratelimit-policy"], layers.headers["ratelimit-policy"]);
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn what_the_layers_refuse_is_refused(db: PgPool) {
    let (app, routes) = warmed(&db, &[]).await;
    for (path, body) in &routes {
        let send = |kind: &str, body: String| {
            let request = app.request(Method::POST, path).header("content-type", kind);
            Answer::of(request.body(body))
        };
        let text = body.to_string();
        let long = format!("{text}{}", " ".repeat(64 * 1024));
        let json = "application/json";
        let plain = send("text/plain", text.clone()).await;
        assert_eq!(plain.problem(), (415, "UNSUPPORTED_MEDIA_TYPE"), "{path}");
        assert_eq!(send(json, long).await.problem().0, 413, "{path}");
        assert_eq!(send(json, format!("[{text}]")).await.problem(), (400, "INVALID_BODY"));
        assert_eq!(send(json, format!("{text}}}")).await.problem(), (400, "MALFORMED_JSON"));
        let list = body.as_object().unwrap().values().cloned().collect::<Value>();
        assert_eq!(send(json, list.to_string()).await.problem(), (400, "INVALID_BODY"), "{path}");
        assert_eq!(send("application/x+json; charset=utf-8", text).await.status, StatusCode::OK);
    }
    for (body, code) in [
        (json!({ "address": "0x" }), "INVALID_BODY"),
        (json!({ "address": "0xD8dA6BF26964aF9D7eEd9e03E53415D37aA96045" }), "INVALID_ADDRESS"),
        (json!({ "chainId": 2 }), "CHAIN_NOT_ALLOWED"),
    ] {
        let refused = beneath_the_layers(&app, CHALLENGE, &body).await;
        assert_eq!(refused.problem(), (400, code));
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_challenge_from_beneath_the_layers_can_be_answered_and_leaves_nothing_behind(db: PgPool) {
    let redis = RedisServer::start();
    let (app, _) = warmed(&db, &[("REDIS_URL", &redis.url())]).await;
    let mut connection = redis.client().get_multiplexed_async_connection().await.unwrap();
    let keys = async |connection: &mut redis::aio::MultiplexedConnection| {
        redis::cmd("KEYS").arg("nonce:*").query_async::<Vec<String>>(connection).await.unwrap()
    };
    // The key, and the mark of the nonce that has signed in.
    assert_eq!(keys(&mut connection).await.len(), 2);

    for body in ["", "{}"] {
        let request =
            app.request(Method::POST, CHALLENGE).header("content-type", "application/json");
        let free = Answer::of(request.body(body)).await.ok::<Challenge>();
        assert_eq!((free.message, free.nonce.len()), (None, 44));
    }
    for _ in 0..50 {
        app.challenge(&Wallet::random()).await;
    }

    assert_eq!(keys(&mut connection).await.len(), 2);
    app.sign_in(&Wallet::random()).await;
    assert_eq!(keys(&mut connection).await.len(), 3);
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
    let changes = [("RATE_LIMIT_RELAXED", "600/1h"), ("RATE_LIMIT_STRICT", "600/1h")];
    let (app, routes) = warmed(&db, &changes).await;
    for (path, body) in &routes {
        let mut passed = 1;
        for turn in 0..700 {
            let answer = match turn % 2 {
                0 => beneath_the_layers(&app, path, body).await,
                _ => through_the_layers(&app, path, body).await,
            };
            passed += u32::from(answer.status == StatusCode::OK);
        }
        assert!((590..=601).contains(&passed), "{path}: {passed}");
        let refused = beneath_the_layers(&app, path, body).await;
        assert_eq!(refused.problem(), (429, "RATE_LIMITED"));
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn the_guard_against_floods_counts_both_ways_together(db: PgPool) {
    let (app, routes) = warmed(&db, &[("FLOOD_LIMIT", "100/1h")]).await;
    let mut passed = 0;
    for turn in 0..150 {
        let (path, body) = &routes[turn % 2];
        passed += u32::from(beneath_the_layers(&app, path, body).await.status == StatusCode::OK);
    }
    // The first calls signed in; one that was not answered from here is counted twice at most.
    assert!((84..=97).contains(&passed), "{passed}");
}
