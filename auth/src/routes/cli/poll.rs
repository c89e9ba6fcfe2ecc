//! The client's side: it asks until there is a token. The token is made when it is fetched, in the
//! transaction that marks it as delivered, so that none is ever at rest and no two are made.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use shared::rate::Rate;
use subtle::ConstantTimeEq as _;
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::MOST_WRONG_SECRETS;
use crate::current_user::Client;
use crate::error::Error;
use crate::json::Json;
use crate::state::AppState;
use crate::tokens::{self, Mint, Name};

/// Four times what the command-line client asks (once in 2 s), and bursts of half a minute's worth.
/// Per login and secret: a neighbour behind the same address uses none of it, nor does somebody who
/// saw the id on a screen.
const RATE: Rate = Rate { count: 60, window: Duration::from_secs(30) };

pub(super) const EXPIRED: &str = "this login has expired; start again";

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(poll))
}

/// A login and what only its client knows.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Poll {
    /// Id of the login.
    verification_session_id: String,
    /// Its secret.
    poll_secret: String,
}

/// Nobody has decided yet.
#[derive(Serialize, ToSchema)]
struct Pending {
    /// Always `pending`.
    status: &'static str,
}

/// The token, this once.
#[derive(Serialize, ToSchema)]
struct Delivered {
    /// Always true.
    success: bool,
    /// A Personal Access Token.
    token: String,
}

/// Fetches the token of a login, once it is approved. Asking too fast answers 202.
#[utoipa::path(post, path = "/auth/cli/poll", tag = "cli", request_body = Poll,
    responses(
        (status = 200, body = Delivered),
        (status = 202, body = Pending),
        (status = 400, description = "The body is malformed, or the login has expired"),
        (status = 401, description = "The secret is wrong; after ten of these the login is void"),
        (status = 403, description = "The login was refused"),
        (status = 404, description = "There is no such login, or its token was fetched"),
        (status = 415, description = "The body is not JSON"),
    ),
)]
async fn poll(
    State(state): State<AppState>,
    client: Client,
    Json(poll): Json<Poll>,
) -> Result<Response, Error> {
    let (id, secret) = (poll.verification_session_id, super::hash(&poll.poll_secret));
    super::check_id(&id)?;
    let bucket = format!("{id}:{}", hex::encode(&secret[..8]));
    if !state.limits.allow("cli.poll", &bucket, RATE).await {
        return Ok(pending());
    }
    let now = state.clock.now();
    match look(&state, &id, &secret, now).await? {
        Standing::Pending => Ok(pending()),
        Standing::Approved => deliver(&state, &client, &id, now).await,
    }
}

fn pending() -> Response {
    (StatusCode::ACCEPTED, Json(Pending { status: "pending" })).into_response()
}

enum Standing {
    Pending,
    Approved,
}

async fn look(
    state: &AppState,
    id: &str,
    secret: &[u8; 32],
    now: OffsetDateTime,
) -> Result<Standing, Error> {
    let row = sqlx::query!(
        r#"select secret_hash, expires_at, refused_at is not null as "refused!",
                  approved_at is not null as "approved!", delivered_at is not null as "delivered!"
           from auth.cli_logins where id = $1 and wrong_secrets < $2"#,
        id,
        MOST_WRONG_SECRETS,
    )
    .fetch_optional(&state.db)
    .await?
    .ok_or(Error::NotFound("login"))?;
    if !bool::from(row.secret_hash.as_slice().ct_eq(secret)) {
        sqlx::query!(
            "update auth.cli_logins set wrong_secrets = wrong_secrets + 1
             where id = $1 and wrong_secrets < $2",
            id,
            MOST_WRONG_SECRETS,
        )
        .execute(&state.db)
        .await?;
        return Err(Error::WrongSecret);
    }
    if row.delivered {
        return Err(Error::NotFound("login"));
    }
    if row.refused {
        return Err(Error::LoginRefused);
    }
    if row.expires_at <= now {
        return Err(Error::Refused { code: "LOGIN_EXPIRED", detail: EXPIRED });
    }
    Ok(if row.approved { Standing::Approved } else { Standing::Pending })
}

async fn deliver(
    state: &AppState,
    client: &Client,
    id: &str,
    now: OffsetDateTime,
) -> Result<Response, Error> {
    let mut transaction = state.db.begin().await?;
    // Of several polls at once one finds the row undelivered; the others wait for it, and then not.
    let login = sqlx::query!(
        r#"update auth.cli_logins set delivered_at = $2
           where id = $1 and approved_at is not null and delivered_at is null
           returning approved_by as "user!", coalesce(token_name, name) as "name!",
                     token_expires_at"#,
        id,
        now,
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or(Error::NotFound("login"))?;
    let (user, name, scopes) = (login.user, &Name::parse(&login.name)?, &tokens::ALL);
    let mint = Mint { user, name, scopes, expires_at: login.token_expires_at };
    let token = tokens::mint(&mut transaction, mint, client, now, &state.config).await;
    let token = token.map_err(|error| match error {
        // 429 would say to try again; but this is over unless its owner does something.
        Error::TokenCreationLimit { .. } => {
            let detail = "this account has made too many tokens; try again tomorrow";
            Error::Refused { code: "RATE_LIMIT_EXCEEDED", detail }
        }
        other => other,
    })?;
    transaction.commit().await?;
    Ok(Json(Delivered { success: true, token: token.token }).into_response())
}
