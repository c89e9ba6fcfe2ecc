//! The service on a free port with a database of its own, beside the real auth service.

use std::net::SocketAddr;

use backend::{Config, State};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use shared::Shutdown;
use shared::jwt::{Keys, Secret};
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};
use tokio::net::TcpListener;
use uuid::Uuid;

/// What both services sign and check with.
pub const SECRET: &str = "0f2a9d1c4b8e7f6a5d3c2b1a0f9e8d7c";

/// One instance of the service.
pub struct TestApp {
    /// Its base address.
    pub url: String,
    /// Base address of auth.
    pub auth: String,
    /// A client without settings of its own.
    pub http: Client,
    /// Its database.
    pub db: PgPool,
    /// Stops it.
    pub shutdown: Shutdown,
    /// Stops auth.
    pub auth_shutdown: Shutdown,
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.shutdown.cancel();
        self.auth_shutdown.cancel();
    }
}

/// Somebody with a session.
pub struct User {
    /// Id.
    pub id: Uuid,
    /// Their session.
    pub session: Uuid,
    /// Its access token.
    pub jwt: String,
}

/// Signs with the secret of both services.
pub fn keys() -> Keys {
    Keys::new(&SECRET.parse::<Secret>().unwrap(), None)
}

#[expect(clippy::disallowed_methods, reason = "tokens are checked against the real time")]
pub fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

impl TestApp {
    /// Both services, in development.
    pub async fn start(db: &PgPool) -> Self {
        Self::with(db, &[("ENVIRONMENT", "development")]).await
    }

    /// Both services with some settings.
    pub async fn with(db: &PgPool, settings: &[(&str, &str)]) -> Self {
        let auth_shutdown = Shutdown::new();
        let address = serve_auth(db, "127.0.0.1:0", &auth_shutdown).await;
        let auth = format!("http://{address}");
        let mut app = Self::against(db, &auth, settings).await;
        app.auth_shutdown = auth_shutdown;
        app
    }

    /// The service alone, with auth at an address of the caller's choice.
    pub async fn against(db: &PgPool, auth: &str, settings: &[(&str, &str)]) -> Self {
        let var = |name: &str| {
            let own = settings.iter().find(|(other, _)| *other == name).map(|(_, value)| *value);
            let value = own.or(match name {
                "DATABASE_URL" => Some("postgres://unused@localhost/unused"),
                "JWT_SECRET" => Some(SECRET),
                "AUTH_SERVICE_URL" => Some(auth),
                "FLOOD_LIMIT" => Some("1000000/1s"),
                _ => None,
            });
            value.map(str::to_owned)
        };
        let config = Config::from_vars(var).unwrap();
        let shutdown = Shutdown::new();
        let state = State::new(config, db.clone(), shutdown.clone()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(shared::serve::serve(listener, backend::app(state), shutdown.clone()));
        let (http, auth) = (Client::new(), auth.to_owned());
        Self { url, auth, http, db: db.clone(), shutdown, auth_shutdown: Shutdown::new() }
    }

    /// Somebody new with a session.
    pub async fn user(&self) -> User {
        let (id, session) = (Uuid::now_v7(), Uuid::now_v7());
        sqlx::query("insert into auth.users (id) values ($1)")
            .bind(id)
            .execute(&self.db)
            .await
            .unwrap();
        sqlx::query(
            "insert into auth.sessions (id, user_id, expires_at) values ($1, $2, now() + '1 day')",
        )
        .bind(session)
        .bind(id)
        .execute(&self.db)
        .await
        .unwrap();
        let jwt = keys().sign_access(id, session, now(), Duration::minutes(15)).unwrap();
        User { id, session, jwt }
    }

    /// A Personal Access Token of theirs, made by auth: its id and its text.
    pub async fn pat(&self, user: &User, scopes: &[&str]) -> (String, String) {
        let call = self.http.post(format!("{}/tokens", self.auth)).bearer_auth(&user.jwt);
        let answer = call.json(&json!({ "name": "test", "scopes": scopes })).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        let answer = answer.json::<Value>().await.unwrap();
        let text = |name: &str| answer["token"][name].as_str().unwrap().to_owned();
        (text("id"), text("token"))
    }

    /// A request with a JSON body.
    pub fn post(&self, body: &Value) -> RequestBuilder {
        self.http.post(format!("{}/graphql", self.url)).json(body)
    }

    /// A query without variables.
    pub fn query(&self, query: &str) -> RequestBuilder {
        self.post(&json!({ "query": query }))
    }

    /// The same by GET.
    pub fn get(&self, parameters: &[(&str, &str)]) -> RequestBuilder {
        let mut url = reqwest::Url::parse(&format!("{}/graphql", self.url)).unwrap();
        url.query_pairs_mut().extend_pairs(parameters);
        self.http.get(url)
    }

    /// The answer to a query in somebody's name, or in nobody's.
    pub async fn ask(&self, query: &str, token: Option<&str>) -> Value {
        let mut call = self.query(query);
        if let Some(token) = token {
            call = call.bearer_auth(token);
        }
        json_of(call.send().await.unwrap()).await
    }
}

/// Starts the real auth service over `db`.
pub async fn serve_auth(db: &PgPool, address: &str, shutdown: &Shutdown) -> SocketAddr {
    let var = |name: &str| {
        let value = match name {
            "DATABASE_URL" => "postgres://unused@localhost/unused",
            "JWT_SECRET" => SECRET,
            // Without Redis.
            "ENVIRONMENT" => "development",
            "FLOOD_LIMIT" => "1000000/1s",
            "TRUSTED_PROXIES" => "127.0.0.0/8",
            _ => return None,
        };
        Some(value.to_owned())
    };
    let config = auth::Config::from_vars(var).unwrap();
    let listener = TcpListener::bind(address).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (db, shutdown) = (db.clone(), shutdown.clone());
    tokio::spawn(async move { auth::serve_on(config, db, listener, shutdown).await });
    address
}

/// The body of an answer.
pub async fn json_of(answer: Response) -> Value {
    let text = answer.text().await.unwrap();
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text}"))
}

/// The code of the first error.
pub fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("none")
}
