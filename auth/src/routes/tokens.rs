//! Personal Access Tokens: make, list, delete, and how many more may be made.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::api::{
    ActiveLimit, CreationLimit, NewToken, Scope, Token, TokenCreated, TokenLimits, Tokens,
};
use shared::clock::Clock;
use sqlx::PgPool;
use time::Duration;
use utoipa::ToSchema;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;
use uuid::Uuid;

use crate::audit::{self, Action};
use crate::current_user::{Client, CurrentUser, SessionUser, Writer};
use crate::error::Error;
use crate::json::{Json, Path};
use crate::limits::{Class, Limits};
use crate::pat;
use crate::state::AppState;
use crate::tokens::{self, ALL, Expiry, Mint, Name};

pub(crate) fn router(limits: &Limits) -> OpenApiRouter<AppState> {
    let standard = |bucket| limits.layer(bucket, Class::Standard);
    OpenApiRouter::new()
        .routes(routes!(create).layer(standard("tokens.create")))
        .routes(routes!(create_flat).layer(standard("tokens.create")))
        .routes(routes!(list).layer(standard("tokens")))
        .routes(routes!(revoke).layer(standard("tokens")))
        .routes(routes!(remaining).layer(standard("tokens")))
}

/// A token to be made.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TokenRequest {
    /// What to call it: letters, digits, spaces, `-`, `_`, `.`; names may repeat.
    name: String,
    /// When it ends; 90 days from now unless the service is set otherwise.
    #[serde(default)]
    expires_at: Expiry,
    /// What it allows; both when left out.
    scopes: Option<Vec<Scope>>,
}

/// Make a token. Its secret is in this answer and never again.
#[utoipa::path(post, path = "/tokens", tag = "tokens", request_body = TokenRequest,
    responses(
        (status = 201, body = TokenCreated),
        (status = 400, description = "A bad name, expiry or scope, or too many live tokens"),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "A Personal Access Token may not do this"),
        (status = 429, description = "Too many were made today"),
    ),
    security(("session" = [])),
)]
async fn create(
    State(state): State<AppState>,
    user: SessionUser,
    client: Client,
    Json(request): Json<TokenRequest>,
) -> Result<(StatusCode, Json<TokenCreated>), Error> {
    let token = make(&state, user, &client, request).await?;
    Ok((StatusCode::CREATED, Json(TokenCreated { success: true, token })))
}

/// A new token's secret alone.
#[derive(Serialize, ToSchema)]
struct Flat {
    /// The secret: shown once.
    token: String,
}

/// Make a token, for clients that read a flat answer.
#[utoipa::path(post, path = "/auth/pat/create", tag = "tokens", request_body = TokenRequest,
    responses((status = 201, body = Flat), (status = 401, description = "Not signed in")),
    security(("session" = [])),
)]
async fn create_flat(
    State(state): State<AppState>,
    user: SessionUser,
    client: Client,
    Json(request): Json<TokenRequest>,
) -> Result<(StatusCode, Json<Flat>), Error> {
    let token = make(&state, user, &client, request).await?;
    Ok((StatusCode::CREATED, Json(Flat { token: token.token })))
}

async fn make(
    state: &AppState,
    user: SessionUser,
    client: &Client,
    request: TokenRequest,
) -> Result<NewToken, Error> {
    let now = state.clock.now();
    let name = Name::parse(&request.name)?;
    let expires_at = request.expires_at.at(now, state.config.token_life)?;
    let scopes = scopes(request.scopes)?;
    let mut db = state.db.begin().await?;
    let mint = Mint { user: user.id, name: &name, scopes: &scopes, expires_at };
    let token = tokens::mint(&mut db, mint, client, now, &state.config).await?;
    db.commit().await?;
    Ok(token)
}

/// In the order of [`ALL`], each once.
fn scopes(asked: Option<Vec<Scope>>) -> Result<Vec<Scope>, Error> {
    let Some(asked) = asked else { return Ok(ALL.to_vec()) };
    let scopes = ALL.into_iter().filter(|scope| asked.contains(scope)).collect::<Vec<_>>();
    if scopes.is_empty() {
        return Err(Error::Invalid { field: "scopes", detail: "at least one of read and write" });
    }
    Ok(scopes)
}

/// List my tokens; never their secrets.
#[utoipa::path(get, path = "/tokens", tag = "tokens",
    responses((status = 200, body = Tokens), (status = 401, description = "Not signed in")),
    security(("session" = []), ("token" = [])),
)]
async fn list(
    State(db): State<PgPool>,
    State(clock): State<Clock>,
    user: CurrentUser,
) -> Result<Json<Tokens>, Error> {
    let tokens = sqlx::query!(
        "select id, name, last_four, scopes, expires_at, last_used_at, created_at
         from auth.personal_access_tokens
         where user_id = $1 and revoked_at is null and (expires_at is null or expires_at > $2)
         order by created_at desc, id desc",
        user.id,
        clock.now(),
    )
    .map(|row| Token {
        id: row.id,
        name: row.name,
        masked_token: pat::mask(&row.last_four),
        scopes: pat::scopes(&row.scopes),
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
        created_at: row.created_at,
    })
    .fetch_all(&db)
    .await?;
    Ok(Json(Tokens { tokens }))
}

/// Delete a token of mine: it is refused from now on, everywhere.
#[utoipa::path(delete, path = "/tokens/{id}", tag = "tokens",
    params(("id" = Uuid, Path, description = "The token")),
    responses(
        (status = 200, body = Deleted),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "A token that may only read"),
        (status = 404, description = "Not one of mine"),
    ),
    security(("session" = []), ("token" = [])),
)]
async fn revoke(
    State(state): State<AppState>,
    Writer(user): Writer,
    client: Client,
    Path(id): Path<Uuid>,
) -> Result<Json<Deleted>, Error> {
    let mut db = state.db.begin().await?;
    let name = sqlx::query_scalar!(
        "update auth.personal_access_tokens set revoked_at = $3
         where id = $1 and user_id = $2 and revoked_at is null
         returning name",
        id,
        user.id,
        state.clock.now(),
    )
    .fetch_optional(&mut *db)
    .await?
    .ok_or(Error::NotFound("token"))?;
    let detail = json!({ "token": id, "name": name });
    audit::append(&mut *db, &client, user.id, Action::TokenRevoked, detail).await?;
    db.commit().await?;
    state.revocations.settle().await;
    Ok(Json(Deleted { success: true }))
}

/// It is gone.
#[derive(Serialize, ToSchema)]
struct Deleted {
    /// Always true.
    success: bool,
}

/// How many tokens I may still make, and have.
#[utoipa::path(get, path = "/tokens/limits", tag = "tokens",
    responses((status = 200, body = TokenLimits), (status = 401, description = "Not signed in")),
    security(("session" = []), ("token" = [])),
)]
async fn remaining(
    State(state): State<AppState>,
    user: CurrentUser,
) -> Result<Json<TokenLimits>, Error> {
    let (now, creation) = (state.clock.now(), state.config.token_creation);
    let window = Duration::try_from(creation.window).unwrap_or(Duration::DAY);
    let mut db = state.db.acquire().await?;
    let counts = tokens::count(&mut db, user.id, window, now).await?;
    Ok(Json(TokenLimits {
        rate_limit: CreationLimit {
            remaining: creation.count.saturating_sub(counts.made),
            limit: creation.count,
            reset_at: counts.first_at.unwrap_or(now) + window,
        },
        token_limit: ActiveLimit { active: counts.active, max: state.config.token_active },
    }))
}
