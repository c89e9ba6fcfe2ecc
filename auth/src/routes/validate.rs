//! Whether a token holds: the question that other services ask for each request of theirs.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue};
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
use crate::grants::Grants;
use crate::json::{self, Rejection};
use crate::limits::{Class, Limits};
use crate::state::AppState;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

pub(crate) fn router(limits: &Limits) -> OpenApiRouter<AppState> {
    let limit = limits.layer("validate", Class::Relaxed);
    OpenApiRouter::new()
        .routes(routes!(validate).layer(limit.clone()))
        .route("/api/auth/validate", post(validate).layer(limit.clone()))
        .route("/tokens/validate", post(validate).layer(limit))
}

/// The token, unless it stands in `Authorization`.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ValidateRequest<'a> {
    /// An access token or a Personal Access Token.
    #[serde(borrow)]
    token: std::borrow::Cow<'a, str>,
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
    let grant = if body.is_empty() {
        match bearer(&headers) {
            Some(token) => grants.check(token).await,
            None => Err(Error::Unauthenticated),
        }
    } else {
        match read(&body) {
            Ok(body) => grants.check(&body.token).await,
            Err(rejection) => Err(rejection.into()),
        }
    };
    match grant {
        Ok(grant) => {
            info.set_user(grant.user);
            let mut response = Response::new(axum::body::Body::from(grant.answer.clone()));
            response.headers_mut().insert(CONTENT_TYPE, JSON);
            response
        }
        Err(error) => {
            error.log();
            error.problem().with("valid", false).into_response()
        }
    }
}

/// Reads the body the short way, and only one that is refused the way that can say why.
fn read(body: &[u8]) -> Result<ValidateRequest<'_>, Rejection> {
    serde_json::from_slice(body).or_else(|_| json::parse(body))
}
