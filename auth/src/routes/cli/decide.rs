//! The approver's side of a login.

use axum::extract::State;
use axum::routing::get;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::clock::Clock;
use sqlx::{PgConnection, PgPool};
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;
use uuid::Uuid;

use super::MOST_WRONG_SECRETS;
use crate::audit::{self, Action};
use crate::current_user::{Client, SessionUser};
use crate::error::Error;
use crate::json::{Json, Path};
use crate::limits::{Class, Limits};
use crate::state::AppState;
use crate::tokens::{Expiry, Name};

/// An approval in the last moment still leaves the client time to fetch its token.
const GRACE: Duration = Duration::minutes(1);
/// Life of a token whose approver set none.
const TOKEN_LIFE: Duration = Duration::days(90);

pub(super) fn router(limits: &Limits) -> OpenApiRouter<AppState> {
    let limit = |bucket| limits.layer(bucket, Class::Standard);
    let shown = limit("cli.show");
    OpenApiRouter::new()
        .routes(routes!(show).layer(shown.clone()))
        // The same, where the site's page of approval looks for it.
        .route("/auth/cli/sessions/{id}", get(show).layer(shown))
        .routes(routes!(approve).layer(limit("cli.approve")))
        .routes(routes!(refuse).layer(limit("cli.refuse")))
}

/// Who asks to be signed in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CliLogin {
    /// Id of the login.
    verification_session_id: String,
    /// What the client calls it.
    name: String,
    /// Address of the client.
    ip: Option<String>,
    /// What the client says it is.
    user_agent: Option<String>,
    /// When it asked.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When it is over.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

/// An approval.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Approval {
    /// Id of the login.
    verification_session_id: String,
    /// Name of the token, where it is not to be the client's own.
    #[schema(max_length = 100)]
    name: Option<String>,
    /// When the token ends: RFC 3339, or milliseconds since 1970; in 90 days unless given.
    #[serde(default)]
    #[schema(required = false)]
    expires_at: Expiry,
}

/// A refusal.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Refusal {
    /// Id of the login.
    verification_session_id: String,
}

/// It is decided.
#[derive(Serialize, ToSchema)]
struct Decided {
    /// Always true.
    success: bool,
}

/// Who asks to be signed in: to be looked at before it is approved.
#[utoipa::path(get, path = "/auth/cli/{id}", tag = "cli", security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the login")),
    responses(
        (status = 200, body = CliLogin),
        (status = 400, description = "It is over, or decided already"),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "A Personal Access Token may not do this"),
        (status = 404, description = "There is no such login"),
        (status = 429, description = "Too many requests"),
    ),
)]
async fn show(
    State(db): State<PgPool>,
    State(clock): State<Clock>,
    _: SessionUser,
    Path(id): Path<String>,
) -> Result<Json<CliLogin>, Error> {
    super::check_id(&id)?;
    let row = sqlx::query!(
        r#"select id, name, host(ip) as "ip", user_agent, created_at, expires_at,
                  approved_by is not null or refused_at is not null as "decided!"
           from auth.cli_logins where id = $1 and wrong_secrets < $2"#,
        id,
        MOST_WRONG_SECRETS,
    )
    .fetch_optional(&db)
    .await?
    .ok_or(Error::NotFound("login"))?;
    open(row.decided, row.expires_at, clock.now())?;
    Ok(Json(CliLogin {
        verification_session_id: row.id,
        name: row.name,
        ip: row.ip,
        user_agent: row.user_agent,
        created_at: row.created_at,
        expires_at: row.expires_at,
    }))
}

/// Gives the client a token of the caller's account. Approving again changes nothing.
#[utoipa::path(post, path = "/auth/cli/approve", tag = "cli", security(("bearer" = [])),
    request_body = Approval,
    responses(
        (status = 200, body = Decided),
        (status = 400, description = "The body is malformed, or the login is over or decided"),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "A Personal Access Token may not do this"),
        (status = 404, description = "There is no such login"),
        (status = 409, description = "Somebody else has approved it"),
        (status = 415, description = "The body is not JSON"),
        (status = 429, description = "Too many requests"),
    ),
)]
async fn approve(
    State(db): State<PgPool>,
    State(clock): State<Clock>,
    user: SessionUser,
    client: Client,
    Json(approval): Json<Approval>,
) -> Result<Json<Decided>, Error> {
    let now = clock.now();
    let name = super::token_name(approval.name.as_deref())?;
    let name = name.as_ref().map(Name::as_str);
    let ends = approval.expires_at.at(now, TOKEN_LIFE)?;
    let id = approval.verification_session_id;
    super::check_id(&id)?;
    let mut transaction = db.begin().await?;
    let login = lock(&mut transaction, &id).await?;
    match login.approved_by {
        Some(approver) if approver == user.id => return Ok(Json(Decided { success: true })),
        Some(_) => {
            let detail = "somebody else has approved this login";
            return Err(Error::Conflict { code: "LOGIN_APPROVED", detail });
        }
        None => open(login.refused, login.expires_at, now)?,
    }
    sqlx::query!(
        "update auth.cli_logins
         set approved_by = $2, approved_at = $3, token_name = $4, token_expires_at = $5,
             expires_at = greatest(expires_at, $6)
         where id = $1",
        id,
        user.id,
        now,
        name,
        ends,
        now + GRACE,
    )
    .execute(&mut *transaction)
    .await?;
    let detail = json!({ "name": name.unwrap_or(&login.name), "ip": login.ip });
    audit::append(&mut *transaction, &client, user.id, Action::LoginApproved, detail).await?;
    transaction.commit().await?;
    Ok(Json(Decided { success: true }))
}

/// Tells the client no.
#[utoipa::path(post, path = "/auth/cli/refuse", tag = "cli", security(("bearer" = [])),
    request_body = Refusal,
    responses(
        (status = 200, body = Decided),
        (status = 400, description = "The body is malformed, or the login is over or decided"),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "A Personal Access Token may not do this"),
        (status = 404, description = "There is no such login"),
        (status = 415, description = "The body is not JSON"),
        (status = 429, description = "Too many requests"),
    ),
)]
async fn refuse(
    State(db): State<PgPool>,
    State(clock): State<Clock>,
    user: SessionUser,
    client: Client,
    Json(refusal): Json<Refusal>,
) -> Result<Json<Decided>, Error> {
    let now = clock.now();
    let id = refusal.verification_session_id;
    super::check_id(&id)?;
    let mut transaction = db.begin().await?;
    let login = lock(&mut transaction, &id).await?;
    open(login.refused || login.approved_by.is_some(), login.expires_at, now)?;
    sqlx::query!("update auth.cli_logins set refused_at = $2 where id = $1", id, now)
        .execute(&mut *transaction)
        .await?;
    let detail = json!({ "name": login.name, "ip": login.ip });
    audit::append(&mut *transaction, &client, user.id, Action::LoginRefused, detail).await?;
    transaction.commit().await?;
    Ok(Json(Decided { success: true }))
}

struct Login {
    name: String,
    ip: Option<String>,
    expires_at: OffsetDateTime,
    approved_by: Option<Uuid>,
    refused: bool,
}

/// The login, held until the transaction ends: of two who decide at once, one is first.
async fn lock(db: &mut PgConnection, id: &str) -> Result<Login, Error> {
    sqlx::query_as!(
        Login,
        r#"select name, host(ip) as "ip", expires_at, approved_by,
                  refused_at is not null as "refused!"
           from auth.cli_logins where id = $1 and wrong_secrets < $2 for update"#,
        id,
        MOST_WRONG_SECRETS,
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound("login"))
}

/// Whether it may still be decided.
fn open(decided: bool, expires_at: OffsetDateTime, now: OffsetDateTime) -> Result<(), Error> {
    if decided {
        let detail = "this login is decided already";
        return Err(Error::Refused { code: "LOGIN_DECIDED", detail });
    }
    if expires_at <= now {
        return Err(Error::Refused { code: "LOGIN_EXPIRED", detail: super::poll::EXPIRED });
    }
    Ok(())
}
