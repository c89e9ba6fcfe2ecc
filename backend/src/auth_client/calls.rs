//! What is asked of auth on behalf of a caller: the caller's own token goes along, and auth decides.

use std::sync::Arc;

use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use shared::api::{
    self, Challenge, Exchanged, Failure, Me, NewToken, SignedIn, Token, TokenCreated, TokenLimits,
    Tokens,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::transport::{Answer, Call};
use crate::error::Error;
use crate::schema::context::Scope;

/// Auth's codes for the token in the header, which mean the same as none.
const TOKEN_CODES: [&str; 3] = ["UNAUTHENTICATED", "INVALID_TOKEN", "TOKEN_EXPIRED"];

/// Calls on behalf of one request.
pub struct AuthCall<'a> {
    scope: &'a Arc<Scope>,
}

/// `POST /tokens`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreateToken<'a> {
    name: &'a str,
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    expires_at: Option<OffsetDateTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<&'a [api::Scope]>,
}

impl<'a> AuthCall<'a> {
    /// Calls within `scope`.
    #[must_use]
    pub fn new(scope: &'a Arc<Scope>) -> Self {
        Self { scope }
    }

    /// `GET /auth/me`.
    pub async fn me(&self) -> Result<Me, Error> {
        self.ask(Method::GET, "/auth/me", None).await
    }

    /// `GET /tokens`.
    pub async fn tokens(&self) -> Result<Vec<Token>, Error> {
        let Tokens { tokens } = self.ask(Method::GET, "/tokens", None).await?;
        Ok(tokens)
    }

    /// `POST /tokens`.
    pub async fn create_token(
        &self,
        name: &str,
        expires_at: Option<OffsetDateTime>,
        scopes: Option<&[api::Scope]>,
    ) -> Result<NewToken, Error> {
        let body = json!(CreateToken { name, expires_at, scopes });
        let TokenCreated { token, .. } = self.ask(Method::POST, "/tokens", Some(body)).await?;
        Ok(token)
    }

    /// `DELETE /tokens/{id}`.
    pub async fn delete_token(&self, id: Uuid) -> Result<(), Error> {
        let path = format!("/tokens/{id}");
        self.ask::<serde::de::IgnoredAny>(Method::DELETE, &path, None).await.map(drop)
    }

    /// `GET /tokens/limits`.
    pub async fn token_limits(&self) -> Result<TokenLimits, Error> {
        self.ask(Method::GET, "/tokens/limits", None).await
    }

    /// `POST /auth/wallet/challenge`.
    pub async fn challenge(
        &self,
        address: Option<&str>,
        chain_id: Option<u64>,
    ) -> Result<Challenge, Error> {
        let body = json!({ "address": address, "chainId": chain_id });
        self.ask(Method::POST, "/auth/wallet/challenge", Some(body)).await
    }

    /// `POST /auth/wallet/verify`.
    pub async fn verify(&self, message: &str, signature: &str) -> Result<SignedIn, Error> {
        let body = json!({ "message": message, "signature": signature });
        self.ask(Method::POST, "/auth/wallet/verify", Some(body)).await
    }

    /// `POST /auth/refresh`.
    pub async fn refresh(&self, refresh_token: &str) -> Result<SignedIn, Error> {
        let body = json!({ "refreshToken": refresh_token });
        self.ask(Method::POST, "/auth/refresh", Some(body)).await
    }

    /// `POST /auth/logout`.
    pub async fn logout(&self) -> Result<(), Error> {
        let body = json!({});
        self.ask::<serde::de::IgnoredAny>(Method::POST, "/auth/logout", Some(body)).await.map(drop)
    }

    /// `POST /auth/pat/exchange`: an access token for a Personal Access Token.
    pub async fn exchange(&self, token: &str) -> Result<String, Error> {
        let body = json!({ "token": token });
        let Exchanged { access_token, .. } =
            self.ask(Method::POST, "/auth/pat/exchange", Some(body)).await?;
        Ok(access_token)
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<serde_json::Value>,
    ) -> Result<T, Error> {
        let client = &self.scope.state.auth;
        let caller = self.scope.caller.as_deref();
        let call = Call {
            is_safe: method == Method::GET,
            method,
            body,
            bearer: caller.map(|caller| caller.token.as_ref()),
            // Auth counts a signed-in user's calls by user; a stranger's by address, which the
            // service token would lift.
            service_token: caller.map(|_| client.service_token()).transpose()?,
            ..Call::post(path, &self.scope.request)
        };
        let transport = &client.0.transport;
        let answer = transport.send(call).await?;
        if answer.status.is_success() {
            return answer.read(transport);
        }
        Err(refused(&answer))
    }
}

/// What auth refused, in our codes; its own code stays readable as the reason.
fn refused(answer: &Answer) -> Error {
    let failure = answer.read_failure::<Failure>().unwrap_or_default();
    let code = match answer.status.as_u16() {
        401 if TOKEN_CODES.contains(&failure.code.as_str()) => return Error::Unauthenticated,
        401 => "UNAUTHENTICATED",
        403 => "FORBIDDEN",
        404 => "NOT_FOUND",
        409 => "CONFLICT",
        429 => "RATE_LIMITED",
        400 | 413 | 415 | 422 => "BAD_USER_INPUT",
        503 => return Error::Unavailable("the auth service"),
        status => return Error::internal(format!("auth answered {status} {}", failure.code)),
    };
    Error::Auth { code, failure }
}
