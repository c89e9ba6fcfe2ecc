//! What auth answers and backend reads over HTTP. JSON in camelCase, times in RFC 3339.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// Name of the header with a service token.
pub const SERVICE_TOKEN: &str = "x-service-token";

/// What a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Queries.
    Read,
    /// Mutations.
    Write,
}

/// What kind of token was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TokenKind {
    /// The access token of a session.
    Session,
    /// A Personal Access Token.
    Pat,
}

/// `POST /api/validate`: the token is good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Validated {
    /// Always true.
    pub valid: bool,
    /// The user.
    pub user_id: Uuid,
    /// Their address, if they gave one.
    pub email: Option<String>,
    /// Their name, if they gave one.
    pub display_name: Option<String>,
    /// Their primary wallet, lower-case.
    pub wallet_address: Option<String>,
    /// Kind of the token.
    #[serde(rename = "type")]
    pub kind: TokenKind,
    /// The session, for an access token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<Uuid>,
    /// The token, for a Personal Access Token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_id: Option<Uuid>,
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// When it ends; a Personal Access Token may never.
    #[serde(with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
}

/// A signed-in person, as `GET /auth/me` shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Id.
    pub id: Uuid,
    /// Address.
    pub email: Option<String>,
    /// Short name in URLs.
    pub username: Option<String>,
    /// Name.
    pub display_name: Option<String>,
    /// Picture.
    pub avatar_url: Option<String>,
    /// Primary wallet, lower-case.
    pub wallet_address: Option<String>,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Last change.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    /// Last sign-in.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_login_at: Option<OffsetDateTime>,
}

/// `GET /auth/me`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// The caller.
    pub user: User,
    /// Always empty: organisations do not exist yet, and existing clients read the list.
    pub organizations: Vec<Organization>,
}

/// An organisation; there are none yet.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Organization {
    /// Id.
    pub id: Uuid,
}

/// A Personal Access Token as its owner sees it; never the secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// Id.
    pub id: Uuid,
    /// What its owner calls it.
    pub name: String,
    /// Prefix and last characters.
    pub masked_token: String,
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// When it ends.
    #[serde(with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// Last use, accurate to about a minute.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_used_at: Option<OffsetDateTime>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// `GET /tokens`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Tokens {
    /// Live ones, newest first.
    pub tokens: Vec<Token>,
}

/// A token at the one moment its secret is shown.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewToken {
    /// Id.
    pub id: Uuid,
    /// What its owner calls it.
    pub name: String,
    /// The secret: shown once.
    pub token: String,
    /// Prefix and last characters.
    pub masked_token: String,
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// When it ends.
    #[serde(with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// `POST /tokens`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct TokenCreated {
    /// Always true.
    pub success: bool,
    /// The token.
    pub token: NewToken,
}

/// `GET /tokens/limits`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenLimits {
    /// Tokens that may still be made today.
    pub rate_limit: CreationLimit,
    /// Tokens that may exist.
    pub token_limit: ActiveLimit,
}

/// How many tokens may be made in a window.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreationLimit {
    /// Left now.
    pub remaining: u32,
    /// In all.
    pub limit: u32,
    /// When one more is allowed again, or the window is whole again.
    #[serde(with = "time::serde::rfc3339")]
    pub reset_at: OffsetDateTime,
}

/// How many tokens may exist.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ActiveLimit {
    /// That exist.
    pub active: u32,
    /// That may.
    pub max: u32,
}

/// `POST /auth/wallet/challenge`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Challenge {
    /// Always true.
    pub success: bool,
    /// The EIP-4361 text to sign; absent when no address was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Its nonce, alphanumeric.
    pub nonce: String,
    /// Seconds until it is void.
    pub expires_in: u64,
}

/// Who signed in.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignedInUser {
    /// Id.
    pub id: Uuid,
    /// Address.
    pub email: Option<String>,
    /// Name.
    pub display_name: Option<String>,
    /// Picture.
    pub avatar_url: Option<String>,
    /// Wallet, lower-case.
    pub wallet_address: Option<String>,
}

/// `POST /auth/wallet/verify` and `POST /auth/refresh`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignedIn {
    /// Always true.
    pub success: bool,
    /// JWT for `Authorization: Bearer`.
    pub access_token: String,
    /// Opaque; works once.
    pub refresh_token: String,
    /// Seconds until the access token is over.
    pub expires_in: u64,
    /// Who.
    pub user: SignedInUser,
}

/// `POST /auth/pat/exchange`: an access token with the rights of a Personal Access Token.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Exchanged {
    /// Always true.
    pub success: bool,
    /// JWT for `Authorization: Bearer`; dies with the Personal Access Token.
    pub access_token: String,
    /// Seconds until it is over.
    pub expires_in: u64,
}

/// The part of a problem that a caller acts on.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Failure {
    /// Its code.
    pub code: String,
    /// One sentence.
    pub detail: String,
    /// The field at fault, where one is.
    pub field: Option<String>,
}
