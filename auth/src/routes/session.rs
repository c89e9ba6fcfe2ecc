//! Sessions: refresh, log out, see and end one's own; who am I.

use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::api::{Me, SignedIn, SignedInUser, User};
use shared::clock::Clock;
use shared::jwt::Keys;
use sqlx::PgPool;
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;
use uuid::Uuid;

use crate::audit::{self, Action};
use crate::config::Lives;
use crate::current_user::{Client, CurrentUser, SessionUser, bearer};
use crate::error::Error;
use crate::json::{Json, OptionalJson, Path};
use crate::limits::{Class, Limits};
use crate::refresh::RefreshToken;
use crate::session::{self, End, Refreshed, Session};
use crate::state::AppState;

pub(crate) fn router(limits: &Limits) -> OpenApiRouter<AppState> {
    let standard = |bucket| limits.layer(bucket, Class::Standard);
    OpenApiRouter::new()
        .routes(routes!(refresh).layer(standard("refresh")))
        .routes(routes!(logout).layer(standard("logout")))
        .routes(routes!(me).layer(limits.layer("me", Class::Relaxed)))
        .routes(routes!(list).layer(standard("sessions")))
        .routes(routes!(revoke).layer(standard("sessions")))
}

/// The tokens of a session, as sign-in and refresh answer them.
pub(super) fn signed_in(
    keys: &Keys,
    session: &Session,
    user: SignedInUser,
    now: OffsetDateTime,
    lives: Lives,
) -> Result<SignedIn, Error> {
    let access_token =
        keys.sign_access(user.id, session.id, now, lives.access).map_err(|_| Error::Signing)?;
    Ok(SignedIn {
        success: true,
        access_token,
        refresh_token: session.refresh_token.reveal(),
        expires_in: lives.access.whole_seconds().unsigned_abs(),
        user,
    })
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RefreshRequest {
    /// The last one this client was given.
    refresh_token: String,
}

/// Exchange a refresh token for new tokens. Each works once; one that comes back ends the session.
#[utoipa::path(post, path = "/auth/refresh", tag = "session", request_body = RefreshRequest,
    responses(
        (status = 200, body = SignedIn),
        (status = 401, description = "Unknown, used, over, or of a session that ended"),
    ),
)]
async fn refresh(
    State(state): State<AppState>,
    client: Client,
    Json(request): Json<RefreshRequest>,
) -> Result<Json<SignedIn>, Error> {
    let token = RefreshToken::parse(&request.refresh_token).ok_or(Error::InvalidRefreshToken)?;
    let (now, lives) = (state.clock.now(), state.config.lives);
    let mut db = state.db.begin().await?;
    match session::refresh(&mut db, &token, now, lives).await? {
        Refreshed::On { session, user } => {
            db.commit().await?;
            client.info.set_user(user.id);
            signed_in(&state.keys, &session, user, now, lives).map(Json)
        }
        Refreshed::Reused { session, user } => {
            session::end(&mut db, session, user, End::Reuse, now).await?;
            let detail = json!({ "session": session });
            audit::append(&mut *db, &client, user, Action::RefreshReused, detail).await?;
            db.commit().await?;
            state.revocations.settle().await;
            client.info.set_user(user);
            tracing::warn!(%session, "a used refresh token came back: its session is ended");
            Err(Error::InvalidRefreshToken)
        }
    }
}

/// What to log out of.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LogoutRequest {
    /// A refresh token of the session, for a client whose access token is over.
    refresh_token: Option<String>,
}

/// It is done.
#[derive(Serialize, ToSchema)]
struct Done {
    /// Always true.
    success: bool,
}

/// End the session of the access token, or of the refresh token in the body.
#[utoipa::path(post, path = "/auth/logout", tag = "session", request_body = Option<LogoutRequest>,
    responses(
        (status = 200, body = Done, description = "It is ended; a Personal Access Token has none"),
        (status = 401, description = "Neither token is of a session that lives"),
    ),
    security(("session" = []), ("token" = []), ()),
)]
async fn logout(
    State(state): State<AppState>,
    client: Client,
    headers: HeaderMap,
    OptionalJson(request): OptionalJson<LogoutRequest>,
) -> Result<Json<Done>, Error> {
    let by_refresh = match request.refresh_token.as_deref() {
        Some(token) => of_refresh_token(&state.db, token).await?,
        None => None,
    };
    let by_access = match bearer(&headers) {
        Some(token) => state.grants.check(token).await.map(Some),
        None => Ok(None),
    };
    let session = match (by_refresh, by_access) {
        (Some(session), _) => session,
        (None, Ok(Some(grant))) => match grant.session() {
            Some(session) => (session, grant.user),
            // A Personal Access Token has no session, and ends by being deleted.
            None => return Ok(Json(Done { success: true })),
        },
        (None, Ok(None)) if request.refresh_token.is_some() => {
            return Err(Error::InvalidRefreshToken);
        }
        (None, Ok(None)) => return Err(Error::Unauthenticated),
        (None, Err(error)) => return Err(error),
    };
    end(&state, &client, session, End::Logout, Action::LoggedOut).await?;
    Ok(Json(Done { success: true }))
}

async fn of_refresh_token(db: &PgPool, token: &str) -> Result<Option<(Uuid, Uuid)>, Error> {
    let Some(token) = RefreshToken::parse(token) else { return Ok(None) };
    let hash = token.hash();
    let row = sqlx::query!(
        "select sessions.id, sessions.user_id from auth.refresh_tokens as tokens
         join auth.sessions on sessions.id = tokens.session_id
         where tokens.token_hash = $1 and sessions.revoked_at is null",
        hash.as_slice(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.id, row.user_id)))
}

async fn end(
    state: &AppState,
    client: &Client,
    (session, user): (Uuid, Uuid),
    why: End,
    action: Action,
) -> Result<bool, Error> {
    client.info.set_user(user);
    let mut db = state.db.begin().await?;
    if !session::end(&mut db, session, user, why, state.clock.now()).await? {
        return Ok(false);
    }
    audit::append(&mut *db, client, user, action, json!({ "session": session })).await?;
    db.commit().await?;
    state.revocations.settle().await;
    Ok(true)
}

/// Who am I.
#[utoipa::path(get, path = "/auth/me", tag = "session",
    responses((status = 200, body = Me), (status = 401, description = "Not signed in")),
    security(("session" = []), ("token" = [])),
)]
async fn me(State(db): State<PgPool>, user: CurrentUser) -> Result<Json<Me>, Error> {
    let user = sqlx::query_as!(
        User,
        "select users.id, users.email, users.username, users.display_name, users.avatar_url,
                wallets.address as \"wallet_address?\", users.created_at, users.updated_at,
                users.last_login_at
         from auth.users
         left join auth.wallets on wallets.user_id = users.id and wallets.is_primary
         where users.id = $1",
        user.id,
    )
    .fetch_optional(&db)
    .await?
    .ok_or(Error::InvalidToken)?;
    Ok(Json(Me { user, organizations: Vec::new() }))
}

/// A session as its owner sees it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OwnSession {
    /// Id.
    id: Uuid,
    /// Whether this request came with it.
    current: bool,
    /// What program began it.
    user_agent: Option<String>,
    /// From where.
    ip: Option<String>,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// Last refresh.
    #[serde(with = "time::serde::rfc3339")]
    last_used_at: OffsetDateTime,
    /// When it ends, however often it is refreshed.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

/// Own sessions.
#[derive(Serialize, ToSchema)]
struct OwnSessions {
    /// Live ones, newest first.
    sessions: Vec<OwnSession>,
}

/// List my sessions.
#[utoipa::path(get, path = "/auth/sessions", tag = "session",
    responses((status = 200, body = OwnSessions), (status = 401, description = "Not signed in")),
    security(("session" = []), ("token" = [])),
)]
async fn list(
    State(db): State<PgPool>,
    State(clock): State<Clock>,
    user: CurrentUser,
) -> Result<Json<OwnSessions>, Error> {
    let sessions = sqlx::query_as!(
        OwnSession,
        "select id, id is not distinct from $2::uuid as \"current!\", user_agent, host(ip) as ip,
                created_at, last_used_at, expires_at
         from auth.sessions
         where user_id = $1 and revoked_at is null and expires_at > $3
         order by created_at desc
         limit 200",
        user.id,
        user.session,
        clock.now(),
    )
    .fetch_all(&db)
    .await?;
    Ok(Json(OwnSessions { sessions }))
}

/// End one of my sessions.
#[utoipa::path(delete, path = "/auth/sessions/{id}", tag = "session",
    params(("id" = Uuid, Path, description = "The session")),
    responses(
        (status = 200, body = Done),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "A Personal Access Token may not do this"),
        (status = 404, description = "Not one of mine"),
    ),
    security(("session" = [])),
)]
async fn revoke(
    State(state): State<AppState>,
    user: SessionUser,
    client: Client,
    Path(id): Path<Uuid>,
) -> Result<Json<Done>, Error> {
    if end(&state, &client, (id, user.id), End::User, Action::SessionRevoked).await? {
        Ok(Json(Done { success: true }))
    } else {
        Err(Error::NotFound("session"))
    }
}
