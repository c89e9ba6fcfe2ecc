//! A token's grant, from the database.

use shared::api::{Scope, TokenKind};
use shared::jwt::{Access, Keys};
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Grant;
use crate::error::Error;
use crate::pat;

/// Asks the database what `token` gives. Text that cannot be a token costs no query.
pub(crate) async fn look_up(
    db: &PgPool,
    keys: &Keys,
    token: &str,
    now: OffsetDateTime,
) -> Result<Grant, Error> {
    if token.starts_with(pat::PREFIX) {
        let hash = pat::parse(token).ok_or(Error::InvalidToken)?;
        return personal(db, &hash, now).await;
    }
    let access = keys.verify_access(token, now)?;
    if let Some(id) = access.token_id {
        return exchanged(db, id, &access, now).await;
    }
    let row = sqlx::query!(
        "select users.email, users.display_name, wallets.address as \"address?\"
         from auth.sessions
         join auth.users on users.id = sessions.user_id
         left join auth.wallets on wallets.user_id = users.id and wallets.is_primary
         where sessions.id = $1 and sessions.user_id = $2
           and sessions.revoked_at is null and sessions.expires_at > $3",
        access.session_id,
        access.user_id,
        now,
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::InvalidToken)?;
    Ok(Grant {
        user: access.user_id,
        kind: TokenKind::Session,
        id: access.session_id,
        scopes: vec![Scope::Read, Scope::Write],
        expires_at: OffsetDateTime::from_unix_timestamp(access.exp).ok(),
        email: row.email,
        display_name: row.display_name,
        wallet_address: row.address,
    })
}

/// What an access token gives that stands for a Personal Access Token: what that one gives.
async fn exchanged(
    db: &PgPool,
    id: Uuid,
    access: &Access,
    now: OffsetDateTime,
) -> Result<Grant, Error> {
    let hash = sqlx::query_scalar!(
        "select token_hash from auth.personal_access_tokens where id = $1 and user_id = $2",
        id,
        access.user_id,
    )
    .fetch_optional(db)
    .await?
    .and_then(|hash| <[u8; 32]>::try_from(hash).ok())
    .ok_or(Error::InvalidToken)?;
    let grant = personal(db, &hash, now).await?;
    let own_end = OffsetDateTime::from_unix_timestamp(access.exp).ok();
    let expires_at = grant.expires_at.into_iter().chain(own_end).min();
    Ok(Grant { expires_at, ..grant })
}

async fn personal(db: &PgPool, hash: &[u8; 32], now: OffsetDateTime) -> Result<Grant, Error> {
    let row = sqlx::query!(
        "select tokens.id, tokens.user_id, tokens.scopes, tokens.expires_at, tokens.revoked_at,
                users.email, users.display_name, wallets.address as \"address?\"
         from auth.personal_access_tokens as tokens
         join auth.users on users.id = tokens.user_id
         left join auth.wallets on wallets.user_id = users.id and wallets.is_primary
         where tokens.token_hash = $1",
        hash.as_slice(),
    )
    .fetch_optional(db)
    .await?
    .filter(|row| row.revoked_at.is_none())
    .ok_or(Error::InvalidToken)?;
    if row.expires_at.is_some_and(|at| at <= now) {
        return Err(Error::TokenExpired);
    }
    Ok(Grant {
        user: row.user_id,
        kind: TokenKind::Pat,
        id: row.id,
        scopes: crate::pat::scopes(&row.scopes),
        expires_at: row.expires_at,
        email: row.email,
        display_name: row.display_name,
        wallet_address: row.address,
    })
}
