//! From a wallet that has proven itself to its user.

use shared::api::SignedInUser;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::Error;
use crate::siwe::signed::Wallet;

/// The user of `wallet`; the first sign-in makes one.
pub(crate) async fn user_of(
    db: &mut PgConnection,
    wallet: &Wallet,
    now: OffsetDateTime,
) -> Result<SignedInUser, Error> {
    let mut known = find(db, wallet, now).await?;
    if known.is_none() {
        // Of two first sign-ins at once, the second waits here and then finds the first.
        sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", wallet.address)
            .execute(&mut *db)
            .await?;
        known = find(db, wallet, now).await?;
    }
    let id = match known {
        Some(id) => id,
        None => create(db, wallet, now).await?,
    };
    let user = sqlx::query!(
        "update auth.users set last_login_at = $2 where id = $1
         returning email, display_name, avatar_url",
        id,
        now,
    )
    .fetch_one(db)
    .await?;
    Ok(SignedInUser {
        id,
        email: user.email,
        display_name: user.display_name,
        avatar_url: user.avatar_url,
        wallet_address: Some(wallet.address.clone()),
    })
}

async fn find(
    db: &mut PgConnection,
    wallet: &Wallet,
    now: OffsetDateTime,
) -> Result<Option<Uuid>, Error> {
    let known = sqlx::query!(
        "update auth.wallets set last_used_at = $2 where address = $1
         returning user_id, contract_chain_id",
        wallet.address,
        now,
    )
    .fetch_optional(db)
    .await?;
    let Some(known) = known else { return Ok(None) };
    wallet.is_known_as(known.contract_chain_id)?;
    Ok(Some(known.user_id))
}

async fn create(
    db: &mut PgConnection,
    wallet: &Wallet,
    now: OffsetDateTime,
) -> Result<Uuid, sqlx::Error> {
    let (user, id) = (Uuid::now_v7(), Uuid::now_v7());
    sqlx::query!(
        "with created as (
             insert into auth.users (id, created_at, updated_at) values ($1, $4, $4) returning id
         )
         insert into auth.wallets
             (id, user_id, address, contract_chain_id, is_primary, created_at, last_used_at)
         select $2, created.id, $3, $5, true, $4, $4 from created",
        user,
        id,
        wallet.address,
        now,
        wallet.contract_chain,
    )
    .execute(db)
    .await?;
    Ok(user)
}
