//! Who calls: extractors that refuse a request before its handler runs.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, USER_AGENT};
use axum::http::request::Parts;
use shared::api::{Scope, TokenKind};
use shared::request::RequestInfo;
use uuid::Uuid;

use crate::error::Error;
use crate::grants::Grants;

/// Characters of a user agent that are kept.
const MOST_USER_AGENT: usize = 256;

/// A user, by session or by Personal Access Token.
#[derive(Clone, Debug)]
pub(crate) struct CurrentUser {
    /// Their id.
    pub(crate) id: Uuid,
    /// The session, if it is one.
    pub(crate) session: Option<Uuid>,
    /// What the token allows.
    pub(crate) scopes: Vec<Scope>,
}

impl<S> FromRequestParts<S> for CurrentUser
where
    Grants: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let token = bearer(&parts.headers).ok_or(Error::Unauthenticated)?;
        let grant = Grants::from_ref(state).check(token).await?;
        RequestInfo::of(&parts.extensions).set_user(grant.user);
        let session = (grant.kind == TokenKind::Session).then_some(grant.id);
        Ok(Self { id: grant.user, session, scopes: grant.scopes.clone() })
    }
}

/// A user whose token may change things.
#[derive(Clone, Debug)]
pub(crate) struct Writer(pub(crate) CurrentUser);

impl<S> FromRequestParts<S> for Writer
where
    Grants: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let user = CurrentUser::from_request_parts(parts, state).await?;
        if user.scopes.contains(&Scope::Write) {
            Ok(Self(user))
        } else {
            Err(Error::InsufficientScope)
        }
    }
}

/// A user who signed in: what a Personal Access Token may not do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionUser {
    /// Their id.
    pub(crate) id: Uuid,
}

impl<S> FromRequestParts<S> for SessionUser
where
    Grants: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let user = CurrentUser::from_request_parts(parts, state).await?;
        user.session.ok_or(Error::SessionRequired)?;
        Ok(Self { id: user.id })
    }
}

/// The program that calls, for sessions and the audit trail.
#[derive(Clone, Debug)]
pub struct Client {
    /// The request.
    pub info: RequestInfo,
    /// What it says it is.
    pub user_agent: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let agent = parts.headers.get(USER_AGENT).map(|agent| {
            let text = String::from_utf8_lossy(agent.as_bytes());
            text.chars().filter(|letter| !letter.is_control()).take(MOST_USER_AGENT).collect()
        });
        let user_agent = agent.filter(|agent: &String| !agent.is_empty());
        Ok(Self { info: RequestInfo::of(&parts.extensions), user_agent })
    }
}

/// The token of `Authorization: Bearer ...`; the scheme in any case.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
