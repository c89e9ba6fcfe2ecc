//! The tokens that auth signs and backend checks: JWT (RFC 7519) with HS256.
//!
//! The algorithm, issuer, audience, type and all claims below are pinned; times are compared with
//! [`LEEWAY`]. `kid` only picks between the current and the previous secret.
//!
//! A little over 300 lines with its documentation, in one file on purpose: what signs a token and
//! what checks it are read side by side.

mod ring_provider;

use std::str::FromStr;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// `iss` of every access token, `aud` of every service token.
pub const AUTH: &str = "alternatefutures-auth";
/// `aud` of every access token.
pub const APP: &str = "alternatefutures-app";
/// How far two machines' clocks may differ.
pub const LEEWAY: Duration = Duration::seconds(5);
/// Life of a service token.
pub const SERVICE_LIFE: Duration = Duration::minutes(5);
/// A longer text is no token of ours, and is not even decoded.
const MOST_BYTES: usize = 4096;

/// `JWT_SECRET`: at least 32 bytes, and none of the values that stand in examples.
pub struct Secret(Vec<u8>);

/// The text cannot be a secret.
#[derive(Debug, thiserror::Error)]
#[error("not at least 32 bytes of secret")]
pub struct NotASecret;

impl FromStr for Secret {
    type Err = NotASecret;

    fn from_str(text: &str) -> Result<Self, NotASecret> {
        let lower = text.to_ascii_lowercase();
        let known = ["change", "example", "your-", "default", "placeholder", "dev-secret"];
        let one_byte = text.bytes().all(|byte| Some(byte) == text.bytes().next());
        if text.len() < 32 || one_byte || known.iter().any(|word| lower.starts_with(word)) {
            return Err(NotASecret);
        }
        Ok(Self(text.as_bytes().to_vec()))
    }
}

impl Secret {
    /// What the settings say about the shape of a secret.
    pub const SHAPE: &str = "at least 32 random bytes as text, the same for auth and backend; make one with: openssl rand -hex 32";

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// One secret, prepared for both directions.
struct Key {
    kid: String,
    mac: ring::hmac::Key,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl Key {
    fn new(secret: &Secret) -> Self {
        // An HMAC under the secret names it and gives nothing of it away.
        let mac = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &secret.0);
        let tag = ring::hmac::sign(&mac, b"alternatefutures kid");
        Self {
            kid: hex::encode(&tag.as_ref()[..6]),
            mac,
            encoding: EncodingKey::from_secret(&secret.0),
            decoding: DecodingKey::from_secret(&secret.0),
        }
    }
}

impl Key {
    /// HMAC-SHA256 cut to 128 bits, over the parts and the length of each.
    fn tag(&self, parts: &[&[u8]]) -> [u8; 16] {
        let mut context = ring::hmac::Context::with_key(&self.mac);
        for part in parts {
            context.update(&part.len().to_be_bytes());
            context.update(part);
        }
        let mut tag = [0; 16];
        tag.copy_from_slice(&context.sign().as_ref()[..16]);
        tag
    }
}

/// The current secret, which signs, and the previous one, which still verifies during a rotation.
pub struct Keys {
    current: Key,
    previous: Option<Key>,
}

/// Claims of an access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Access {
    /// Always [`AUTH`].
    pub iss: String,
    /// Always [`APP`].
    pub aud: String,
    /// The user.
    pub sub: Uuid,
    /// The user again, where existing clients read it.
    pub user_id: Uuid,
    /// The session it belongs to; the token dies with it.
    pub session_id: Uuid,
    /// The Personal Access Token it was given for, if it was; then there is no session, and
    /// `session_id` is the same id. The token dies with that, and has no more rights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_id: Option<Uuid>,
    /// Always `access`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Issued at, seconds since the epoch.
    pub iat: i64,
    /// Not before, seconds since the epoch.
    pub nbf: i64,
    /// Expires, seconds since the epoch.
    pub exp: i64,
    /// Unique id of this token.
    pub jti: Uuid,
}

/// Claims of a service token: says which service calls, nothing more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// The calling service, such as `alternatefutures-backend`.
    pub iss: String,
    /// Always [`AUTH`].
    pub aud: String,
    /// Always `service`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Issued at, seconds since the epoch.
    pub iat: i64,
    /// Expires, seconds since the epoch.
    pub exp: i64,
}

/// Why a token is refused. To a caller they are all the same "invalid token"; `Expired` alone is
/// worth telling, since a refresh mends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not a token of ours, or changed on the way.
    #[error("invalid token")]
    Invalid,
    /// Ours, and over.
    #[error("expired token")]
    Expired,
}

impl Keys {
    /// Prepares the secrets.
    #[must_use]
    pub fn new(current: &Secret, previous: Option<&Secret>) -> Self {
        ring_provider::install();
        Self { current: Key::new(current), previous: previous.map(Key::new) }
    }

    /// Signs an access token of a user's session that lives from `now` for `life`.
    ///
    /// # Errors
    /// Never in practice: the claims are plain text and numbers.
    pub fn sign_access(
        &self,
        user: Uuid,
        session: Uuid,
        now: OffsetDateTime,
        life: Duration,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        self.sign(&Self::access(user, session, None, now, life))
    }

    /// Signs an access token that stands for a user's Personal Access Token.
    ///
    /// # Errors
    /// Never in practice, as above.
    pub fn sign_exchanged(
        &self,
        user: Uuid,
        token: Uuid,
        now: OffsetDateTime,
        life: Duration,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        self.sign(&Self::access(user, token, Some(token), now, life))
    }

    fn access(
        user: Uuid,
        session: Uuid,
        token: Option<Uuid>,
        now: OffsetDateTime,
        life: Duration,
    ) -> Access {
        let iat = now.unix_timestamp();
        Access {
            iss: AUTH.to_owned(),
            aud: APP.to_owned(),
            sub: user,
            user_id: user,
            session_id: session,
            token_id: token,
            kind: "access".to_owned(),
            iat,
            nbf: iat,
            exp: iat + life.whole_seconds(),
            jti: Uuid::now_v7(),
        }
    }

    /// Signs a token with which `service` tells auth who calls; lives [`SERVICE_LIFE`].
    ///
    /// # Errors
    /// Never in practice, as above.
    pub fn sign_service(
        &self,
        service: &str,
        now: OffsetDateTime,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let iat = now.unix_timestamp();
        self.sign(&Service {
            iss: service.to_owned(),
            aud: AUTH.to_owned(),
            kind: "service".to_owned(),
            iat,
            exp: iat + SERVICE_LIFE.whole_seconds(),
        })
    }

    /// Checks an access token. Whether its session still lives is for the database to say.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn verify_access(&self, token: &str, now: OffsetDateTime) -> Result<Access, Refused> {
        let claims = self.verify::<Access>(token, APP)?;
        if claims.iss != AUTH || claims.kind != "access" || claims.sub != claims.user_id {
            return Err(Refused::Invalid);
        }
        in_time(claims.iat.max(claims.nbf), claims.exp, now)?;
        Ok(claims)
    }

    /// Checks a service token.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn verify_service(&self, token: &str, now: OffsetDateTime) -> Result<Service, Refused> {
        let claims = self.verify::<Service>(token, AUTH)?;
        if claims.kind != "service" || claims.exp - claims.iat > SERVICE_LIFE.whole_seconds() {
            return Err(Refused::Invalid);
        }
        in_time(claims.iat, claims.exp, now)?;
        Ok(claims)
    }

    /// Tags `parts` so that an edited copy is noticed. The first part names the purpose, so that a
    /// tag for one is none for another.
    #[must_use]
    pub fn tag(&self, parts: &[&[u8]]) -> [u8; 16] {
        self.current.tag(parts)
    }

    /// Whether the current or the previous secret gave `tag` to `parts`; in constant time.
    #[must_use]
    pub fn is_tag(&self, parts: &[&[u8]], tag: &[u8; 16]) -> bool {
        let is_equal = |key: &Key| {
            key.tag(parts).iter().zip(tag).fold(0, |differs, (left, right)| differs | left ^ right)
                == 0
        };
        // Both are computed, whichever holds.
        [Some(&self.current), self.previous.as_ref()]
            .into_iter()
            .flatten()
            .filter(|key| is_equal(key))
            .count()
            > 0
    }

    fn sign(&self, claims: &impl Serialize) -> Result<String, jsonwebtoken::errors::Error> {
        let header =
            Header { kid: Some(self.current.kid.clone()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, claims, &self.current.encoding)
    }

    fn verify<C: DeserializeOwned>(&self, token: &str, audience: &str) -> Result<C, Refused> {
        if token.len() > MOST_BYTES {
            return Err(Refused::Invalid);
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[audience]);
        // Times are compared by `in_time`, with a clock that tests can set.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        let kid = jsonwebtoken::decode_header(token).map_err(|_| Refused::Invalid)?.kid;
        let key = [Some(&self.current), self.previous.as_ref()]
            .into_iter()
            .flatten()
            .find(|key| Some(&key.kid) == kid.as_ref())
            .ok_or(Refused::Invalid)?;
        jsonwebtoken::decode::<C>(token, &key.decoding, &validation)
            .map(|token| token.claims)
            .map_err(|_| Refused::Invalid)
    }
}

fn in_time(from: i64, until: i64, now: OffsetDateTime) -> Result<(), Refused> {
    let (now, leeway) = (now.unix_timestamp(), LEEWAY.whole_seconds());
    if from > now.saturating_add(leeway) {
        return Err(Refused::Invalid);
    }
    if until <= now.saturating_sub(leeway) {
        return Err(Refused::Expired);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
