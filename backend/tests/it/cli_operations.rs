//! The operations of the command-line client, with its headers: what it sends and what it reads.

use reqwest::RequestBuilder;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::app::{TestApp, json_of};

const PROJECTS: &str = "query Projects { projects { data { id name slug } } }";
const CREATE: &str = "mutation CreateProject($data: CreateProjectDataInput!) { createProject(data: $data) { id name slug } }";
const UPDATE: &str = "mutation UpdateProject($id: ID!, $data: UpdateProjectDataInput!) { updateProject(id: $id, data: $data) { id name slug } }";
const DELETE: &str = "mutation DeleteProject($id: ID!) { deleteProject(id: $id) }";
const REGISTRY: &str = "query ServiceRegistry($projectId: ID) {
    serviceRegistry(projectId: $projectId) {
        id type name slug templateId dockerImage containerPort
        activeAkashDeployment { id status } activePhalaDeployment { id status }
        envVars { id key value } ports { id containerPort publicPort protocol }
        linksFrom { id targetServiceId } linksTo { id sourceServiceId }
    }
}";

/// The client, signed in, with a project selected that is long gone.
struct Client {
    app: TestApp,
    token: String,
    path: &'static str,
}

impl Client {
    /// No operation name, and no variables where there are none.
    fn send(&self, query: &str, variables: Value) -> RequestBuilder {
        let mut body = json!({ "query": query });
        if !variables.is_null() {
            body["variables"] = variables;
        }
        self.app
            .http
            .post(format!("{}{}", self.app.url, self.path))
            .header("accept", "*/*")
            .header("content-type", "application/json")
            .header("user-agent", "node")
            .header("authorization", format!("Bearer {}", self.token))
            .header("x-organization-id", "6f1c5a52-0000-4000-8000-000000000000")
            .header("x-project-id", Uuid::now_v7().to_string())
            .body(body.to_string())
    }

    /// It throws at any status but 2xx, prints the first error, and reads `data`.
    async fn data(&self, query: &str, variables: Value) -> Value {
        let answer = self.send(query, variables).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("application/json"));
        let body = json_of(answer).await;
        assert_eq!(body.get("errors"), None);
        body["data"].clone()
    }
}

async fn client(db: &PgPool, path: &'static str) -> Client {
    let app = TestApp::with(db, &[("ENVIRONMENT", "production")]).await;
    let user = app.user().await;
    let (_, token) = app.pat(&user, &["read", "write"]).await;
    Client { app, token, path }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn projects_are_made_listed_renamed_and_deleted(db: PgPool) {
    // A published build appends /graphql to an address that ends with it already.
    for path in ["/graphql", "/graphql/graphql"] {
        let client = client(&db, path).await;
        assert_eq!(client.data(PROJECTS, Value::Null).await, json!({ "projects": { "data": [] } }));

        let made = client.data(CREATE, json!({ "data": { "name": "My Shop" } })).await;
        let id = made["createProject"]["id"].clone();
        let shop = json!({ "id": id, "name": "My Shop", "slug": "my-shop" });
        assert_eq!(made["createProject"], shop);
        let listed = client.data(PROJECTS, Value::Null).await;
        assert_eq!(listed["projects"]["data"], json!([shop]));

        let variables = json!({ "id": id, "data": { "name": "Store" } });
        let renamed = client.data(UPDATE, variables).await;
        let store = json!({ "id": id, "name": "Store", "slug": "store" });
        assert_eq!(renamed["updateProject"], store);
        assert_eq!(client.data(DELETE, json!({ "id": id })).await["deleteProject"], true);
        assert_eq!(client.data(PROJECTS, Value::Null).await["projects"]["data"], json!([]));
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn the_registry_is_asked_for_every_project_at_once_and_is_empty(db: PgPool) {
    let client = client(&db, "/graphql").await;
    let mut ids = vec![Value::Null, json!("gone")];
    for n in 0..10 {
        let made = client.data(CREATE, json!({ "data": { "name": format!("Project {n}") } })).await;
        ids.push(made["createProject"]["id"].clone());
    }

    let registries = ids.into_iter().map(|id| client.data(REGISTRY, json!({ "projectId": id })));
    let registries = futures_util::future::join_all(registries).await;

    assert!(registries.iter().all(|answer| *answer == json!({ "serviceRegistry": [] })));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_refused_token_and_a_missing_project_are_readable_messages_with_status_200(db: PgPool) {
    let mut client = client(&db, "/graphql").await;

    let gone = client.send(DELETE, json!({ "id": Uuid::now_v7() })).send().await.unwrap();
    assert_eq!(gone.status(), 200);
    let gone = json_of(gone).await;
    assert_eq!(gone["errors"][0]["message"], "project not found");
    assert_eq!(gone["errors"][0]["extensions"]["code"], "NOT_FOUND");

    client.token = format!("af_live_{}", "x".repeat(38));
    let refused = client.send(PROJECTS, Value::Null).send().await.unwrap();
    assert_eq!(refused.status(), 200);
    let refused = json_of(refused).await;
    assert_eq!(refused["errors"][0]["message"], "Unauthorized");
    assert_eq!(refused["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
}
