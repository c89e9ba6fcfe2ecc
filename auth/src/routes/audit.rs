//! The trail of one's own account.

use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;
use uuid::Uuid;

use crate::current_user::CurrentUser;
use crate::error::Error;
use crate::json::Json;
use crate::limits::{Class, Limits};
use crate::state::AppState;

const DEFAULT: i64 = 50;
const MOST: i64 = 100;

pub(crate) fn router(limits: &Limits) -> OpenApiRouter<AppState> {
    let limit = limits.layer("account.audit", Class::Standard);
    OpenApiRouter::new().routes(routes!(list).layer(limit))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Page {
    /// How many events, 1 to 100; 50 unless given.
    #[param(minimum = 1, maximum = 100)]
    first: Option<i64>,
    /// `nextCursor` of the page before.
    after: Option<Uuid>,
}

/// Something that happened to an account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AuditEvent {
    /// Id; later events have greater ones.
    id: Uuid,
    /// What happened, such as `token.created`.
    action: String,
    /// Ids and names of what it happened to.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
    /// Where it was asked for.
    ip: Option<String>,
    /// By which program.
    user_agent: Option<String>,
    /// In which request.
    request_id: Option<String>,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

/// A page of the trail.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AuditTrail {
    /// Newest first.
    events: Vec<AuditEvent>,
    /// `after` of the next page; `null` at the end.
    next_cursor: Option<Uuid>,
}

/// What happened to the caller's account, newest first.
#[utoipa::path(get, path = "/account/audit", tag = "audit", params(Page), security(("bearer" = [])),
    responses(
        (status = 200, body = AuditTrail),
        (status = 400, description = "`first` or `after` is malformed"),
        (status = 401, description = "Not signed in"),
        (status = 429, description = "Too many requests"),
    ),
)]
async fn list(
    State(db): State<PgPool>,
    user: CurrentUser,
    page: Result<Query<Page>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<AuditTrail>, Error> {
    let malformed =
        Error::Invalid { field: "first, after", detail: "a number from 1 to 100, and a cursor" };
    let Ok(Query(Page { first, after })) = page else { return Err(malformed) };
    let first = first.unwrap_or(DEFAULT);
    if !(1..=MOST).contains(&first) {
        return Err(malformed);
    }
    // One more than asked for tells whether there is a next page. Ids of version 7 are in the order
    // of time.
    let mut events = sqlx::query_as!(
        AuditEvent,
        r#"select id, action, detail, host(ip) as "ip", user_agent, request_id, created_at
           from auth.audit_events
           where user_id = $1 and ($2::uuid is null or id < $2)
           order by id desc limit $3"#,
        user.id,
        after,
        first + 1,
    )
    .fetch_all(&db)
    .await?;
    let size = usize::try_from(first).unwrap_or(usize::MAX);
    let more = events.len() > size;
    events.truncate(size);
    let next_cursor = events.last().filter(|_| more).map(|event| event.id);
    Ok(Json(AuditTrail { events, next_cursor }))
}
