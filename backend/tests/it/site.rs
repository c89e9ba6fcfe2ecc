//! Sites: how they hang together, `X-Project-Id`, slugs.

use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::owner::{Owner, text};

const CREATE: &str = "mutation($data: SiteDataInput!) {
    createSite(data: $data) { id name slug project { name } }
}";
const RENAME: &str = "mutation($id: ID!, $name: String!) {
    updateSite(where: {id: $id}, data: {name: $name}) { name slug }
}";
const LIST: &str = "query($project: ID) {
    sites(where: {projectId: $project}) { data { name } totalCount }
}";

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_site_is_made_found_renamed_and_deleted_with_all_it_has(db: PgPool) {
    let owner = Owner::new(&db).await;
    let project = owner.project("Shop").await;

    let data = json!({ "name": "Front Door", "projectId": project });
    let made = owner.ask(CREATE, json!({ "data": data })).await;
    let id = text(&made["createSite"]["id"]);
    assert_eq!(made["createSite"]["slug"], "front-door");
    assert_eq!(made["createSite"]["project"]["name"], "Shop");
    owner.deployment(&id).await;
    owner.domain(&id, "www.example.org").await;

    let by_slug = "{ siteBySlug(where: {slug: \"front-door\"}) {
        id deployments { site { id } } domains { hostname site { id } }
        latestDeployment { status } primaryDomain { id }
    } }";
    let found = owner.ask(by_slug, json!({})).await;
    let expected = json!({ "siteBySlug": {
        "id": id,
        "deployments": [{ "site": { "id": id } }],
        "domains": [{ "hostname": "www.example.org", "site": { "id": id } }],
        "latestDeployment": { "status": "PENDING" },
        "primaryDomain": null,
    }});
    assert_eq!(found, expected);
    let renamed = owner.ask(RENAME, json!({ "id": id, "name": "Back" })).await;
    assert_eq!(renamed["updateSite"], json!({ "name": "Back", "slug": "back" }));

    let delete = "mutation($id: ID!) { deleteSite(where: {id: $id}) { name } }";
    assert_eq!(owner.ask(delete, json!({ "id": id })).await["deleteSite"]["name"], "Back");
    assert_eq!(owner.refused(delete, json!({ "id": id })).await.code(), "NOT_FOUND");
    let left = "select (select count(*) from app.deployments) + (select count(*) from app.domains)";
    assert_eq!(sqlx::query_scalar::<_, i64>(left).fetch_one(&db).await.unwrap(), 0);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn the_header_selects_a_project_and_the_argument_overrides_it(db: PgPool) {
    let owner = Owner::new(&db).await;
    let (one, two) = (owner.project("One").await, owner.project("Two").await);
    owner.site(&one, "a").await;
    owner.site(&two, "b").await;
    let names = |answer: Value| {
        let rows = answer["sites"]["data"].as_array().unwrap().clone();
        rows.iter().map(|row| text(&row["name"])).collect::<Vec<_>>()
    };

    assert_eq!(names(owner.ask(LIST, json!({})).await), ["b", "a"]);
    let selected = owner.with_project(&one);
    assert_eq!(names(selected.ask(LIST, json!({})).await), ["a"]);
    assert_eq!(names(selected.ask(LIST, json!({ "project": two })).await), ["b"]);
    assert_eq!(selected.ask(LIST, json!({})).await["sites"]["totalCount"], 1);
    let made = selected.ask(CREATE, json!({ "data": { "name": "c" } })).await;
    assert_eq!(made["createSite"]["project"]["name"], "One");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_stale_header_hurts_nothing_that_needs_no_project(db: PgPool) {
    let owner = Owner::new(&db).await;
    let project = owner.project("Shop").await;
    let stale = owner.with_project(&Uuid::now_v7().to_string());

    let fine = "query($id: ID!) { projects { data { name } } project(id: $id) { name }
        serviceRegistry(projectId: $id) { id } }";
    stale.ask(fine, json!({ "id": project })).await;
    stale.ask(LIST, json!({ "project": project })).await;

    // What does need one says that this one is gone, and makes nothing anywhere else.
    assert_eq!(stale.refused(LIST, json!({})).await.code(), "NOT_FOUND");
    let create = json!({ "data": { "name": "a" } });
    assert_eq!(stale.refused(CREATE, create.clone()).await.code(), "NOT_FOUND");
    assert_eq!(owner.refused(CREATE, create).await.code(), "BAD_USER_INPUT");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn slugs_are_unique_per_owner_across_projects(db: PgPool) {
    let owner = Owner::new(&db).await;
    let (one, two) = (owner.project("One").await, owner.project("Two").await);

    owner.site(&one, "Front").await;
    let data = json!({ "name": "front", "projectId": two });
    let second = owner.ask(CREATE, json!({ "data": data })).await;
    assert_eq!(second["createSite"]["slug"], "front-2");

    let third = owner.site(&two, "Other").await;
    let renamed = owner.ask(RENAME, json!({ "id": third, "name": "Front!" })).await;
    assert_eq!(renamed["updateSite"]["slug"], "front-3");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn ids_and_slugs_that_cannot_be_are_not_found(db: PgPool) {
    let owner = Owner::new(&db).await;

    for id in ["", "1", "null", "' or 1=1 --", "a\0b", "00000000-0000-0000-0000-000000000000"] {
        let site = "query($id: ID!) { site(where: {id: $id}) { id } }";
        assert_eq!(owner.refused(site, json!({ "id": id })).await.code(), "NOT_FOUND", "{id:?}");
    }
    for slug in ["", "-", "a\0b", "Ä", "' or 1=1 --", &"x".repeat(100_000)] {
        let site = "query($slug: String!) { siteBySlug(where: {slug: $slug}) { id } }";
        assert_eq!(owner.refused(site, json!({ "slug": slug })).await.code(), "NOT_FOUND");
    }
}
