//! Whether a token holds: the question that other services ask for each request of theirs.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use serde::Deserialize;
use shared::api::{TokenKind, Validated};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::current_user::bearer;
use crate::error::Error;
use crate::grants::{Grant, Grants};
use crate::json::{self, Json};
use crate::state::AppState;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(validate))
        .route("/api/auth/validate", post(validate))
        .route("/tokens/validate", post(validate))
}

/// The token, unless it stands in `Authorization`.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Body<'a> {
    /// An access token or a Personal Access Token.
    #[serde(borrow)]
    token: std::borrow::Cow<'a, str>,
}

/// Whether a token holds, and whose it is.
#[utoipa::path(post, path = "/api/validate", tag = "validate", request_body = Option<Body>,
    responses(
        (status = 200, body = Validated),
        (status = 401, description = "The token does not hold: `valid` is false"),
    ),
)]
async fn validate(State(grants): State<Grants>, headers: HeaderMap, body: Bytes) -> Response {
    let grant = if body.is_empty() {
        match bearer(&headers) {
            Some(token) => grants.check(token).await,
            None => Err(Error::Unauthenticated),
        }
    } else {
        match json::parse::<Body<'_>>(&body) {
            Ok(body) => grants.check(&body.token).await,
            Err(rejection) => Err(rejection.into()),
        }
    };
    match grant {
        Ok(grant) => Json(validated(&grant)).into_response(),
        Err(error) => {
            error.log();
            error.problem().with("valid", false).into_response()
        }
    }
}

fn validated(grant: &Grant) -> Validated {
    let of = |kind| (grant.kind == kind).then_some(grant.id);
    Validated {
        valid: true,
        user_id: grant.user,
        email: grant.email.clone(),
        display_name: grant.display_name.clone(),
        wallet_address: grant.wallet_address.clone(),
        kind: grant.kind,
        session_id: of(TokenKind::Session),
        token_id: of(TokenKind::Pat),
        scopes: grant.scopes.clone(),
        expires_at: grant.expires_at,
    }
}
