//! Where the browser finds the three services.

use url::Url;

/// The public addresses, as pages, policies and the sitemap name them; no trailing slash.
#[derive(Clone, Debug)]
pub struct Origins {
    /// This site: `APP_URL`.
    pub app: String,
    /// The auth service: `AUTH_URL`.
    pub auth: String,
    /// The GraphQL service: `API_URL`.
    pub api: String,
}

impl Origins {
    /// Whether the site is reached over HTTPS, so that browsers may be told to insist on it.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.app.starts_with("https://")
    }

    /// What pages may call besides this site: both services, over WebSocket too for the
    /// subscriptions of the GraphQL service.
    #[must_use]
    pub fn connect(&self) -> Vec<String> {
        let socket = |origin: &str| origin.replacen("http", "ws", 1);
        let (auth, api) = (origin(&self.auth), origin(&self.api));
        vec![auth, socket(&api), api]
    }
}

/// The origin of an address, without its path: a policy with a path would not match below it.
fn origin(address: &str) -> String {
    Url::parse(address)
        .map_or_else(|_| address.to_owned(), |url| url.origin().ascii_serialization())
}
