//! Settings of the auth service, read once at start. No `Debug`: they hold secrets.

mod chains;
mod origin;

use std::str::FromStr;

use shared::client_ip::TrustedProxies;
use shared::db::DatabaseUrl;
pub use shared::env::Environment;
use shared::env::{Problems, Reader};
use shared::jwt::Secret;
use shared::rate::{Rate, Span};
use shared::telemetry;

pub use chains::{Chains, RpcUrls};
pub use origin::Origin;

/// `VALIDATION_CACHE`: whether checked tokens are remembered between requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValidationCache {
    /// Remembered; the database tells every replica of every change over a connection of its own.
    On,
    /// Every check asks the database: for one that serves a single connection.
    Off,
}

impl FromStr for ValidationCache {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "on" => Ok(Self::On),
            "off" => Ok(Self::Off),
            _ => Err(()),
        }
    }
}

/// `REDIS_URL`. No `Debug`: it holds a password.
#[derive(Clone)]
pub struct RedisUrl(pub redis::Client);

impl FromStr for RedisUrl {
    type Err = redis::RedisError;

    fn from_str(text: &str) -> Result<Self, redis::RedisError> {
        redis::Client::open(text).map(Self)
    }
}

/// How often one address may ask, by class of route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Sign-in: `RATE_LIMIT_STRICT`.
    pub strict: Rate,
    /// Most routes: `RATE_LIMIT_STANDARD`.
    pub standard: Rate,
    /// What programs poll: `RATE_LIMIT_RELAXED`.
    pub relaxed: Rate,
}

/// How long things live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lives {
    /// An access token: `ACCESS_TOKEN_LIFE`.
    pub access: time::Duration,
    /// A refresh token, renewed at each use: `REFRESH_TOKEN_LIFE`.
    pub refresh: time::Duration,
    /// A session, however often it is refreshed: `SESSION_LIFE`.
    pub session: time::Duration,
}

/// Settings of the auth service.
#[derive(Clone)]
pub struct Config {
    /// Port to listen on: `PORT`.
    pub port: u16,
    /// Address to listen on: `HOST`.
    pub host: String,
    /// `ENVIRONMENT`.
    pub environment: Environment,
    /// The database: `DATABASE_URL`.
    pub database_url: DatabaseUrl,
    /// Most connections to it: `DATABASE_POOL`.
    pub database_pool: u32,
    /// Nonces and counters: `REDIS_URL`; only development does without.
    pub redis_url: Option<RedisUrl>,
    /// The secrets under which access tokens are signed: `JWT_SECRET`, `JWT_SECRET_PREVIOUS`.
    pub secrets: Secrets,
    /// The site people sign in to: `APP_URL`. Its host and origin stand in every sign-in message.
    pub app_url: Origin,
    /// This service in a browser: `AUTH_URL`.
    pub auth_url: Origin,
    /// Whose `X-Forwarded-For` is believed: `TRUSTED_PROXIES`.
    pub trusted: TrustedProxies,
    /// How fast one address may ask for anything: `FLOOD_LIMIT`.
    pub flood: Rate,
    /// Promised limits by class.
    pub rates: Rates,
    /// How many tokens a user may make: `TOKEN_CREATION_LIMIT`.
    pub token_creation: Rate,
    /// How long a token lives unless its owner says: `TOKEN_LIFE`.
    pub token_life: time::Duration,
    /// How many live tokens a user may have: `TOKEN_ACTIVE_LIMIT`.
    pub token_active: u32,
    /// Chains that a sign-in message may name: `CHAIN_IDS`.
    pub chains: Chains,
    /// Where contract wallets are asked, by chain: `ETH_RPC_URLS`.
    pub rpc_urls: RpcUrls,
    /// How long things live.
    pub lives: Lives,
    /// `VALIDATION_CACHE`.
    pub validation_cache: ValidationCache,
    /// What is logged: `LOG_LEVEL`, `LOG_FORMAT`.
    pub telemetry: telemetry::Settings,
}

/// What signs access tokens; shared, since a [`Secret`] cannot be copied.
#[derive(Clone)]
pub struct Secrets(std::sync::Arc<(Secret, Option<Secret>)>);

impl Secrets {
    /// The current secret and, during a rotation, the previous one.
    #[must_use]
    pub fn new(current: Secret, previous: Option<Secret>) -> Self {
        Self(std::sync::Arc::new((current, previous)))
    }

    /// The keys made of them.
    #[must_use]
    pub fn keys(&self) -> shared::jwt::Keys {
        shared::jwt::Keys::new(&self.0.0, self.0.1.as_ref())
    }
}

impl Config {
    /// Reads through `var`; tests pass a closure, `main` passes [`shared::env::process`].
    ///
    /// # Errors
    /// All that is wrong, one line each.
    pub fn from_vars(var: impl Fn(&str) -> Option<String>) -> Result<Self, Problems> {
        let mut env = Reader::new(var);
        match Self::read(&mut env) {
            Some(config) if env.is_ok() => Ok(config),
            _ => Err(env.problems()),
        }
    }

    /// Reads every setting; `None` when any of them is wrong.
    pub fn read(env: &mut Reader<'_>) -> Option<Self> {
        let port = env.or("PORT", "a port number, such as 3001", "3001");
        let host = env.or("HOST", "an address to listen on; :: is every one", "::");
        let environment = shared::env::Environment::read(env);
        let database_url = env.required("DATABASE_URL", DatabaseUrl::SHAPE);
        let database_pool = env.or("DATABASE_POOL", "the most connections to keep open", "10");
        let redis_url = env.optional("REDIS_URL", "redis://:password@host:6379/0");
        let secret = env.required("JWT_SECRET", Secret::SHAPE);
        let previous = env.optional("JWT_SECRET_PREVIOUS", Secret::SHAPE);
        let app_url = env.or(
            "APP_URL",
            "the site in a browser: scheme://host[:port]",
            "http://localhost:3000",
        );
        let auth_url = env.or(
            "AUTH_URL",
            "this service in a browser: scheme://host[:port]",
            "http://localhost:3001",
        );
        let trusted = env.or("TRUSTED_PROXIES", "a list of networks, such as 10.0.0.0/8", "");
        let flood = env.or("FLOOD_LIMIT", "a count and a window, such as 600/10s", "600/10s");
        let rates = rates(env);
        let token_creation =
            env.or("TOKEN_CREATION_LIMIT", "a count and a window, such as 50/1d", "50/1d");
        let token_active = env.or("TOKEN_ACTIVE_LIMIT", "the most live tokens of a user", "500");
        let token_life = env.or::<Span>(
            "TOKEN_LIFE",
            "how long a Personal Access Token lives unless its owner says, such as 90d",
            "90d",
        );
        let chains = env.or("CHAIN_IDS", Chains::SHAPE, Chains::DEFAULT);
        let rpc_urls = env.or("ETH_RPC_URLS", RpcUrls::SHAPE, "");
        let lives = lives(env);
        let validation_cache = env.or(
            "VALIDATION_CACHE",
            "on, or off for a database that serves a single connection",
            "on",
        );
        let telemetry = telemetry::Settings::read(env);
        if environment == Some(Environment::Production) && matches!(redis_url, Some(None)) {
            env.reject("REDIS_URL is not set; it must be redis://:password@host:6379/0 (only ENVIRONMENT=development does without)");
        }
        Some(Self {
            port: port?,
            host: host?,
            environment: environment?,
            database_url: database_url?,
            database_pool: std::cmp::max(1, database_pool?),
            redis_url: redis_url?,
            secrets: Secrets::new(secret?, previous?),
            app_url: app_url?,
            auth_url: auth_url?,
            trusted: trusted?,
            flood: flood?,
            rates: rates?,
            token_creation: token_creation?,
            token_active: token_active?,
            token_life: time::Duration::try_from(token_life?.0).ok()?,
            chains: chains?,
            rpc_urls: rpc_urls?,
            lives: lives?,
            validation_cache: validation_cache?,
            telemetry: telemetry?,
        })
    }
}

fn rates(env: &mut Reader<'_>) -> Option<Rates> {
    let strict = env.or("RATE_LIMIT_STRICT", "a count and a window, such as 5/15m", "5/15m");
    let standard = env.or("RATE_LIMIT_STANDARD", "a count and a window, such as 60/1m", "60/1m");
    let relaxed = env.or("RATE_LIMIT_RELAXED", "a count and a window, such as 200/1m", "200/1m");
    Some(Rates { strict: strict?, standard: standard?, relaxed: relaxed? })
}

fn lives(env: &mut Reader<'_>) -> Option<Lives> {
    let access = env.or::<Span>("ACCESS_TOKEN_LIFE", "a time such as 15m", "15m");
    let refresh = env.or::<Span>("REFRESH_TOKEN_LIFE", "a time such as 7d", "7d");
    let session = env.or::<Span>("SESSION_LIFE", "a time such as 90d", "90d");
    let (access, refresh, session) = (access?.0, refresh?.0, session?.0);
    if access.is_zero() || refresh < access || session < refresh {
        env.reject(
            "ACCESS_TOKEN_LIFE, REFRESH_TOKEN_LIFE and SESSION_LIFE must grow in this order",
        );
        return None;
    }
    let exact = |span: std::time::Duration| time::Duration::try_from(span).ok();
    Some(Lives { access: exact(access)?, refresh: exact(refresh)?, session: exact(session)? })
}

#[cfg(test)]
mod tests;
