//! What happens on one replica is told on the other, and a lost connection is made again.

use std::time::Duration;

use backend::EventBus;
use futures_util::StreamExt;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::app::{TestApp, json_of};
use crate::deployment::{STEP, WATCH};
use crate::owner::{CID, Owner, data, state, text};

async fn next(updates: &mut (impl StreamExt<Item = async_graphql::Response> + Unpin)) -> Value {
    let update = tokio::time::timeout(Duration::from_secs(10), updates.next()).await;
    let update = update.unwrap().unwrap();
    assert!(update.errors.is_empty(), "{update:?}");
    data(&update)["deploymentStatus"].clone()
}

/// An owner with a deployment, on a replica.
async fn set_up(db: &PgPool, events: EventBus) -> (Owner, String) {
    let owner = Owner::on(&state(db, &[], events)).await;
    let site = owner.site(&owner.project("Shop").await, "Front").await;
    let deployment = owner.deployment(&site).await;
    (owner, deployment)
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_step_on_one_replica_is_seen_on_the_other(db: PgPool) {
    let (here, id) = set_up(&db, EventBus::Database).await;
    let there = here.at(&state(&db, &[], EventBus::Database));
    let mut updates = there.watch(WATCH, json!({ "id": id }));
    assert_eq!(next(&mut updates).await["status"], "PENDING");

    here.ask(STEP, json!({ "id": id, "status": "UPLOADING", "message": "half" })).await;
    let update = next(&mut updates).await;
    assert_eq!((&update["status"], &update["message"]), (&json!("UPLOADING"), &json!("half")));

    here.ask(STEP, json!({ "id": id, "status": "SUCCESS" })).await;
    assert_eq!(next(&mut updates).await["status"], "SUCCESS");
    assert!(updates.next().await.is_none());
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_step_that_is_rolled_back_is_told_to_nobody(db: PgPool) {
    let (owner, id) = set_up(&db, EventBus::Database).await;
    let mut updates = owner.watch(WATCH, json!({ "id": id }));
    next(&mut updates).await;

    let mut transaction = db.begin().await.unwrap();
    let step = "update app.deployments set status = 'BUILDING' where id = $1::uuid";
    sqlx::query(step).bind(&id).execute(&mut *transaction).await.unwrap();
    transaction.rollback().await.unwrap();
    owner.ask(STEP, json!({ "id": id, "status": "UPLOADING" })).await;

    assert_eq!(next(&mut updates).await["status"], "UPLOADING");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_lost_connection_is_made_again_and_what_was_missed_is_read(db: PgPool) {
    let (owner, id) = set_up(&db, EventBus::Database).await;
    let mut updates = owner.watch(WATCH, json!({ "id": id }));
    next(&mut updates).await;

    let kill = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                where datname = current_database() and query ilike 'listen%'";
    assert_eq!(sqlx::query_scalar::<_, i64>(kill).fetch_one(&db).await.unwrap(), 1);
    owner.ask(STEP, json!({ "id": id, "status": "BUILDING" })).await;
    assert_eq!(next(&mut updates).await["status"], "BUILDING");

    owner.ask(STEP, json!({ "id": id, "status": "UPLOADING" })).await;
    assert_eq!(next(&mut updates).await["status"], "UPLOADING");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_hundred_subscribers_share_one_connection_and_leave_nothing_behind(db: PgPool) {
    let (owner, id) = set_up(&db, EventBus::Database).await;
    let mut all = Vec::new();
    for _ in 0..100 {
        let mut updates = owner.watch(WATCH, json!({ "id": id }));
        next(&mut updates).await;
        all.push(updates);
    }
    let listening = "select count(*) from pg_stat_activity
                     where datname = current_database() and query ilike 'listen%'";
    assert_eq!(sqlx::query_scalar::<_, i64>(listening).fetch_one(&db).await.unwrap(), 1);

    owner.ask(STEP, json!({ "id": id, "status": "FAILED" })).await;

    for updates in all {
        let rest = updates.map(|update| data(&update)).collect::<Vec<_>>().await;
        let statuses = rest.iter().map(|update| text(&update["deploymentStatus"]["status"]));
        assert_eq!(statuses.collect::<Vec<_>>(), ["FAILED"]);
    }
    assert_eq!(owner.state.events.watched(), 0);
}

/// The embedded database serves one connection.
#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn without_listening_events_are_told_within_the_process_on_a_pool_of_one(db: PgPool) {
    let options = db.connect_options().as_ref().clone();
    let one = sqlx::postgres::PgPoolOptions::new().max_connections(1);
    let one = one.acquire_timeout(Duration::from_secs(5)).connect_with(options).await.unwrap();
    let (owner, id) = set_up(&one, EventBus::Process).await;
    let mut updates = owner.watch(WATCH, json!({ "id": id }));
    assert_eq!(next(&mut updates).await["status"], "PENDING");

    owner.ask(STEP, json!({ "id": id, "status": "BUILDING" })).await;
    assert_eq!(next(&mut updates).await["status"], "BUILDING");
    let listening = "select count(*) from pg_stat_activity
                     where datname = current_database() and query ilike 'listen%'";
    assert_eq!(sqlx::query_scalar::<_, i64>(listening).fetch_one(&db).await.unwrap(), 0);

    let projects = owner.ask("{ projects { data { id } } }", json!({})).await;
    let delete = "mutation($id: ID!) { deleteProject(id: $id) }";
    owner.ask(delete, json!({ "id": projects["projects"]["data"][0]["id"] })).await;
    assert!(updates.next().await.is_none());
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_browser_at_one_replica_sees_what_a_program_does_at_the_other(db: PgPool) {
    let here = TestApp::start(&db).await;
    let there = TestApp::against(&db, &here.auth, &[]).await;
    let user = here.user().await;
    let ask = async |query: &str, variables: Value| {
        let body = json!({ "query": query, "variables": variables });
        let answer = here.post(&body).bearer_auth(&user.jwt).send().await.unwrap();
        json_of(answer).await["data"].clone()
    };
    let made = ask("mutation { createProject(data: {name: \"a\"}) { id } }", json!({})).await;
    let site = "mutation($id: ID!) { createSite(data: {name: \"a\", projectId: $id}) { id } }";
    let made = ask(site, json!({ "id": made["createProject"]["id"] })).await;
    let deploy = "mutation($id: ID!, $cid: String!) {
        createCustomIpfsDeployment(data: {siteId: $id, cid: $cid}) { id }
    }";
    let made = ask(deploy, json!({ "id": made["createSite"]["id"], "cid": CID })).await;
    let id = &made["createCustomIpfsDeployment"]["id"];

    let body = json!({ "query": WATCH, "variables": { "id": id } });
    let events = there.post(&body).bearer_auth(&user.jwt).header("accept", "text/event-stream");
    let mut events = events.send().await.unwrap();
    let mut seen = String::new();
    while !seen.contains("PENDING") {
        seen += &String::from_utf8_lossy(&events.chunk().await.unwrap().unwrap());
    }
    for status in ["BUILDING", "UPLOADING", "SUCCESS"] {
        ask(STEP, json!({ "id": id, "status": status })).await;
    }
    while let Some(chunk) = events.chunk().await.unwrap() {
        seen += &String::from_utf8_lossy(&chunk);
    }

    let words =
        seen.split('"').filter(|word| word.len() > 6 && word.chars().all(char::is_uppercase));
    assert_eq!(words.collect::<Vec<_>>(), ["PENDING", "BUILDING", "UPLOADING", "SUCCESS"]);
    assert!(seen.contains("event: complete"), "{seen}");
}
