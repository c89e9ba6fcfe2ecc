//! Sign-in with a wallet: a challenge is answered with a signature.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::api::{NewToken, SignedIn, SignedInUser};
use sqlx::PgPool;
use utoipa::ToSchema;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::audit::{self, Action};
use crate::current_user::Client;
use crate::error::Error;
use crate::json::Json;
use crate::limits::{Class, Limits};
use crate::siwe::signed::{self, Signed};
use crate::state::AppState;
use crate::tokens::{self, Expiry, Mint, Name};
use crate::{session, sign_in};

pub(crate) fn router(limits: &Limits) -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(verify).layer(limits.layer("verify", Class::Strict)))
        .routes(routes!(siwe).layer(limits.layer("siwe", Class::Strict)))
}

/// Answer a challenge: a session begins.
#[utoipa::path(post, path = "/auth/wallet/verify", tag = "sign-in", request_body = Signed,
    responses(
        (status = 200, body = SignedIn),
        (status = 400, description = "Malformed, expired, not the issued message, or a bad signature"),
        (status = 404, description = "The nonce is unknown or used"),
        (status = 503, description = "The wallet's chain or the store of nonces is away"),
    ),
)]
async fn verify(
    State(state): State<AppState>,
    client: Client,
    Json(signed): Json<Signed>,
) -> Result<Json<SignedIn>, Error> {
    let wallet = signed::verify(&state, &signed).await?;
    let (now, lives) = (state.clock.now(), state.config.lives);
    let mut db = state.db.begin().await?;
    let user = sign_in::user_of(&mut db, &wallet, now).await?;
    let session = session::begin(&mut db, user.id, &client, now, lives).await?;
    let detail = json!({ "session": session.id, "wallet": wallet.address });
    audit::append(&mut *db, &client, user.id, Action::SignedIn, detail).await?;
    db.commit().await?;
    client.info.set_user(user.id);
    super::session::signed_in(&state.keys, &session, user, now, lives).map(Json)
}

/// A signed message, and the Personal Access Token to be made for it.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SignedTokenRequest {
    /// The text, exactly as the wallet showed it.
    message: String,
    /// Hexadecimal, with 0x.
    signature: String,
    /// What to call the token.
    name: Option<String>,
    /// When it ends: RFC 3339 or milliseconds since 1970; null for never.
    #[serde(default)]
    expires_at: Expiry,
}

/// A Personal Access Token for a signed message.
#[derive(Serialize, ToSchema)]
struct TokenForWallet {
    /// Always true.
    success: bool,
    /// The token; its secret is shown this once.
    token: NewToken,
    /// Who.
    user: SignedInUser,
}

/// Answer a challenge: a Personal Access Token is made.
#[utoipa::path(post, path = "/api/auth/siwe", tag = "sign-in", request_body = SignedTokenRequest,
    responses(
        (status = 201, body = TokenForWallet),
        (status = 400, description = "As for `/auth/wallet/verify`, or a bad name or expiry"),
        (status = 404, description = "The nonce is unknown or used"),
        (status = 429, description = "Too many tokens were made"),
    ),
)]
async fn siwe(
    State(state): State<AppState>,
    State(db): State<PgPool>,
    client: Client,
    Json(request): Json<SignedTokenRequest>,
) -> Result<(StatusCode, Json<TokenForWallet>), Error> {
    let now = state.clock.now();
    let name = Name::parse(request.name.as_deref().unwrap_or_default())?;
    let expires_at = request.expires_at.at(now, state.config.token_life)?;
    let signed = Signed { message: request.message, signature: request.signature, address: None };
    let wallet = signed::verify(&state, &signed).await?;
    let mut db = db.begin().await?;
    let user = sign_in::user_of(&mut db, &wallet, now).await?;
    let mint = Mint { user: user.id, name: &name, scopes: &tokens::ALL, expires_at };
    let token = tokens::mint(&mut db, mint, &client, now, &state.config).await?;
    db.commit().await?;
    client.info.set_user(user.id);
    Ok((StatusCode::CREATED, Json(TokenForWallet { success: true, token, user })))
}
