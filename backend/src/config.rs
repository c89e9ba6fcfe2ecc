//! Settings of the GraphQL service, read once at start.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use shared::address::Address;
use shared::client_ip::TrustedProxies;
use shared::clock::Clock;
use shared::db::DatabaseUrl;
pub use shared::env::Environment;
use shared::env::{Problems, Reader};
use shared::jwt::{Keys, Secret};
use shared::rate::{Rate, Span};
use shared::telemetry;

use crate::limits::Limits;

/// A revocation is felt within this time, so no answer of auth is kept for longer.
const LONGEST_AUTH_CACHE: Duration = Duration::from_secs(5);

/// How replicas hear of each other's events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EventBus {
    /// LISTEN/NOTIFY of the database, over a connection of its own.
    #[default]
    Database,
    /// Within this process: for the embedded database, which serves one connection.
    Process,
}

/// Settings of the GraphQL service. No `Debug`: it holds secrets.
pub struct Config {
    /// Port to listen on: `PORT`, by default 4000.
    pub port: u16,
    /// Address to listen on: `HOST`, by default every one.
    pub host: String,
    /// `ENVIRONMENT`, by default production.
    pub environment: Environment,
    /// PostgreSQL: `DATABASE_URL`, required.
    pub database: DatabaseUrl,
    /// Connections to it: `DATABASE_POOL`, by default 10.
    pub database_pool: u32,
    /// `JWT_SECRET`, required, and `JWT_SECRET_PREVIOUS`.
    pub keys: Arc<Keys>,
    /// Base address of the auth service: `AUTH_SERVICE_URL`, required.
    pub auth: Address,
    /// How long an answer of auth counts: `AUTH_CACHE_TTL`, at most 5 s.
    pub auth_cache: Duration,
    /// Address of the site in a browser, the origin that may open a WebSocket: `APP_URL`.
    pub app: Address,
    /// Whose `X-Forwarded-For` is believed: `TRUSTED_PROXIES`.
    pub trusted: TrustedProxies,
    /// How fast one address may ask: `FLOOD_LIMIT`.
    pub flood: Rate,
    /// Who answers DNS questions: `DNS_RESOLVER`, by default the system's resolvers.
    pub dns: Option<SocketAddr>,
    /// What a request may ask for: `GRAPHQL_*`.
    pub limits: Limits,
    /// What is logged: `LOG_LEVEL`, `LOG_FORMAT`.
    pub telemetry: telemetry::Settings,
    /// How replicas hear of each other's events; `local` sets it.
    pub events: EventBus,
    /// Where the time comes from.
    pub clock: Clock,
}

impl Config {
    /// Reads through `var`; tests pass a closure, `main` passes [`shared::env::process`].
    ///
    /// # Errors
    /// All that is wrong, one line each.
    pub fn from_vars(var: impl Fn(&str) -> Option<String>) -> Result<Self, Problems> {
        let mut env = Reader::new(var);
        Self::read(&mut env).ok_or_else(|| env.problems())
    }

    /// Reads every setting; `None` when any of them is wrong.
    pub fn read(env: &mut Reader<'_>) -> Option<Self> {
        let port = env.or("PORT", "a port number, such as 4000", "4000");
        let host = env.or("HOST", "an address to listen on; :: is every one", "::");
        let environment = shared::env::Environment::read(env);
        let database = env.required("DATABASE_URL", DatabaseUrl::SHAPE);
        let database_pool = env.or("DATABASE_POOL", "a number of connections", "10");
        let secret = env.required::<Secret>("JWT_SECRET", Secret::SHAPE);
        let previous = env.optional::<Secret>("JWT_SECRET_PREVIOUS", Secret::SHAPE);
        let auth = env.required(
            "AUTH_SERVICE_URL",
            "the base address of the auth service, such as http://auth-service:3001",
        );
        let auth_cache = auth_cache(env);
        let app = env.or(
            "APP_URL",
            "the address of the site in a browser, such as https://www.example.org",
            "http://localhost:3000",
        );
        let trusted = env.or("TRUSTED_PROXIES", "a list of networks, such as 10.0.0.0/8", "");
        let flood = env.or("FLOOD_LIMIT", "a count and a window, such as 2000/10s", "2000/10s");
        let dns = env.optional(
            "DNS_RESOLVER",
            "the address of a DNS resolver, such as 10.43.0.10:53; unset: the system's",
        );
        let limits = Limits::read(env);
        let telemetry = telemetry::Settings::read(env);
        Some(Self {
            port: port?,
            host: host?,
            environment: environment?,
            database: database?,
            database_pool: database_pool.filter(|most| *most > 0)?,
            keys: Arc::new(Keys::new(&secret?, previous?.as_ref())),
            auth: auth?,
            auth_cache: auth_cache?,
            app: app?,
            trusted: trusted?,
            flood: flood?,
            dns: dns?,
            limits: limits?,
            telemetry: telemetry?,
            events: EventBus::default(),
            clock: Clock::System,
        })
    }
}

fn auth_cache(env: &mut Reader<'_>) -> Option<Duration> {
    let Span(time) = env.or("AUTH_CACHE_TTL", "a time of at most 5s, such as 5s or 1s", "5s")?;
    if time > LONGEST_AUTH_CACHE {
        env.reject("AUTH_CACHE_TTL is too long; it must be a time of at most 5s");
        return None;
    }
    Some(time)
}
