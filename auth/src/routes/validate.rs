//! Whether a token holds: the question that other services ask for each request of theirs.

use std::borrow::Cow;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use serde::Deserialize;
use shared::api::Validated;
use shared::request::RequestInfo;
use utoipa::ToSchema;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::current_user::bearer;
use crate::error::Error;
use crate::grants::{Grant, Grants};
use crate::json::{self, Rejection};
use crate::limits::{Class, LimitLayer, Limits};
use crate::state::AppState;

/// Names of this route; the first is the one to use.
pub(crate) const PATHS: [&str; 3] = ["/api/validate", "/api/auth/validate", "/tokens/validate"];

/// The limit of this route, under all its names.
pub(crate) fn limit(limits: &Limits) -> LimitLayer {
    limits.layer("validate", Class::Relaxed)
}

pub(crate) fn router(limit: LimitLayer) -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(validate).layer(limit.clone()))
        .route(PATHS[1], post(validate).layer(limit.clone()))
        .route(PATHS[2], post(validate).layer(limit))
}

/// The token, unless it stands in `Authorization`.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ValidateRequest<'a> {
    /// An access token or a Personal Access Token.
    #[serde(borrow)]
    token: Cow<'a, str>,
}

/// Whether a token holds, and whose it is.
#[utoipa::path(post, path = "/api/validate", tag = "validate", request_body = Option<ValidateRequest>,
    responses(
        (status = 200, body = Validated),
        (status = 401, description = "The token does not hold: `valid` is false"),
    ),
)]
async fn validate(
    State(grants): State<Grants>,
    info: RequestInfo,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let grant = match read(&headers, &body) {
        Ok(token) => grants.check(&token).await,
        Err(error) => Err(error),
    };
    match grant {
        Ok(grant) => {
            info.set_user(grant.user);
            answer(&grant)
        }
        Err(error) => {
            error.log();
            error.problem().with("valid", false).into_response()
        }
    }
}

/// The token that is asked about: in the body, or in `Authorization` if there is no body.
pub(crate) fn read<'a>(headers: &'a HeaderMap, body: &'a [u8]) -> Result<Cow<'a, str>, Error> {
    if body.is_empty() {
        return bearer(headers).map(Cow::Borrowed).ok_or(Error::Unauthenticated);
    }
    if !json::is_json(headers) {
        return Err(Rejection::MediaType.into());
    }
    Ok(json::parse::<ValidateRequest<'_>>(body)?.token)
}

/// The answer for a token that holds.
pub(crate) fn answer(grant: &Grant) -> Response {
    json::written(grant.answer.clone())
}
