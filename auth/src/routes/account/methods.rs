//! The wallets of an account: any of them signs in to it. Only a session may change them: who can
//! link a wallet can sign in, and a Personal Access Token must not grow into that.

use axum::extract::State;
use serde::Serialize;
use serde_json::json;
use shared::clock::Clock;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;
use uuid::Uuid;

use super::Acknowledged;
use crate::audit::{self, Action};
use crate::current_user::{Client, CurrentUser, SessionUser};
use crate::error::Error;
use crate::grants::revocations::Revocations;
use crate::json::{Json, Path};
use crate::limits::{Class, Limits};
use crate::siwe::signed::{self, Signed};
use crate::state::AppState;

/// Wallets of one account; the list has no pages.
const MOST: i64 = 20;

pub(super) fn router(limits: &Limits) -> OpenApiRouter<AppState> {
    let limit = |bucket| limits.layer(bucket, Class::Standard);
    OpenApiRouter::new()
        .routes(routes!(list).layer(limit("account.methods")))
        .routes(routes!(link).layer(limit("account.methods.link")))
        .routes(routes!(unlink).layer(limit("account.methods.unlink")))
        .routes(routes!(set_primary).layer(limit("account.methods.primary")))
}

/// A way to sign in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Method {
    /// Id.
    id: Uuid,
    /// Always `wallet`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Always `ethereum`.
    provider: &'static str,
    /// The address, lower-case.
    identifier: String,
    /// Always true: it has signed.
    verified: bool,
    /// Whether it is the one that is shown.
    is_primary: bool,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// Last sign-in with it.
    #[serde(with = "time::serde::rfc3339::option")]
    last_used_at: Option<OffsetDateTime>,
}

/// The ways to sign in to an account.
#[derive(Serialize, ToSchema)]
struct Methods {
    /// The primary one first, then the oldest.
    methods: Vec<Method>,
}

/// A wallet was linked.
#[derive(Serialize, ToSchema)]
struct Linked {
    /// Always true.
    success: bool,
    /// The wallet.
    method: Method,
}

/// The wallets of the caller's account.
#[utoipa::path(get, path = "/account/methods", tag = "account", security(("bearer" = [])),
    responses(
        (status = 200, body = Methods),
        (status = 401, description = "Not signed in"),
        (status = 429, description = "Too many requests"),
    ),
)]
async fn list(State(db): State<PgPool>, user: CurrentUser) -> Result<Json<Methods>, Error> {
    let rows = sqlx::query_as!(
        Wallet,
        "select id, address, is_primary, created_at, last_used_at from auth.wallets
         where user_id = $1 order by is_primary desc, created_at, id",
        user.id,
    )
    .fetch_all(&db)
    .await?;
    Ok(Json(Methods { methods: rows.into_iter().map(Wallet::shown).collect() }))
}

/// Links the wallet that signed a message of `POST /auth/wallet/challenge`. Linking one's own
/// wallet again changes nothing.
#[utoipa::path(post, path = "/account/methods/wallet", tag = "account", security(("bearer" = [])),
    request_body = Signed,
    responses(
        (status = 200, body = Linked),
        (status = 400, description = "The message or signature is not good, or there are too many"),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "A Personal Access Token may not do this"),
        (status = 404, description = "The challenge is unknown or was used"),
        (status = 409, description = "The wallet belongs to another account"),
        (status = 415, description = "The body is not JSON"),
        (status = 429, description = "Too many requests"),
        (status = 503, description = "Challenges cannot be looked up now"),
    ),
)]
async fn link(
    State(state): State<AppState>,
    user: SessionUser,
    client: Client,
    Json(signed): Json<Signed>,
) -> Result<Json<Linked>, Error> {
    let address = signed::verify(&state, &signed).await?.address;
    let mut transaction = state.db.begin().await?;
    let count = lock(&mut transaction, user.id).await?;
    let added = sqlx::query_as!(
        Wallet,
        "insert into auth.wallets (id, user_id, address, created_at)
         values ($1, $2, $3, $4) on conflict (address) do nothing
         returning id, address, is_primary, created_at, last_used_at",
        Uuid::now_v7(),
        user.id,
        address,
        state.clock.now(),
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(wallet) = added else {
        let own = find(&mut transaction, user.id, &address).await?;
        let taken = "this wallet belongs to another account";
        let wallet = own.ok_or(Error::Conflict { code: "WALLET_TAKEN", detail: taken })?;
        return Ok(Json(Linked { success: true, method: wallet.shown() }));
    };
    if count >= MOST {
        let detail = "an account has at most 20 wallets; unlink one first";
        return Err(Error::Refused { code: "TOO_MANY_WALLETS", detail });
    }
    let detail = json!({ "address": wallet.address });
    audit::append(&mut *transaction, &client, user.id, Action::WalletLinked, detail).await?;
    transaction.commit().await?;
    Ok(Json(Linked { success: true, method: wallet.shown() }))
}

/// Unlinks a wallet: it no longer signs in. The last one stays.
#[utoipa::path(delete, path = "/account/methods/{id}", tag = "account", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "Id of the wallet")),
    responses(
        (status = 200, body = Acknowledged),
        (status = 400, description = "It is the last one"),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "A Personal Access Token may not do this"),
        (status = 404, description = "The account has no such wallet"),
        (status = 429, description = "Too many requests"),
    ),
)]
async fn unlink(
    State(db): State<PgPool>,
    State(revocations): State<Revocations>,
    user: SessionUser,
    client: Client,
    Path(id): Path<Uuid>,
) -> Result<Json<Acknowledged>, Error> {
    let mut transaction = db.begin().await?;
    // The lock keeps two requests from removing the last two at once.
    let count = lock(&mut transaction, user.id).await?;
    let wallet = sqlx::query!(
        "delete from auth.wallets where id = $1 and user_id = $2 returning address, is_primary",
        id,
        user.id,
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or(Error::NotFound("wallet"))?;
    if count <= 1 {
        let detail = "the last wallet cannot be removed: nobody could sign in any more";
        return Err(Error::Refused { code: "LAST_METHOD", detail });
    }
    if wallet.is_primary {
        sqlx::query!(
            "update auth.wallets set is_primary = true where id = (
                 select id from auth.wallets where user_id = $1 order by created_at, id limit 1)",
            user.id,
        )
        .execute(&mut *transaction)
        .await?;
    }
    let detail = json!({ "address": wallet.address });
    audit::append(&mut *transaction, &client, user.id, Action::WalletRemoved, detail).await?;
    transaction.commit().await?;
    revocations.settle().await;
    Ok(Json(Acknowledged { success: true, message: "the wallet is unlinked" }))
}

/// Makes a wallet the primary one, which is shown as the account's address.
#[utoipa::path(post, path = "/account/methods/{id}/set-primary", tag = "account",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "Id of the wallet")),
    responses(
        (status = 200, body = Acknowledged),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "A Personal Access Token may not do this"),
        (status = 404, description = "The account has no such wallet"),
        (status = 429, description = "Too many requests"),
    ),
)]
async fn set_primary(
    State(db): State<PgPool>,
    State(clock): State<Clock>,
    State(revocations): State<Revocations>,
    user: SessionUser,
    client: Client,
    Path(id): Path<Uuid>,
) -> Result<Json<Acknowledged>, Error> {
    let mut transaction = db.begin().await?;
    lock(&mut transaction, user.id).await?;
    sqlx::query!(
        "update auth.wallets set is_primary = false where user_id = $1 and is_primary and id <> $2",
        user.id,
        id,
    )
    .execute(&mut *transaction)
    .await?;
    let wallet = sqlx::query!(
        "update auth.wallets set is_primary = true where id = $1 and user_id = $2 returning address",
        id,
        user.id,
    )
    .fetch_optional(&mut *transaction)
    .await?
    // Dropping the transaction takes the first statement back.
    .ok_or(Error::NotFound("wallet"))?;
    sqlx::query!("update auth.users set updated_at = $2 where id = $1", user.id, clock.now())
        .execute(&mut *transaction)
        .await?;
    let detail = json!({ "address": wallet.address });
    audit::append(&mut *transaction, &client, user.id, Action::WalletPromoted, detail).await?;
    transaction.commit().await?;
    revocations.settle().await;
    Ok(Json(Acknowledged { success: true, message: "this is the primary wallet now" }))
}

struct Wallet {
    id: Uuid,
    address: String,
    is_primary: bool,
    created_at: OffsetDateTime,
    last_used_at: Option<OffsetDateTime>,
}

impl Wallet {
    fn shown(self) -> Method {
        let Self { id, address, is_primary, created_at, last_used_at } = self;
        Method {
            id,
            kind: "wallet",
            provider: "ethereum",
            identifier: address,
            verified: true,
            is_primary,
            created_at,
            last_used_at,
        }
    }
}

/// Holds the account until the transaction ends; says how many wallets it has.
async fn lock(db: &mut PgConnection, user: Uuid) -> Result<i64, Error> {
    sqlx::query!("select id from auth.users where id = $1 for update", user)
        .fetch_optional(&mut *db)
        .await?
        // Deleted between the check of the token and now.
        .ok_or(Error::InvalidToken)?;
    let sql = sqlx::query_scalar!("select count(*) from auth.wallets where user_id = $1", user);
    Ok(sql.fetch_one(&mut *db).await?.unwrap_or_default())
}

async fn find(
    db: &mut PgConnection,
    user: Uuid,
    address: &str,
) -> Result<Option<Wallet>, sqlx::Error> {
    sqlx::query_as!(
        Wallet,
        "select id, address, is_primary, created_at, last_used_at from auth.wallets
         where user_id = $1 and address = $2",
        user,
        address,
    )
    .fetch_optional(db)
    .await
}
