//! What goes wrong in the database stays there: callers are told nothing of it, and nothing runs on
//! for callers that have gone.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::{ConnectOptions, PgPool};

use crate::app::{TestApp, code, json_of};
use crate::socket::Socket;

const PROJECTS: &str = "{ projects { data { id sites { id } } } }";
/// A time limit that a test can wait for: [`LIMIT`].
const SHORT: [(&str, &str); 1] = [("GRAPHQL_TIMEOUT", "1")];
const LIMIT: Duration = Duration::from_secs(1);

/// Statements of others that run on the table of projects now.
async fn running(db: &PgPool) -> i64 {
    let running = "select count(*) from pg_stat_activity
                   where datname = current_database() and state = 'active'
                     and pid <> pg_backend_pid() and query like '%app.projects%'";
    sqlx::query_scalar(running).fetch_one(db).await.unwrap()
}

/// Waits until that many run.
async fn until_running(db: &PgPool, wanted: i64, limit: Duration) {
    let start = Instant::now();
    while running(db).await != wanted {
        assert!(start.elapsed() < limit, "not {wanted} within {limit:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Connections as the service makes them, rather than the test's.
fn as_in_service(db: &PgPool) -> PgPool {
    let url = db.connect_options().to_url_lossy();
    shared::db::pool(&url.as_str().parse().unwrap(), "backend", 5)
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn an_error_of_the_database_is_masked(db: PgPool) {
    let app = TestApp::start(&db).await;
    let user = app.user().await;
    sqlx::query("alter table app.projects rename to elsewhere").execute(&db).await.unwrap();

    let answer = app.query(PROJECTS).bearer_auth(&user.jwt);
    let answer = json_of(answer.header("x-request-id", "the-id").send().await.unwrap()).await;

    assert_eq!(answer["data"], Value::Null);
    assert_eq!(answer["errors"][0]["message"], "internal error");
    assert_eq!(code(&answer), "INTERNAL");
    assert!(answer.to_string().contains("the-id"), "{answer}");
    for word in ["app.", "elsewhere", "relation", "select", "sqlx", "42P01"] {
        assert!(!answer.to_string().contains(word), "{word}: {answer}");
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn no_text_of_a_caller_breaks_a_statement(db: PgPool) {
    let app = TestApp::start(&db).await;
    let user = app.user().await;

    for text in
        ["\0", "a\u{0}b", "'; drop table app.projects; --", "\u{feff}", "\\", "%", "\u{fffd}"]
    {
        for (query, variables) in [
            ("query($t: ID!) { project(id: $t) { id } }", json!({ "t": text })),
            ("query($t: String!) { siteBySlug(where: {slug: $t}) { id } }", json!({ "t": text })),
            ("query($t: String!) { projects(after: $t) { data { id } } }", json!({ "t": text })),
            (
                "mutation($t: String!) { createProject(data: {name: $t}) { id } }",
                json!({ "t": text }),
            ),
            (
                "mutation($t: String!) { createDomain(input: {hostname: $t, siteId: \"x\"}) { id } }",
                json!({ "t": text }),
            ),
            (
                "mutation($t: String!) { createCustomIpfsDeployment(data: {cid: $t, siteId: \"x\"}) { id } }",
                json!({ "t": text }),
            ),
            (
                "mutation($t: String!) { updateDeploymentStatus(id: \"x\", status: FAILED, message: $t) { id } }",
                json!({ "t": text }),
            ),
        ] {
            let body = json!({ "query": query, "variables": variables });
            let answer = app.post(&body).bearer_auth(&user.jwt).send().await.unwrap();
            let answer = json_of(answer).await;
            assert_ne!(code(&answer), "INTERNAL", "{query} {text:?} {answer}");
        }
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_client_that_goes_away_takes_its_statement_along(db: PgPool) {
    let pool = as_in_service(&db);
    let app = TestApp::start(&pool).await;
    let user = app.user().await;
    // Whoever reads projects now waits for this.
    let mut lock = db.begin().await.unwrap();
    let exclusive = "lock table app.projects in access exclusive mode";
    sqlx::query(exclusive).execute(&mut *lock).await.unwrap();

    let request = app.query(PROJECTS).bearer_auth(&user.jwt).timeout(Duration::from_millis(800));
    let (answer, ()) = tokio::join!(request.send(), until_running(&db, 1, Duration::from_secs(5)));

    assert!(answer.unwrap_err().is_timeout());
    until_running(&db, 0, Duration::from_secs(4)).await;
    lock.rollback().await.unwrap();
    let answer = app.ask(PROJECTS, Some(&user.jwt)).await;
    assert_eq!(answer["data"]["projects"]["data"], json!([]));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn no_statement_runs_longer_than_the_request_that_waits_for_it(db: PgPool) {
    let pool = as_in_service(&db);
    let app = TestApp::with(&pool, &SHORT).await;
    let user = app.user().await;
    let limit = sqlx::query_scalar::<_, String>("show statement_timeout").fetch_one(&pool).await;
    assert_eq!(limit.unwrap(), "10s");
    let mut lock = db.begin().await.unwrap();
    let exclusive = "lock table app.projects in access exclusive mode";
    sqlx::query(exclusive).execute(&mut *lock).await.unwrap();

    // Whatever media type the client reads.
    for accept in ["*/*", "application/graphql-response+json", "text/event-stream"] {
        let start = Instant::now();
        let call = app.query(PROJECTS).bearer_auth(&user.jwt).header("accept", accept).send();
        let (answer, ()) = tokio::join!(call, until_running(&db, 1, LIMIT));
        let (answer, took) = (answer.unwrap(), start.elapsed());

        assert!((LIMIT..LIMIT * 3).contains(&took), "{took:?}");
        assert_eq!(answer.status().as_u16(), 503);
        assert_eq!(answer.headers()["retry-after"], "1");
        let answer = json_of(answer).await;
        assert_eq!((code(&answer), answer.get("data")), ("TIMEOUT", None), "{answer}");
        // The server looks twice a second for callers that have gone.
        until_running(&db, 0, Duration::from_secs(2)).await;
    }

    lock.rollback().await.unwrap();
    let answer = app.ask(PROJECTS, Some(&user.jwt)).await;
    assert_eq!(answer["data"]["projects"]["data"], json!([]));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_query_on_a_socket_has_the_same_time_and_its_socket_goes_on(db: PgPool) {
    let pool = as_in_service(&db);
    let app = TestApp::with(&pool, &SHORT).await;
    let user = app.user().await;
    let mut socket = Socket::greeted(&app, Some(&user.jwt)).await;
    let mut lock = db.begin().await.unwrap();
    let exclusive = "lock table app.projects in access exclusive mode";
    sqlx::query(exclusive).execute(&mut *lock).await.unwrap();

    let start = Instant::now();
    socket.subscribe("slow", PROJECTS, json!({})).await;
    let message = socket.hear().await;

    let took = start.elapsed();
    assert!((LIMIT..LIMIT * 3).contains(&took), "{took:?}");
    assert_eq!((&message["id"], &message["type"]), (&json!("slow"), &json!("error")));
    assert_eq!(message["payload"][0]["extensions"]["code"], "TIMEOUT", "{message}");
    until_running(&db, 0, Duration::from_secs(2)).await;
    lock.rollback().await.unwrap();
    socket.subscribe("slow", PROJECTS, json!({})).await;
    assert_eq!(socket.hear().await["payload"]["data"]["projects"]["data"], json!([]));
}
