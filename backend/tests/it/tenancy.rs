//! Another owner's rows answer like missing ones, whichever way they are asked for.

use std::collections::BTreeSet;

use futures_util::StreamExt;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::deployment::WATCH;
use crate::owner::{Owner, data, refusal};

/// Every way to name a row, with variables `$project`, `$site`, `$deployment`, `$domain` and
/// `$mine`, a site of the stranger's own.
const OPERATIONS: [&str; 24] = [
    "query($project: ID!) { project(id: $project) { id } }",
    "query($project: ID!) { sites(where: {projectId: $project}) { data { id } } }",
    "query($project: ID!) { sites(where: {projectId: $project}) { totalCount data { id } } }",
    "query($site: ID!) { site(where: {id: $site}) { id } }",
    "query { siteBySlug(where: {slug: \"front\"}) { id } }",
    "query($site: ID!) { deployments(siteId: $site) { data { id } } }",
    "query($deployment: ID!) { deployment(where: {id: $deployment}) { id } }",
    "query($site: ID!) { domains(siteId: $site) { data { id } } }",
    "query($domain: ID!) { domain(id: $domain) { id } }",
    "mutation($project: ID!) { updateProject(id: $project, data: {name: \"x\"}) { id } }",
    "mutation($project: ID!) { updateProject(id: $project, data: {}) { id } }",
    "mutation($project: ID!) { deleteProject(id: $project) }",
    "mutation($project: ID!) { createSite(data: {name: \"x\", projectId: $project}) { id } }",
    "mutation($project: ID!) { createSite(data: {name: \"front\", projectId: $project}) { id } }",
    "mutation($site: ID!) { updateSite(where: {id: $site}, data: {name: \"x\"}) { id } }",
    "mutation($site: ID!) { deleteSite(where: {id: $site}) { id } }",
    "mutation($site: ID!) { createCustomIpfsDeployment(data: {siteId: $site,
        cid: \"bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi\"}) { id } }",
    "mutation($deployment: ID!) { updateDeploymentStatus(id: $deployment, status: FAILED) { id } }",
    "mutation($deployment: ID!) { updateDeploymentStatus(id: $deployment, status: PENDING) { id } }",
    "mutation($site: ID!) { createDomain(input: {hostname: \"x.org\", siteId: $site}) { id } }",
    "mutation($domain: ID!) { verifyDomain(domainId: $domain) }",
    "mutation($site: ID!, $domain: ID!) { setPrimaryDomain(siteId: $site, domainId: $domain) }",
    "mutation($mine: ID!, $domain: ID!) { setPrimaryDomain(siteId: $mine, domainId: $domain) }",
    "mutation($domain: ID!) { deleteDomain(id: $domain) }",
];

/// An owner with one row of everything, and the ids.
async fn set_up(db: &PgPool) -> (Owner, Value) {
    let owner = Owner::new(db).await;
    let project = owner.project("Shop").await;
    let site = owner.site(&project, "Front").await;
    let deployment = owner.deployment(&site).await;
    let domain = owner.domain(&site, "www.example.org").await;
    let ids = json!({
        "project": project, "site": site, "deployment": deployment, "domain": domain,
    });
    (owner, ids)
}

async fn everything(db: &PgPool) -> String {
    let all = "select coalesce(string_agg(line, ';' order by line), '') from (
        select projects::text from app.projects union all select sites::text from app.sites
        union all select deployments::text from app.deployments
        union all select domains::text from app.domains) as rows (line)";
    sqlx::query_scalar(all).fetch_one(db).await.unwrap()
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn another_owners_ids_answer_exactly_like_missing_ones(db: PgPool) {
    let (_owner, theirs) = set_up(&db).await;
    let stranger = Owner::new(&db).await;
    let mine = stranger.site(&stranger.project("Mine").await, "Mine").await;
    let gone = uuid::Uuid::now_v7().to_string();
    let missing =
        json!({ "project": gone, "site": gone, "deployment": gone, "domain": gone, "mine": mine });
    let mut theirs = theirs;
    theirs["mine"] = json!(mine);
    let before = everything(&db).await;

    for operation in OPERATIONS {
        let foreign = stranger.run(operation, theirs.clone()).await;
        let absent = stranger.run(operation, missing.clone()).await;
        assert_eq!(refusal(&foreign).unwrap().code(), "NOT_FOUND", "{operation}");
        let say = |response: &async_graphql::Response| {
            (
                data(response).to_string(),
                response.errors.iter().map(|e| e.message.clone()).collect::<Vec<_>>(),
            )
        };
        assert_eq!(say(&foreign), say(&absent), "{operation}");
    }
    let mut watch = stranger.watch(WATCH, json!({ "id": theirs["deployment"] }));
    let first = watch.next().await.unwrap();
    assert_eq!(refusal(&first).unwrap().code(), "NOT_FOUND");
    assert!(watch.next().await.is_none());
    assert_eq!(stranger.state.events.watched(), 0, "a stranger's subscription costs nothing");

    assert_eq!(everything(&db).await, before);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn the_owner_finds_with_the_same_operations(db: PgPool) {
    for operation in OPERATIONS.iter().filter(|operation| operation.starts_with("query")) {
        let (owner, ids) = set_up(&db).await;
        owner.ask(operation, ids).await;
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn lists_and_nested_fields_show_the_owners_rows_alone(db: PgPool) {
    let (owner, ids) = set_up(&db).await;
    let (other, _) = set_up(&db).await;
    let all = "{
        projects { totalCount data { id sites { id
            project { id sites { id } } deployments { id site { id } }
            latestDeployment { id site { id } } domains { id site { id } } } } }
        sites { totalCount data { id } }
        deployments { totalCount data { id } }
        domains { totalCount data { id } }
    }";
    let stranger = Owner::new(&db).await;

    let seen = |answer: &Value| {
        let text = answer.to_string();
        let words = text.split('"').filter(|word| word.len() == 36).map(str::to_owned);
        words.collect::<BTreeSet<_>>()
    };
    let expected = ids.as_object().unwrap().values().map(|id| id.as_str().unwrap().to_owned());
    assert_eq!(seen(&owner.ask(all, json!({})).await), expected.collect());
    assert!(seen(&other.ask(all, json!({})).await).is_disjoint(&seen(&ids)));
    let nothing = stranger.ask(all, json!({})).await;
    assert!(seen(&nothing).is_empty());
    assert_eq!(nothing["domains"]["totalCount"], 0);
    let borrowed = stranger.with_project(ids["project"].as_str().unwrap());
    assert_eq!(borrowed.refused("{ sites { data { id } } }", json!({})).await.code(), "NOT_FOUND");
}

/// A loader trusts no parent: the owner is in its own statement.
#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_row_that_was_moved_under_another_owners_parent_cannot_exist(db: PgPool) {
    let (owner, theirs) = set_up(&db).await;
    let (_, ids) = set_up(&db).await;

    for (table, parent, key) in [
        ("sites", "project_id", "project"),
        ("deployments", "site_id", "site"),
        ("domains", "site_id", "site"),
    ] {
        let row = if table == "sites" { "site" } else { table.trim_end_matches('s') };
        let sql = format!("update app.{table} set {parent} = $1::uuid where id = $2::uuid");
        let (to, what) = (ids[key].as_str().unwrap(), theirs[row].as_str().unwrap());
        let moved = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(to).bind(what).execute(&db).await;
        let error = moved.unwrap_err();
        assert!(backend::constraint(&error).unwrap().ends_with("_fkey"), "{table}: {error}");
    }
    owner.ask("{ projects { data { sites { id } } } }", json!({})).await;
}
