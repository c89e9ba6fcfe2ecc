//! Who asks, and everything they have in one query.
#![expect(clippy::print_stdout, reason = "the counts are there to be read")]

use backend::EventBus;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use crate::app::{TestApp, code, keys, now};
use crate::owner::{Owner, state};
use crate::statements;

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn me_is_who_the_token_says_with_either_kind_of_token(db: PgPool) {
    let app = TestApp::start(&db).await;
    let user = app.user().await;
    let profile = "update auth.users set email = 'a@example.org', username = 'ann'";
    sqlx::query(profile).execute(&db).await.unwrap();
    let (_, pat) = app.pat(&user, &["read"]).await;
    let query = "{ me { id email username displayName walletAddress createdAt projects { id } } }";

    let me = app.ask(query, Some(&user.jwt)).await;

    assert_eq!(me["data"]["me"]["id"], user.id.to_string());
    assert_eq!(me["data"]["me"]["email"], "a@example.org");
    assert_eq!(me["data"]["me"]["username"], "ann");
    assert_eq!(me["data"]["me"]["projects"], json!([]));
    assert_eq!(app.ask(query, Some(&pat)).await, me);
    assert_eq!(code(&app.ask(query, None).await), "UNAUTHENTICATED");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn without_a_token_no_field_but_the_version_answers(db: PgPool) {
    let app = TestApp::start(&db).await;
    let id = Uuid::now_v7();

    for field in [
        "me { id }",
        "personalAccessTokens { data { id } }",
        "apiKeyRateLimit { limit }",
        "projects { data { id } }",
        "projects { totalCount }",
        "serviceRegistry { id }",
        &format!("project(id: \"{id}\") {{ id }}"),
        "sites { data { id } }",
        &format!("site(where: {{id: \"{id}\"}}) {{ id }}"),
        "siteBySlug(where: {slug: \"x\"}) { id }",
        "deployments { data { id } }",
        &format!("deployment(where: {{id: \"{id}\"}}) {{ id }}"),
        "domains { data { id } }",
        &format!("domain(id: \"{id}\") {{ id }}"),
    ] {
        let answer = app.ask(&format!("{{ {field} }}"), None).await;
        assert_eq!(code(&answer), "UNAUTHENTICATED", "{field}");
        assert_eq!(answer["errors"][0]["message"], "Unauthorized");
    }
    for field in [
        "logout",
        "createPersonalAccessToken(name: \"x\") { token }",
        &format!("deletePersonalAccessToken(id: \"{id}\")"),
        "createProject(data: {name: \"x\"}) { id }",
        &format!("updateProject(id: \"{id}\", data: {{}}) {{ id }}"),
        &format!("deleteProject(id: \"{id}\")"),
        &format!("createSite(data: {{name: \"x\", projectId: \"{id}\"}}) {{ id }}"),
        &format!("updateSite(where: {{id: \"{id}\"}}, data: {{name: \"x\"}}) {{ id }}"),
        &format!("deleteSite(where: {{id: \"{id}\"}}) {{ id }}"),
        &format!("createCustomIpfsDeployment(data: {{siteId: \"{id}\", cid: \"x\"}}) {{ id }}"),
        &format!("updateDeploymentStatus(id: \"{id}\", status: FAILED) {{ id }}"),
        &format!("createDomain(input: {{hostname: \"x.org\", siteId: \"{id}\"}}) {{ id }}"),
        &format!("verifyDomain(domainId: \"{id}\")"),
        &format!("setPrimaryDomain(siteId: \"{id}\", domainId: \"{id}\")"),
        &format!("deleteDomain(id: \"{id}\")"),
    ] {
        let answer = app.ask(&format!("mutation {{ {field} }}"), None).await;
        assert_eq!(code(&answer), "UNAUTHENTICATED", "{field}");
    }
    let version = app.ask("{ version { version commitHash } }", None).await;
    assert!(version["data"]["version"]["version"].is_string());
}

#[sqlx::test(migrator = "shared::db::MIGRATOR", fixtures("../fixtures/hundred_projects.sql"))]
async fn me_and_all_that_is_mine_takes_four_statements_whatever_the_number_of_rows(db: PgPool) {
    let app = TestApp::start(&db).await;
    let owner = Owner::known(statements::OWNER, state(&db, &[], EventBus::Database));
    let session = Uuid::now_v7();
    let begin = "insert into auth.sessions (id, user_id, expires_at)
                 values ($1, $2, now() + interval '1 day')";
    sqlx::query(begin).bind(session).bind(owner.id).execute(&db).await.unwrap();
    let jwt = keys().sign_access(owner.id, session, now(), time::Duration::minutes(5)).unwrap();
    statements::install(&db).await;
    let mut totals = Vec::new();

    for first in [1, 10, 100] {
        let query = format!(
            "{{ me {{ id projects(first: {first}) {{ name sites(first: 5) {{ name
                deployments(first: 5) {{ cid }} domains(first: 5) {{ hostname }} }} }} }} }}"
        );
        statements::reset(&db).await;
        let answer = app.ask(&query, Some(&jwt)).await;
        let projects = answer["data"]["me"]["projects"].as_array();
        let projects = projects.unwrap_or_else(|| panic!("{answer}"));
        assert_eq!(projects.len(), first, "{answer}");
        assert_eq!(projects[0]["sites"][0]["deployments"].as_array().unwrap().len(), 5);
        let counted = statements::counted(&db).await;
        println!("me and {first} projects:");
        totals.push(statements::print(&counted));
    }

    // Projects, sites, deployments, domains.
    assert_eq!(totals, [4, 4, 4]);
}
