//! A token's grant, from the database.

use shared::api::{Scope, TokenKind, Validated};
use shared::jwt::{Access, Keys, LEEWAY};
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::Error;
use crate::pat;

/// Asks the database what `token` gives, and until when it may be accepted. Text that cannot be a
/// token costs no query.
pub(super) async fn look_up(
    db: &PgPool,
    keys: &Keys,
    token: &str,
    now: OffsetDateTime,
) -> Result<(Validated, Option<OffsetDateTime>), Error> {
    if token.starts_with(pat::PREFIX) {
        let hash = pat::parse(token).ok_or(Error::InvalidToken)?;
        return personal(db, &hash, now).await;
    }
    let access = keys.verify_access(token, now)?;
    match access.token_id {
        Some(id) => exchanged(db, id, &access, now).await,
        None => session(db, &access, now).await,
    }
}

/// What an access token gives that stands for a Personal Access Token: what that one gives.
async fn exchanged(
    db: &PgPool,
    id: Uuid,
    access: &Access,
    now: OffsetDateTime,
) -> Result<(Validated, Option<OffsetDateTime>), Error> {
    let hash = sqlx::query_scalar!(
        "select token_hash from auth.personal_access_tokens where id = $1 and user_id = $2",
        id,
        access.user_id,
    )
    .fetch_optional(db)
    .await?
    .and_then(|hash| <[u8; 32]>::try_from(hash).ok())
    .ok_or(Error::InvalidToken)?;
    let (validated, ends) = personal(db, &hash, now).await?;
    let own_end = OffsetDateTime::from_unix_timestamp(access.exp).unwrap_or(now);
    let expires_at = Some(ends.map_or(own_end, |at| at.min(own_end)));
    let until = ends.map_or(own_end + LEEWAY, |at| at.min(own_end + LEEWAY));
    Ok((Validated { expires_at, ..validated }, Some(until)))
}

async fn session(
    db: &PgPool,
    access: &Access,
    now: OffsetDateTime,
) -> Result<(Validated, Option<OffsetDateTime>), Error> {
    let row = sqlx::query!(
        "select users.email, users.display_name, wallets.address as \"address?\",
                sessions.expires_at
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
    let expires_at = OffsetDateTime::from_unix_timestamp(access.exp).unwrap_or(now);
    let validated = Validated {
        valid: true,
        user_id: access.user_id,
        email: row.email,
        display_name: row.display_name,
        wallet_address: row.address,
        kind: TokenKind::Session,
        session_id: Some(access.session_id),
        token_id: None,
        scopes: vec![Scope::Read, Scope::Write],
        expires_at: Some(expires_at),
    };
    Ok((validated, Some(row.expires_at.min(expires_at + LEEWAY))))
}

async fn personal(
    db: &PgPool,
    hash: &[u8; 32],
    now: OffsetDateTime,
) -> Result<(Validated, Option<OffsetDateTime>), Error> {
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
    let validated = Validated {
        valid: true,
        user_id: row.user_id,
        email: row.email,
        display_name: row.display_name,
        wallet_address: row.address,
        kind: TokenKind::Pat,
        session_id: None,
        token_id: Some(row.id),
        scopes: pat::scopes(&row.scopes),
        expires_at: row.expires_at,
    };
    Ok((validated, row.expires_at))
}
