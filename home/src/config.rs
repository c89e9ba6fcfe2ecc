//! Settings of the static server, read once at start.

use std::path::PathBuf;

use shared::address::Address;
use shared::client_ip::TrustedProxies;
use shared::clock::Clock;
pub use shared::env::Environment;
use shared::env::{Problems, Reader};
use shared::rate::Rate;
use shared::telemetry;

use crate::site::Origins;

/// Settings of the static server.
#[derive(Clone, Debug)]
pub struct Config {
    /// Port to listen on: `PORT`, by default 3000.
    pub port: u16,
    /// Address to listen on: `HOST`, by default every one.
    pub host: String,
    /// `ENVIRONMENT`, by default production.
    pub environment: Environment,
    /// Public addresses of the three services: `APP_URL`, `AUTH_URL`, `API_URL`.
    pub origins: Origins,
    /// A static export to serve instead of the built-in site: `SITE_DIR`.
    pub site_dir: Option<PathBuf>,
    /// Whose `X-Forwarded-For` is believed: `TRUSTED_PROXIES`.
    pub trusted: TrustedProxies,
    /// How fast one address may ask for what is not in memory: `FLOOD_LIMIT`.
    pub flood: Rate,
    /// What is logged: `LOG_LEVEL`, `LOG_FORMAT`.
    pub telemetry: telemetry::Settings,
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
        let port = env.or("PORT", "a port number, such as 3000", "3000");
        let host = env.or("HOST", "an address to listen on; :: is every one", "::");
        let environment = shared::env::Environment::read(env);
        let app = env.or::<Address>(
            "APP_URL",
            "the address of this site in a browser, such as https://www.example.org",
            "http://localhost:3000",
        );
        let auth = env.or::<Address>(
            "AUTH_URL",
            "the address of the auth service in a browser, such as https://auth.example.org",
            "http://localhost:3001",
        );
        let api = env.or::<Address>(
            "API_URL",
            "the address of the GraphQL service in a browser, such as https://api.example.org",
            "http://localhost:4000",
        );
        let site_dir =
            env.optional("SITE_DIR", "a folder with a static export, such as a Next.js out/");
        let trusted = env.or("TRUSTED_PROXIES", "a list of networks, such as 10.0.0.0/8", "");
        let flood = env.or("FLOOD_LIMIT", "a count and a window, such as 2000/10s", "2000/10s");
        let telemetry = telemetry::Settings::read(env);
        Some(Self {
            port: port?,
            host: host?,
            environment: environment?,
            origins: Origins { app: app?.0, auth: auth?.0, api: api?.0 },
            site_dir: site_dir?,
            trusted: trusted?,
            flood: flood?,
            telemetry: telemetry?,
            clock: Clock::System,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, Environment};

    fn read(variables: &[(&str, &str)]) -> Result<Config, String> {
        let var = |name: &str| {
            variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
        };
        Config::from_vars(var).map_err(|problems| problems.to_string())
    }

    #[test]
    fn nothing_needs_to_be_set() {
        let config = read(&[]).unwrap();
        assert_eq!((config.port, config.environment), (3000, Environment::Production));
        assert_eq!(config.origins.auth, "http://localhost:3001");
    }

    #[test]
    fn addresses_lose_their_trailing_slash() {
        let config = read(&[("APP_URL", "https://www.example.org/")]).unwrap();
        assert_eq!(config.origins.app, "https://www.example.org");
    }

    #[test]
    fn everything_wrong_is_said_at_once_without_the_values() {
        let problems = read(&[("PORT", "hunter2"), ("AUTH_URL", "ftp://hunter2/")]).unwrap_err();
        insta::assert_snapshot!(problems, @r"
        PORT is malformed; it must be a port number, such as 3000
        AUTH_URL is malformed; it must be the address of the auth service in a browser, such as https://auth.example.org
        ");
    }
}
