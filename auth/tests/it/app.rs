//! The service on a free port with a database of its own, and a wallet to sign in with.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use auth::siwe::address::Address;
use auth::siwe::eip191;
use auth::{AppState, Config};
use k256::ecdsa::SigningKey;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use shared::Shutdown;
use shared::api::{Challenge, SignedIn};
use shared::clock::Clock;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::net::TcpListener;

use crate::redis_server::RedisServer;

pub(crate) const SECRET: &str = "tests-only-0123456789abcdef0123456789abcdef";

/// One instance of the service.
pub(crate) struct TestApp {
    api: Api,
    /// Of this test's own, unless its settings name one.
    _redis: Option<Arc<RedisServer>>,
    pub(crate) state: AppState,
    shutdown: Shutdown,
}

impl Deref for TestApp {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.api
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// Settings that tests start from: limits so high that only tests of limits meet them.
pub(crate) fn settings(db: &PgPool) -> BTreeMap<&'static str, String> {
    let options = db.connect_options();
    let database = options.get_database().unwrap();
    let server = shared::env::process("DATABASE_URL").expect("DATABASE_URL names a server");
    let (server, _) = server.rsplit_once('/').unwrap();
    let redis = shared::env::process("REDIS_URL").expect("REDIS_URL names a server");
    BTreeMap::from([
        ("DATABASE_URL", format!("{server}/{database}")),
        ("DATABASE_POOL", "8".to_owned()),
        ("REDIS_URL", redis),
        ("JWT_SECRET", SECRET.to_owned()),
        ("APP_URL", "https://app.example.org".to_owned()),
        ("FLOOD_LIMIT", "1000000/1s".to_owned()),
        ("RATE_LIMIT_STRICT", "1000000/1s".to_owned()),
        ("RATE_LIMIT_STANDARD", "1000000/1s".to_owned()),
        ("RATE_LIMIT_RELAXED", "1000000/1s".to_owned()),
    ])
}

/// The database of `db`, through connections of one's own.
pub(crate) fn pool_of(db: &PgPool, most: u32) -> PgPool {
    let options = PgConnectOptions::from_str(&settings(db)["DATABASE_URL"]).unwrap();
    PgPoolOptions::new().max_connections(most).connect_lazy_with(options)
}

/// The Redis of the test that has this database: all tests come from one address, and what one
/// counts must not stop another. Instances of one test share it.
fn redis_of(database: &str) -> Arc<RedisServer> {
    static SERVERS: Mutex<BTreeMap<String, Weak<RedisServer>>> = Mutex::new(BTreeMap::new());
    let mut servers = SERVERS.lock().unwrap_or_else(PoisonError::into_inner);
    servers.retain(|_, server| server.strong_count() > 0);
    servers.get(database).and_then(Weak::upgrade).unwrap_or_else(|| {
        let server = Arc::new(RedisServer::start());
        servers.insert(database.to_owned(), Arc::downgrade(&server));
        server
    })
}

impl TestApp {
    /// An instance with the settings above.
    pub(crate) async fn start(db: &PgPool) -> Self {
        Self::start_with(db, &[], Clock::System).await
    }

    /// An instance with some settings changed, at the time of `clock`.
    pub(crate) async fn start_with(
        db: &PgPool,
        changes: &[(&'static str, &str)],
        clock: Clock,
    ) -> Self {
        let mut vars = settings(db);
        let own = !changes.iter().any(|(name, _)| *name == "REDIS_URL");
        let redis = own.then(|| redis_of(&vars["DATABASE_URL"]));
        vars.extend(redis.iter().map(|redis| ("REDIS_URL", redis.url())));
        vars.extend(changes.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let config = Config::from_vars(|name| vars.get(name).cloned()).map_err(|p| p.to_string());
        let config = config.unwrap();
        let shutdown = Shutdown::new();
        let pool = pool_of(db, config.database_pool);
        let state = AppState::start_on(config, pool, clock, shutdown.clone()).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(auth::serve_state(state.clone(), listener, shutdown.clone()));
        Self { api: Api::new(url), _redis: redis, state, shutdown }
    }
}

/// Calls one instance, wherever it runs.
pub(crate) struct Api {
    pub(crate) url: String,
    pub(crate) client: reqwest::Client,
}

impl Api {
    /// A client of the instance at `url`.
    pub(crate) fn new(url: String) -> Self {
        // The client refuses to be built without one, TLS or not; a second call changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { url, client }
    }

    /// A request to `path`.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// Posts JSON.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(&body)).await
    }

    /// Posts JSON with a bearer token.
    pub(crate) async fn post_as(&self, token: &str, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::POST, path).bearer_auth(token).json(&body)).await
    }

    /// Gets with a bearer token.
    pub(crate) async fn get_as(&self, token: &str, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path).bearer_auth(token)).await
    }

    /// Deletes with a bearer token.
    pub(crate) async fn delete_as(&self, token: &str, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path).bearer_auth(token)).await
    }

    /// A challenge for `wallet`.
    pub(crate) async fn challenge(&self, wallet: &Wallet) -> Challenge {
        let body = json!({ "address": wallet.address() });
        self.post("/auth/wallet/challenge", body).await.ok()
    }

    /// Signs `wallet` in.
    pub(crate) async fn sign_in(&self, wallet: &Wallet) -> SignedIn {
        let message = self.challenge(wallet).await.message.unwrap();
        let body = json!({ "message": message, "signature": wallet.sign(&message) });
        self.post("/auth/wallet/verify", body).await.ok()
    }

    /// A new Personal Access Token of a session.
    pub(crate) async fn pat(&self, session: &SignedIn, name: &str) -> String {
        let answer = self.post_as(&session.access_token, "/tokens", json!({ "name": name })).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        answer.body["token"]["token"].as_str().unwrap().to_owned()
    }

    /// Status of a validation of `token`.
    pub(crate) async fn validate(&self, token: &str) -> Answer {
        self.post("/api/validate", json!({ "token": token })).await
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// Sends `request`.
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self { status, headers, body }
    }

    /// The body of a success.
    pub(crate) fn ok<T: serde::de::DeserializeOwned>(self) -> T {
        assert!(self.status.is_success(), "{} {}", self.status, self.body);
        serde_json::from_value(self.body).unwrap()
    }

    /// Status and code of a problem.
    pub(crate) fn problem(&self) -> (u16, &str) {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.body);
        let (body, status) = (&self.body, self.status.as_u16());
        assert_eq!(body["status"], status);
        assert_eq!(body["detail"], body["error"]);
        (status, body["code"].as_str().unwrap())
    }
}

/// A wallet: a key that signs as wallets do.
pub(crate) struct Wallet(SigningKey);

impl Wallet {
    /// A new one.
    pub(crate) fn random() -> Self {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).unwrap();
        Self(SigningKey::from_slice(&bytes).unwrap())
    }

    /// Its address, checksummed.
    pub(crate) fn address(&self) -> String {
        self.account().checksummed()
    }

    /// Its address.
    pub(crate) fn account(&self) -> Address {
        eip191::of_key(self.0.verifying_key())
    }

    /// Its signature over `message` (EIP-191).
    pub(crate) fn sign(&self, message: &str) -> String {
        let (signature, id) = self.0.sign_prehash_recoverable(&eip191::hash(message)).unwrap();
        format!("0x{}{:02x}", hex::encode(signature.to_bytes()), 27 + id.to_byte())
    }
}
