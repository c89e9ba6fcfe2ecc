//! The caller's profile, and the end of an account. Wallets are in [`methods`].

mod methods;

use axum::extract::State;
use axum::routing::get;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;
use shared::api::User;
use shared::clock::Clock;
use sqlx::PgPool;
use url::Url;
use utoipa::ToSchema;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;
use uuid::Uuid;

use crate::audit::{self, Action};
use crate::current_user::{Client, CurrentUser, SessionUser, Writer};
use crate::error::Error;
use crate::grants::revocations::Revocations;
use crate::json::Json;
use crate::limits::{Class, Limits};
use crate::state::AppState;

pub(crate) fn router(limits: &Limits) -> OpenApiRouter<AppState> {
    let limit = limits.layer("account.profile", Class::Standard);
    // Older clients know the profile as the account itself.
    let account = get(show).patch(change).delete(delete).layer(limit.clone());
    OpenApiRouter::new()
        .routes(routes!(show, change, delete).layer(limit))
        .route("/account", account)
        .merge(methods::router(limits))
}

/// The caller's account.
#[derive(Serialize, ToSchema)]
struct Profile {
    /// Its owner.
    user: ProfileUser,
}

/// The owner of an account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ProfileUser {
    #[serde(flatten)]
    user: User,
    /// How many wallets sign in to it.
    auth_methods: i64,
}

/// What is to change; what is left out stays, `null` empties.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Changes {
    /// 1 to 100 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    display_name: Field,
    /// An https URL of at most 2048 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2048, example = "https://example.org/me.png")]
    avatar_url: Field,
}

/// The changed account.
#[derive(Serialize, ToSchema)]
struct Changed {
    /// Always true.
    success: bool,
    /// The owner as they are now.
    user: ProfileUser,
}

/// Something was done.
#[derive(Serialize, ToSchema)]
struct Acknowledged {
    /// Always true.
    success: bool,
    /// What was done.
    message: &'static str,
}

/// The caller's account.
#[utoipa::path(get, path = "/account/profile", tag = "account", security(("bearer" = [])),
    responses(
        (status = 200, body = Profile),
        (status = 401, description = "Not signed in"),
        (status = 429, description = "Too many requests"),
    ),
)]
async fn show(State(db): State<PgPool>, user: CurrentUser) -> Result<Json<Profile>, Error> {
    Ok(Json(Profile { user: find(&db, user.id).await? }))
}

/// Changes name and picture.
#[utoipa::path(patch, path = "/account/profile", tag = "account", security(("bearer" = [])),
    request_body = Changes,
    responses(
        (status = 200, body = Changed),
        (status = 400, description = "The body is malformed"),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "The token may only read"),
        (status = 415, description = "The body is not JSON"),
        (status = 429, description = "Too many requests"),
    ),
)]
async fn change(
    State(db): State<PgPool>,
    State(clock): State<Clock>,
    State(revocations): State<Revocations>,
    Writer(user): Writer,
    client: Client,
    Json(changes): Json<Changes>,
) -> Result<Json<Changed>, Error> {
    let name = changes.display_name.checked(display_name)?;
    let picture = changes.avatar_url.checked(avatar_url)?;
    let mut transaction = db.begin().await?;
    sqlx::query!(
        "update auth.users
         set display_name = case when $2 then $3 else display_name end,
             avatar_url = case when $4 then $5 else avatar_url end,
             updated_at = $6
         where id = $1",
        user.id,
        name.is_given(),
        name.text(),
        picture.is_given(),
        picture.text(),
        clock.now(),
    )
    .execute(&mut *transaction)
    .await?;
    let fields = [("displayName", name.is_given()), ("avatarUrl", picture.is_given())];
    let fields = fields.iter().filter(|(_, changed)| *changed).map(|(name, _)| *name);
    let detail = json!({ "fields": fields.collect::<Vec<_>>() });
    audit::append(&mut *transaction, &client, user.id, Action::ProfileChanged, detail).await?;
    transaction.commit().await?;
    revocations.settle().await;
    Ok(Json(Changed { success: true, user: find(&db, user.id).await? }))
}

/// Deletes the account and all that belongs to it: wallets, sessions, tokens, projects, sites.
/// There is no way back.
#[utoipa::path(delete, path = "/account/profile", tag = "account", security(("bearer" = [])),
    responses(
        (status = 200, body = Acknowledged),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "A Personal Access Token may not do this"),
        (status = 429, description = "Too many requests"),
    ),
)]
async fn delete(
    State(db): State<PgPool>,
    State(revocations): State<Revocations>,
    user: SessionUser,
    client: Client,
) -> Result<Json<Acknowledged>, Error> {
    let mut transaction = db.begin().await?;
    // Everything else goes with it, by foreign keys. The trail stays: it has none.
    let gone = sqlx::query!("delete from auth.users where id = $1", user.id)
        .execute(&mut *transaction)
        .await?;
    if gone.rows_affected() == 0 {
        return Err(Error::InvalidToken);
    }
    audit::append(&mut *transaction, &client, user.id, Action::AccountDeleted, json!({})).await?;
    transaction.commit().await?;
    revocations.settle().await;
    Ok(Json(Acknowledged { success: true, message: "the account is deleted" }))
}

async fn find(db: &PgPool, user: Uuid) -> Result<ProfileUser, Error> {
    let row = sqlx::query!(
        r#"select users.id, email, username, display_name, avatar_url, users.created_at, updated_at,
                  last_login_at, max(address) filter (where is_primary) as wallet_address,
                  count(wallets.id) as "auth_methods!"
           from auth.users left join auth.wallets on wallets.user_id = users.id
           where users.id = $1 group by users.id"#,
        user,
    )
    .fetch_optional(db)
    .await?
    // Deleted between the check of the token and now.
    .ok_or(Error::InvalidToken)?;
    let user = User {
        id: row.id,
        email: row.email,
        username: row.username,
        display_name: row.display_name,
        avatar_url: row.avatar_url,
        wallet_address: row.wallet_address,
        created_at: row.created_at,
        updated_at: row.updated_at,
        last_login_at: row.last_login_at,
    };
    Ok(ProfileUser { user, auth_methods: row.auth_methods })
}

fn display_name(name: &str) -> Result<String, Error> {
    // As it was sent: a limit that looks at something else than the caller did surprises them.
    let letters = name.chars().count();
    let name = name.trim();
    // Characters that turn the direction of text around let a name pass for another.
    let misleading = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if letters > 100 || name.is_empty() || name.contains(misleading) {
        return Err(Error::Invalid { field: "displayName", detail: "1 to 100 characters" });
    }
    Ok(name.to_owned())
}

fn avatar_url(text: &str) -> Result<String, Error> {
    let is_web = Url::parse(text).is_ok_and(|url| url.scheme() == "https" && url.has_host());
    if !is_web || text.chars().count() > 2048 {
        let detail = "an https URL of at most 2048 characters";
        return Err(Error::Invalid { field: "avatarUrl", detail });
    }
    Ok(text.to_owned())
}

/// A field of a change, which tells what is `null` from what is left out.
#[derive(Default)]
enum Field {
    #[default]
    LeftOut,
    Given(Option<String>),
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Option::deserialize(from).map(Self::Given)
    }
}

impl Field {
    fn checked(self, check: impl Fn(&str) -> Result<String, Error>) -> Result<Self, Error> {
        match self {
            Self::Given(Some(text)) => check(&text).map(|text| Self::Given(Some(text))),
            other => Ok(other),
        }
    }

    fn is_given(&self) -> bool {
        matches!(self, Self::Given(_))
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Given(text) => text.as_deref(),
            Self::LeftOut => None,
        }
    }
}
