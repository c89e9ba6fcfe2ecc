//! Login of the command-line client: it starts one, a signed-in person approves it in a browser,
//! and it fetches a Personal Access Token. The approver sees who asks, from where and when: a link
//! that a stranger sent must not look like one's own login.

mod decide;
mod poll;

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use shared::clock::Clock;
use sqlx::PgPool;
use time::Duration;
use utoipa::ToSchema;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use crate::config::Config;
use crate::current_user::Client;
use crate::error::Error;
use crate::json::Json;
use crate::limits::{Class, Limits};
use crate::random;
use crate::state::AppState;
use crate::tokens::Name;

/// How long a login waits.
const LIFE: Duration = Duration::minutes(10);
/// Characters of ids and secrets: 190 bits.
const LENGTH: usize = 32;
/// What a login is called that was given no name.
const DEFAULT_NAME: &str = "CLI Login";
/// After so many wrong secrets a login is void.
const MOST_WRONG_SECRETS: i16 = 10;

pub(crate) fn router(limits: &Limits) -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(start).layer(limits.layer("cli.start", Class::Strict)))
        .merge(decide::router(limits))
        .merge(poll::router())
}

/// What is to be signed in.
#[derive(Deserialize, ToSchema)]
struct Start {
    /// Name of the token: 1 to 100 letters, digits, spaces, `-`, `_` and `.`; may be left empty.
    #[schema(max_length = 100)]
    name: Option<String>,
}

/// A login that waits for somebody to approve it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Started {
    /// Always true.
    success: bool,
    /// Its id, which may be shown.
    verification_session_id: String,
    /// With this the token is fetched: for the client alone.
    poll_secret: String,
    /// Where to approve it.
    verification_url: String,
    /// Seconds until it is over.
    expires_in: i64,
}

/// Starts a login. Ask `POST /auth/cli/poll` every 2 seconds for its token.
#[utoipa::path(post, path = "/auth/cli/start", tag = "cli", request_body = Start,
    responses(
        (status = 200, body = Started),
        (status = 400, description = "The body is malformed"),
        (status = 415, description = "The body is not JSON"),
        (status = 429, description = "Too many logins were started from this address"),
    ),
)]
async fn start(
    State(db): State<PgPool>,
    State(config): State<Arc<Config>>,
    State(clock): State<Clock>,
    client: Client,
    Json(start): Json<Start>,
) -> Result<Json<Started>, Error> {
    let name = token_name(start.name.as_deref())?;
    let name = name.as_ref().map_or(DEFAULT_NAME, Name::as_str);
    let (id, secret) = (random::alphanumeric(LENGTH)?, random::alphanumeric(LENGTH)?);
    let (now, secret_hash) = (clock.now(), hash(&secret));
    sqlx::query!(
        "insert into auth.cli_logins
             (id, secret_hash, name, ip, user_agent, created_at, expires_at)
         values ($1, $2, $3, $4::text::inet, $5, $6, $7)",
        id,
        secret_hash.as_slice(),
        name,
        client.info.client().to_string(),
        client.user_agent,
        now,
        now + LIFE,
    )
    .execute(&db)
    .await?;
    Ok(Json(Started {
        success: true,
        verification_url: format!("{}/login/{id}", config.app_url.as_str()),
        verification_session_id: id,
        poll_secret: secret,
        expires_in: LIFE.whole_seconds(),
    }))
}

/// A given name; an empty one counts as none.
fn token_name(name: Option<&str>) -> Result<Option<Name>, Error> {
    name.filter(|name| !name.trim().is_empty()).map(Name::parse).transpose()
}

/// What cannot be an id is one that no login has.
fn check_id(id: &str) -> Result<(), Error> {
    let is_id = id.len() == LENGTH && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_id { Ok(()) } else { Err(Error::NotFound("login")) }
}

/// What is stored of a secret.
fn hash(secret: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    let digest = ring::digest::digest(&ring::digest::SHA256, secret.as_bytes());
    hash.copy_from_slice(digest.as_ref());
    hash
}
