//! The auth service, over HTTP: who bears a token, and what auth does on a caller's behalf.
//!
//! It may be slow, away or talk nonsense: every call ends within [`transport::TIMEOUT`] and one
//! retry, and after a few failures in a row the rest fail at once until a probe gets through.

mod calls;
mod circuit;
mod known;
mod transport;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use shared::api::Validated;
use shared::clock::Clock;
use shared::jwt::Keys;
use shared::request::RequestInfo;
use time::OffsetDateTime;

pub use calls::AuthCall;

use crate::caller::Caller;
use crate::config::Config;
use crate::error::Error;
use known::Known;
use transport::{Call, Transport};

/// A service token is used for so long of the five minutes it lives.
const SERVICE_TOKEN_USE: time::Duration = time::Duration::minutes(4);
/// A longer text is no token.
const LONGEST_TOKEN: usize = 4096;
/// What every Personal Access Token begins with.
const PAT_PREFIX: &str = "af_";
/// How this service is called in its tokens.
const ISSUER: &str = "alternatefutures-backend";

/// The auth service; clones are one.
#[derive(Clone)]
pub struct AuthClient(Arc<Inner>);

struct Inner {
    transport: Transport,
    keys: Arc<Keys>,
    clock: Clock,
    known: Known,
    service_token: Mutex<Option<(Arc<str>, OffsetDateTime)>>,
}

impl AuthClient {
    /// Prepares the client; opens no connection yet.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        Ok(Self(Arc::new(Inner {
            transport: Transport::new(&config.auth)?,
            keys: Arc::clone(&config.keys),
            clock: config.clock.clone(),
            known: Known::new(config.auth_cache),
            service_token: Mutex::default(),
        })))
    }

    /// Who the bearer of `token` is. Forged and expired JWTs are refused here; the rest is asked of
    /// auth, once for all who ask at the same time, and the answer counts for a few seconds.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`], or [`Error::Unavailable`] when auth cannot say.
    pub async fn caller(&self, token: &str, request: &RequestInfo) -> Result<Arc<Caller>, Error> {
        let now = self.0.clock.now();
        if let Some(known) = self.0.known.get(token) {
            return known?.still_good(now);
        }
        if token.len() > LONGEST_TOKEN {
            return Err(Error::Unauthenticated);
        }
        if !token.starts_with(PAT_PREFIX) {
            self.0.keys.verify_access(token, now).map_err(|_| Error::Unauthenticated)?;
        }
        let (client, token): (_, Arc<str>) = (self.clone(), token.into());
        let (request, bearer) = (request.clone(), Arc::clone(&token));
        let asked = self
            .0
            .known
            .join(token, move || async move { client.validate(bearer, &request).await });
        asked.await?.still_good(now)
    }

    /// Whether auth answered lately; for `/health`.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.0.transport.is_well()
    }

    async fn validate(&self, token: Arc<str>, request: &RequestInfo) -> Result<Arc<Caller>, Error> {
        let call = Call {
            service_token: Some(self.service_token()?),
            bearer: Some(&token),
            ..Call::post("/api/validate", request)
        };
        let answer = self.0.transport.send(call).await?;
        if answer.status.as_u16() == 401 {
            return Err(Error::Unauthenticated);
        }
        let validated = answer.read::<Validated>(&self.0.transport)?;
        if !validated.valid {
            return Err(Error::Unauthenticated);
        }
        Ok(Arc::new(Caller::new(token, validated)))
    }

    /// Says who calls; signed anew before it runs out.
    fn service_token(&self) -> Result<Arc<str>, Error> {
        let now = self.0.clock.now();
        let mut kept = self.0.service_token.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((token, since)) = &*kept
            && (time::Duration::ZERO..SERVICE_TOKEN_USE).contains(&(now - *since))
        {
            return Ok(Arc::clone(token));
        }
        let token: Arc<str> =
            self.0.keys.sign_service(ISSUER, now).map_err(Error::internal)?.into();
        *kept = Some((Arc::clone(&token), now));
        Ok(token)
    }
}

/// Time between two attempts, so that replicas do not return all at once: 50 to 150 ms.
fn jitter() -> Duration {
    let random = uuid::Uuid::new_v4().as_u128() % 100;
    Duration::from_millis(50 + u64::try_from(random).unwrap_or(0))
}
