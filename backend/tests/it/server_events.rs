//! Server-Sent Events as `graphql-sse` has them.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;
use sqlx::PgPool;

use crate::app::{TestApp, User, code};
use crate::socket::{WATCH, deployment, step};

/// A stream of events.
pub struct Events {
    answer: reqwest::Response,
    buffer: String,
}

impl Events {
    /// The data of the next event called `name`; comments are passed over.
    pub async fn next_with(&mut self, name: &str) -> String {
        loop {
            while let Some((event, rest)) = self.buffer.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.buffer = rest;
                if let Some(data) = event.strip_prefix(&format!("event: {name}\ndata:")) {
                    return data.to_owned();
                }
                assert_eq!(event, ":", "waiting for {name}");
            }
            let chunk = tokio::time::timeout(Duration::from_secs(12), self.answer.chunk()).await;
            let chunk = chunk.unwrap().unwrap().unwrap_or_else(|| panic!("over before {name}"));
            self.buffer += std::str::from_utf8(&chunk).unwrap();
        }
    }
}

pub async fn events(app: &TestApp, user: &User, id: &str) -> Events {
    let call = app.post(&json!({ "query": WATCH, "variables": { "id": id } }));
    let call = call.bearer_auth(&user.jwt).header("accept", "text/event-stream");
    let answer = call.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "text/event-stream; charset=utf-8");
    Events { answer, buffer: String::new() }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_quiet_stream_of_events_is_kept_alive_and_goes_on(db: PgPool) {
    let app = TestApp::start(&db).await;
    let user = app.user().await;
    let id = deployment(&app, &user).await;
    let mut events = events(&app, &user, &id).await;
    assert!(events.next_with("next").await.contains("PENDING"));

    // Longer than both the time limit of a request and the pause between two comments.
    tokio::time::sleep(Duration::from_secs(13)).await;
    let comment = tokio::time::timeout(Duration::from_secs(3), events.answer.chunk()).await;
    assert_eq!(comment.unwrap().unwrap().unwrap(), ":\n\n".as_bytes());

    step(&app, &user, &id, "UPLOADING").await;
    assert!(events.next_with("next").await.contains("UPLOADING"));
    step(&app, &user, &id, "FAILED").await;
    assert!(events.next_with("next").await.contains("FAILED"));
    events.next_with("complete").await;
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_query_is_answered_as_events_to_a_client_that_reads_nothing_else(db: PgPool) {
    let app = TestApp::start(&db).await;
    let call = app.query("{ __typename }").header("accept", "text/event-stream");
    let text = call.send().await.unwrap().text().await.unwrap();
    assert!(
        text.ends_with(
            "event: next\ndata: {\"data\":{\"__typename\":\"Query\"}}\n\nevent: complete\ndata:\n\n"
        ),
        "{text}"
    );

    let call = app.query("{ nothing }").header("accept", "text/event-stream");
    assert_eq!(call.send().await.unwrap().status(), StatusCode::BAD_REQUEST);

    let plain =
        app.ask("subscription { deploymentStatus(deploymentId: \"x\") { status } }", None).await;
    assert_eq!(code(&plain), "BAD_REQUEST", "{plain}");
}
