//! The auth service, over HTTP.

mod calls;

use std::sync::Arc;
use std::time::Duration;

use shared::request::RequestInfo;

pub use calls::AuthCall;

use crate::caller::Caller;
use crate::{Config, Error};

/// How long one attempt may take.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The auth service.
pub struct AuthClient {
    http: reqwest::Client,
    base: String,
}

impl AuthClient {
    /// Prepares the client; opens no connection yet.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().timeout(TIMEOUT).build()?;
        Ok(Self { http, base: config.auth.0.clone() })
    }

    /// Who the bearer of `token` is.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] or [`Error::Unavailable`].
    pub async fn caller(&self, token: &str, _request: &RequestInfo) -> Result<Arc<Caller>, Error> {
        let url = format!("{}/api/validate", self.base);
        let answer = self.http.post(url).bearer_auth(token).send().await;
        let answer = answer.map_err(|_| Error::Unavailable("the auth service"))?;
        let validated = answer.json().await.map_err(|_| Error::Unauthenticated)?;
        Ok(Arc::new(Caller::new(token.into(), validated)))
    }
}
