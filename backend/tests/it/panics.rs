//! A resolver that panics is a bug of ours: its caller is told no more than that, the log where it is,
//! and nobody else notices.
//!
//! The panic is a real one. A timestamp of `infinity` is one that PostgreSQL can hold and the driver
//! cannot: it panics when a resolver reads the row. No request can make the service write one.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::app::{TestApp, User, code, json_of};
use crate::process::Process;
use crate::server_events::events;
use crate::socket::{Socket, WATCH, deployment, step};

/// Panics in one field, while the statement of the other waits for a lock.
const BROKEN: &str = "query($id: ID!) { project(id: $id) { name } sites { totalCount } }";
const PROJECT: &str = "query($id: ID!) { project(id: $id) { name } }";

/// Somebody with a project, and its id.
async fn owner(app: &TestApp) -> (User, String) {
    let user = app.user().await;
    let create = "mutation { createProject(data: {name: \"Shop\"}) { id } }";
    let made = app.ask(create, Some(&user.jwt)).await;
    (user, made["data"]["createProject"]["id"].as_str().unwrap().to_owned())
}

async fn set_projects_updated_at(db: &PgPool, time: &str) {
    let update = "update app.projects set updated_at = $1::timestamptz";
    sqlx::query(update).bind(time).execute(db).await.unwrap();
}

async fn break_deployment(db: &PgPool, id: &str) {
    let update = "update app.deployments set updated_at = 'infinity' where id = $1::uuid";
    sqlx::query(update).bind(id).execute(db).await.unwrap();
}

/// Says nothing of what has happened, or where.
fn assert_masked(body: &str) {
    for word in ["panic", "out of range", ".rs", "src", "sqlx", "infinity", "backtrace", "thread"] {
        assert!(!body.contains(word), "{word}: {body}");
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_resolver_that_panics_is_a_masked_500_whose_place_is_in_the_log_and_nothing_leaks(
    db: PgPool,
) {
    let app = TestApp::start(&db).await;
    let (user, id) = owner(&app).await;
    let few = [("DATABASE_POOL", "2"), ("RUST_BACKTRACE", "0")];
    let process = Process::start(&db, &app.auth, &few).await;
    let ask = async |query: &str, request_id: &str| {
        let call = process.post(&json!({ "query": query, "variables": { "id": id } }));
        call.bearer_auth(&user.jwt).header("x-request-id", request_id).send().await.unwrap()
    };
    set_projects_updated_at(&db, "infinity").await;
    let mut lock = db.begin().await.unwrap();
    let exclusive = "lock table app.sites in access exclusive mode";
    sqlx::query(exclusive).execute(&mut *lock).await.unwrap();

    // More often than there are connections.
    for turn in 0..6 {
        let start = Instant::now();
        let answer = ask(BROKEN, &format!("broken-{turn}")).await;
        assert_eq!(answer.status().as_u16(), 500);
        assert_eq!(answer.headers()["x-request-id"], format!("broken-{turn}"));
        let body = answer.text().await.unwrap();
        assert_masked(&body);
        let body = serde_json::from_str::<Value>(&body).unwrap();
        assert_eq!(code(&body), "INTERNAL", "{body}");
        assert_eq!(body["errors"][0]["message"], "internal error");
        assert_eq!(body["errors"][0]["extensions"]["requestId"], format!("broken-{turn}"));
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    }

    lock.rollback().await.unwrap();
    set_projects_updated_at(&db, "now").await;
    let answers = join_all((0..8).map(|_| ask(BROKEN, "whole"))).await;
    for answer in answers {
        assert_eq!(answer.status().as_u16(), 200);
        let body = json_of(answer).await;
        assert_eq!(body["data"]["project"]["name"], "Shop", "{body}");
    }

    let log = process.log();
    for turn in 0..6 {
        let id = format!("\"broken-{turn}\"");
        let of_it = log.iter().filter(|line| line.contains(&id)).collect::<Vec<_>>();
        let says = |words: &str| of_it.iter().any(|line| line.contains(words));
        assert!(says("panicked") && says(".rs:"), "{log:#?}");
        assert!(says("\"status\":500"), "{log:#?}");
    }
    // Nothing goes around the log.
    for line in &log {
        assert!(serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object()), "{line}");
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_panic_ends_its_operation_and_neither_its_socket_nor_the_others_on_it(db: PgPool) {
    let app = TestApp::start(&db).await;
    let user = app.user().await;
    let (good, bad) = (deployment(&app, &user).await, deployment(&app, &user).await);
    break_deployment(&db, &bad).await;
    set_projects_updated_at(&db, "infinity").await;
    let project = app.ask("{ sites { data { projectId } } }", Some(&user.jwt)).await;
    let project = &project["data"]["sites"]["data"][0]["projectId"];
    let mut socket = Socket::greeted(&app, Some(&user.jwt)).await;
    socket.subscribe("good", WATCH, json!({ "id": good })).await;
    let status = |message: &Value| message["payload"]["data"]["deploymentStatus"]["status"].clone();
    assert_eq!(status(&socket.hear().await), "PENDING");

    socket.subscribe("query", PROJECT, json!({ "id": project })).await;
    let message = socket.hear().await;
    assert_eq!((&message["id"], &message["type"]), (&json!("query"), &json!("error")));
    assert_eq!(message["payload"][0]["extensions"]["code"], "INTERNAL", "{message}");
    assert_masked(&message.to_string());

    socket.subscribe("stream", WATCH, json!({ "id": bad })).await;
    let message = socket.hear().await;
    assert_eq!((&message["id"], &message["type"]), (&json!("stream"), &json!("next")));
    assert_eq!(code(&message["payload"]), "INTERNAL", "{message}");
    assert_masked(&message.to_string());
    assert_eq!(socket.hear().await, json!({ "id": "stream", "type": "complete" }));

    step(&app, &user, &good, "UPLOADING").await;
    let message = socket.hear().await;
    assert_eq!((&message["id"], &status(&message)), (&json!("good"), &json!("UPLOADING")));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_panic_within_a_stream_of_events_is_its_last_answer(db: PgPool) {
    let app = TestApp::start(&db).await;
    let user = app.user().await;
    let id = deployment(&app, &user).await;
    break_deployment(&db, &id).await;

    let mut events = events(&app, &user, &id).await;

    let answer = events.next_with("next").await;
    assert_masked(&answer);
    assert_eq!(code(&serde_json::from_str(&answer).unwrap()), "INTERNAL", "{answer}");
    events.next_with("complete").await;
}
