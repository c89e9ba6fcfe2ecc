//! One owner's requests, run on the executor itself. What HTTP adds (tokens, limits, status codes)
//! has its own tests.

use std::sync::Arc;

use async_graphql::{Request, Response, Variables};
use backend::caller::Caller;
use backend::json::Json;
use backend::loader::{Loaders, drive, drive_stream};
use backend::schema::context::Scope;
use backend::{Config, Error, EventBus, State};
use futures_util::stream::BoxStream;
use serde_json::Value;
use shared::Shutdown;
use shared::api::{self, TokenKind};
use shared::request::RequestInfo;
use sqlx::PgPool;
use uuid::Uuid;

/// The service over `db`, with some settings of its own.
pub(crate) fn state(db: &PgPool, settings: &[(&str, &str)], events: EventBus) -> State {
    let var = |name: &str| {
        let own = settings.iter().find(|(other, _)| *other == name).map(|(_, value)| *value);
        let value = own.or(match name {
            // Unused: the pool is given.
            "DATABASE_URL" => Some("postgres://nobody@localhost/nowhere"),
            "JWT_SECRET" => Some("0f2a9d1c4b8e7f6a5d3c2b1a0f9e8d7c"),
            "AUTH_SERVICE_URL" => Some("http://localhost:9"),
            _ => None,
        });
        value.map(str::to_owned)
    };
    let config = Config { events, ..Config::from_vars(var).unwrap() };
    State::new(config, db.clone(), Shutdown::new()).unwrap()
}

/// Somebody who is signed in.
#[derive(Clone)]
pub(crate) struct Owner {
    pub(crate) id: Uuid,
    pub(crate) state: State,
    /// `X-Project-Id`.
    pub(crate) project: Option<Uuid>,
    /// Whether answers are built as values first, as where a field is asked for twice.
    merges: bool,
}

impl Owner {
    /// Somebody new on a service of their own.
    pub(crate) async fn new(db: &PgPool) -> Self {
        Self::on(&state(db, &[], EventBus::Database)).await
    }

    /// Somebody new.
    pub(crate) async fn on(state: &State) -> Self {
        let id = Uuid::now_v7();
        let insert = sqlx::query("insert into auth.users (id) values ($1)").bind(id);
        insert.execute(&state.db).await.unwrap();
        Self::known(id, state.clone())
    }

    /// Somebody who is there already.
    pub(crate) fn known(id: Uuid, state: State) -> Self {
        Self { id, state, project: None, merges: false }
    }

    /// The same person on another replica.
    pub(crate) fn at(&self, state: &State) -> Self {
        Self { state: state.clone(), ..self.clone() }
    }

    /// The same person, whose answers are built as values and not written right away.
    pub(crate) fn merging(&self) -> Self {
        Self { merges: true, ..self.clone() }
    }

    /// The same person with `X-Project-Id`.
    pub(crate) fn with_project(&self, project: &str) -> Self {
        Self { project: Some(project.parse().unwrap()), ..self.clone() }
    }

    fn request(&self, query: &str, variables: Value) -> (Request, Arc<Loaders>) {
        let caller = Caller {
            user_id: self.id,
            kind: TokenKind::Session,
            scopes: vec![api::Scope::Read, api::Scope::Write],
            expires_at: None,
            token: "unused".into(),
        };
        let loaders = Arc::new(Loaders::default());
        let scope = Scope {
            merges: self.merges,
            state: self.state.clone(),
            db: self.state.db.parking(loaders.parking.clone()),
            caller: Some(Arc::new(caller)),
            request: RequestInfo::of(&axum::http::Extensions::new()),
            project: self.project,
            loaders: Arc::clone(&loaders),
        };
        let request = Request::new(query).variables(Variables::from_json(variables));
        (request.data(Arc::new(scope)), loaders)
    }

    /// Runs an operation.
    pub(crate) async fn run(&self, query: &str, variables: Value) -> Response {
        let (request, loaders) = self.request(query, variables);
        let schema = self.state.schema.clone();
        drive(schema.execute(request), loaders).await
    }

    /// The data of an operation that must not fail.
    pub(crate) async fn ask(&self, query: &str, variables: Value) -> Value {
        let response = self.run(query, variables).await;
        assert!(response.errors.is_empty(), "{query}: {:?}", response.errors);
        data(&response)
    }

    /// Why an operation that must fail did.
    pub(crate) async fn refused(&self, query: &str, variables: Value) -> Error {
        let response = self.run(query, variables).await;
        refusal(&response).unwrap_or_else(|| panic!("{query}: {response:?}"))
    }

    /// The answers of a subscription.
    pub(crate) fn watch(&self, query: &str, variables: Value) -> BoxStream<'static, Response> {
        let (request, loaders) = self.request(query, variables);
        let schema = self.state.schema.clone();
        Box::pin(drive_stream(schema.execute_stream(request), loaders))
    }

    /// Makes a project and gives its id.
    pub(crate) async fn project(&self, name: &str) -> String {
        let query = "mutation($name: String!) { createProject(data: {name: $name}) { id } }";
        let made = self.ask(query, serde_json::json!({ "name": name })).await;
        text(&made["createProject"]["id"])
    }

    /// Makes a site and gives its id.
    pub(crate) async fn site(&self, project: &str, name: &str) -> String {
        let query = "mutation($name: String!, $project: ID!) {
            createSite(data: {name: $name, projectId: $project}) { id }
        }";
        let variables = serde_json::json!({ "name": name, "project": project });
        text(&self.ask(query, variables).await["createSite"]["id"])
    }

    /// Makes a deployment and gives its id.
    pub(crate) async fn deployment(&self, site: &str) -> String {
        let query = "mutation($site: ID!, $cid: String!) {
            createCustomIpfsDeployment(data: {siteId: $site, cid: $cid}) { id }
        }";
        let variables = serde_json::json!({ "site": site, "cid": CID });
        text(&self.ask(query, variables).await["createCustomIpfsDeployment"]["id"])
    }

    /// Adds a domain and gives its id.
    pub(crate) async fn domain(&self, site: &str, hostname: &str) -> String {
        let query = "mutation($site: ID!, $hostname: String!) {
            createDomain(input: {siteId: $site, hostname: $hostname}) { id }
        }";
        let variables = serde_json::json!({ "site": site, "hostname": hostname });
        text(&self.ask(query, variables).await["createDomain"]["id"])
    }
}

/// The data of a response as it is sent: objects may be written already.
pub(crate) fn sent(response: &Response) -> String {
    let mut json = Json::default();
    json.value(&response.data);
    String::from_utf8(json.into_bytes()).unwrap()
}

/// The data of a response as a client reads it.
pub(crate) fn data(response: &Response) -> Value {
    serde_json::from_str(&sent(response)).unwrap()
}

/// A content identifier.
pub(crate) const CID: &str = "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi";

/// The first error of a response, if it is one of ours.
pub(crate) fn refusal(response: &Response) -> Option<Error> {
    response.errors.first()?.source::<Error>().cloned()
}

/// A JSON string's text.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
