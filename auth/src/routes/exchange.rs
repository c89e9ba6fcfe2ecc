//! A Personal Access Token for an access token: for programs that want to keep the long-lived one
//! out of their requests.

use axum::extract::State;
use serde::Deserialize;
use shared::api::{Exchanged, TokenKind};
use utoipa::ToSchema;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::error::Error;
use crate::json::Json;
use crate::limits::{Class, Limits};
use crate::pat;
use crate::state::AppState;

pub(crate) fn router(limits: &Limits) -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(exchange).layer(limits.layer("tokens.exchange", Class::Standard)))
}

/// What to exchange.
#[derive(Deserialize, ToSchema)]
struct ExchangeRequest {
    /// A Personal Access Token.
    token: String,
}

/// Get an access token with the rights of a Personal Access Token. It lives as long as those of a
/// session, at most as long as the Personal Access Token, and dies with it; it cannot be refreshed
/// and cannot do what a Personal Access Token may not do.
#[utoipa::path(post, path = "/auth/pat/exchange", tag = "tokens", request_body = ExchangeRequest,
    responses(
        (status = 200, body = Exchanged),
        (status = 401, description = "The token does not hold"),
    ),
)]
async fn exchange(
    State(state): State<AppState>,
    Json(request): Json<ExchangeRequest>,
) -> Result<Json<Exchanged>, Error> {
    // An access token is refused: exchanged over and over, one would never end.
    if !request.token.starts_with(pat::PREFIX) {
        return Err(Error::InvalidToken);
    }
    let grant = state.grants.check(&request.token).await?;
    if grant.kind != TokenKind::Pat {
        return Err(Error::InvalidToken);
    }
    let now = state.clock.now();
    let left = grant.expires_at.map_or(state.config.lives.access, |at| at - now);
    let life = left.min(state.config.lives.access);
    let signed = state.keys.sign_exchanged(grant.user, grant.id, now, life);
    let access_token = signed.map_err(|_| Error::Signing)?;
    let expires_in = u64::try_from(life.whole_seconds()).unwrap_or_default();
    Ok(Json(Exchanged { success: true, access_token, expires_in }))
}
