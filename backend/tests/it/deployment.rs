//! Deployments: content identifiers, legal steps, what subscribers see.

use backend::Error;
use futures_util::StreamExt;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::owner::{CID, Owner, data, refusal, text};

pub(crate) const STEP: &str = "mutation($id: ID!, $status: DeploymentStatus!, $message: String) {
    updateDeploymentStatus(id: $id, status: $status, message: $message) { status message }
}";
pub(crate) const WATCH: &str = "subscription($id: ID!) {
    deploymentStatus(deploymentId: $id) { deploymentId status message timestamp }
}";
const STATUSES: [&str; 5] = ["PENDING", "BUILDING", "UPLOADING", "SUCCESS", "FAILED"];

async fn set_up(db: &PgPool) -> (Owner, String) {
    let owner = Owner::new(db).await;
    let site = owner.site(&owner.project("Shop").await, "Front").await;
    (owner, site)
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_cid_of_any_version_and_base_is_kept_as_version_1_in_base32(db: PgPool) {
    let (owner, site) = set_up(&db).await;
    let create = "mutation($site: ID!, $cid: String!) {
        createCustomIpfsDeployment(data: {siteId: $site, cid: $cid}) {
            cid status storageType message siteId site { name }
        }
    }";
    let v0 = "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n";

    let made = owner.ask(create, json!({ "site": site, "cid": v0 })).await;

    let expected = json!({
        "cid": "bafybeihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku", "status": "PENDING",
        "storageType": "IPFS", "message": null, "siteId": site, "site": { "name": "Front" },
    });
    assert_eq!(made["createCustomIpfsDeployment"], expected);
    for cid in ["", "hello", "a\0b", "bafkqaaa", "https://example.org", &CID.repeat(1000)] {
        let error = owner.refused(create, json!({ "site": site, "cid": cid })).await;
        assert!(matches!(error, Error::BadInput { field, .. } if field == "cid"), "{cid}");
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn only_legal_steps_are_taken(db: PgPool) {
    let (owner, site) = set_up(&db).await;
    let legal = [
        ("PENDING", "BUILDING"),
        ("PENDING", "UPLOADING"),
        ("PENDING", "FAILED"),
        ("BUILDING", "UPLOADING"),
        ("BUILDING", "FAILED"),
        ("UPLOADING", "SUCCESS"),
        ("UPLOADING", "FAILED"),
    ];

    for from in STATUSES {
        for to in STATUSES {
            let id = owner.deployment(&site).await;
            let set = "update app.deployments set status = $1 where id = $2::uuid";
            sqlx::query(set).bind(from).bind(&id).execute(&db).await.unwrap();
            let variables = json!({ "id": id, "status": to, "message": "why" });
            let response = owner.run(STEP, variables).await;
            if legal.contains(&(from, to)) {
                let answer = data(&response);
                let expected = json!({ "status": to, "message": "why" });
                assert_eq!(answer["updateDeploymentStatus"], expected, "{from} to {to}");
            } else {
                assert_eq!(refusal(&response).unwrap().code(), "CONFLICT", "{from} to {to}");
            }
        }
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn of_two_ends_at_once_one_is_reached(db: PgPool) {
    let (owner, site) = set_up(&db).await;

    for _ in 0..10 {
        let id = owner.deployment(&site).await;
        owner.ask(STEP, json!({ "id": id, "status": "UPLOADING" })).await;
        let end = |status| owner.run(STEP, json!({ "id": id, "status": status }));
        let (success, failed) = tokio::join!(end("SUCCESS"), end("FAILED"));
        assert!(success.is_ok() != failed.is_ok(), "{success:?} {failed:?}");
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn messages_are_bounded_and_clean(db: PgPool) {
    let (owner, site) = set_up(&db).await;
    let id = owner.deployment(&site).await;

    for message in ["a\0b", "\u{1b}[31m", &"x".repeat(2001)] {
        let variables = json!({ "id": id, "status": "FAILED", "message": message });
        let error = owner.refused(STEP, variables).await;
        assert!(matches!(error, Error::BadInput { field, .. } if field == "message"));
    }
    // The longest one also fits into a notification.
    let longest = "\u{1f980}".repeat(2000);
    let variables = json!({ "id": id, "status": "FAILED", "message": longest });
    let moved = owner.ask(STEP, variables).await;
    assert_eq!(moved["updateDeploymentStatus"]["message"], longest);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_subscriber_sees_the_status_now_then_every_step_then_the_end(db: PgPool) {
    let (owner, site) = set_up(&db).await;
    let id = owner.deployment(&site).await;
    let mut updates = owner.watch(WATCH, json!({ "id": id }));

    let first = data(&updates.next().await.unwrap());
    assert_eq!(first["deploymentStatus"]["status"], "PENDING");
    for status in ["BUILDING", "UPLOADING"] {
        owner.ask(STEP, json!({ "id": id, "status": status })).await;
    }
    let failed = json!({ "id": id, "status": "FAILED", "message": "out of space" });
    owner.ask(STEP, failed).await;

    let rest = updates.collect::<Vec<_>>().await;
    let rest = rest.iter().map(data);
    let rest = rest.map(|update| update["deploymentStatus"].clone()).collect::<Vec<_>>();
    let statuses = rest.iter().map(|update| text(&update["status"])).collect::<Vec<_>>();
    assert_eq!(statuses, ["BUILDING", "UPLOADING", "FAILED"]);
    assert_eq!(rest[2]["message"], "out of space");
    assert_eq!(rest[2]["deploymentId"], id);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_subscription_to_what_has_ended_tells_the_end_and_ends(db: PgPool) {
    let (owner, site) = set_up(&db).await;
    let id = owner.deployment(&site).await;
    owner.ask(STEP, json!({ "id": id, "status": "FAILED" })).await;

    let updates = owner.watch(WATCH, json!({ "id": id })).collect::<Vec<_>>().await;

    assert_eq!(updates.len(), 1);
    let update = data(&updates[0]);
    assert_eq!(update["deploymentStatus"]["status"], "FAILED");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_subscription_ends_when_the_deployment_is_deleted(db: PgPool) {
    let (owner, site) = set_up(&db).await;
    let id = owner.deployment(&site).await;
    let mut updates = owner.watch(WATCH, json!({ "id": id }));
    updates.next().await.unwrap();
    assert_eq!(owner.state.events.watched(), 1);

    let delete = "mutation($id: ID!) { deleteSite(where: {id: $id}) { id } }";
    owner.ask(delete, json!({ "id": site })).await;

    assert!(updates.next().await.is_none());
    drop(updates);
    assert_eq!(owner.state.events.watched(), 0);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn deployments_are_listed_newest_first_per_site_and_in_all(db: PgPool) {
    let (owner, site) = set_up(&db).await;
    let other = owner.site(&owner.project("Two").await, "Other").await;
    let mut made = Vec::new();
    for site in [&site, &other, &site] {
        made.push(owner.deployment(site).await);
    }
    let list = "query($site: ID, $after: String) {
        deployments(siteId: $site, first: 1, after: $after) {
            data { id } pageInfo { hasNextPage endCursor } totalCount
        }
    }";

    let page = owner.ask(list, json!({ "site": site })).await["deployments"].clone();
    assert_eq!((&page["data"][0]["id"], &page["totalCount"]), (&json!(made[2]), &json!(2)));
    let after = page["pageInfo"]["endCursor"].clone();
    let page = owner.ask(list, json!({ "site": site, "after": after })).await;
    assert_eq!(page["deployments"]["data"][0]["id"], made[0]);
    let all = owner.ask(list, json!({})).await;
    assert_eq!(all["deployments"]["totalCount"], 3);
    let latest = "query($id: ID!) { site(where: {id: $id}) {
        latestDeployment { id } deployments(first: 2) { id }
    } }";
    let latest = owner.ask(latest, json!({ "id": site })).await["site"].clone();
    assert_eq!(latest["latestDeployment"]["id"], made[2]);
    assert_eq!(latest["deployments"], json!([{ "id": made[2] }, { "id": made[0] }]));
    let none: &[Value] = &[];
    let empty = owner.site(&owner.project("Three").await, "Empty").await;
    let page = owner.ask(list, json!({ "site": empty })).await;
    assert_eq!(page["deployments"]["data"].as_array().unwrap(), none);
}
