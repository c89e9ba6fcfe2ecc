//! Sessions: how one begins, how it goes on, how it ends.
//!
//! Every refresh locks its session's row first, so that all refreshes of one session stand in a
//! line, whichever replica they reach.

use shared::api::SignedInUser;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::config::Lives;
use crate::current_user::Client;
use crate::error::Error;
use crate::refresh::RefreshToken;

/// How long a refresh token that was used may be shown again, as long as its successor was not:
/// the answer may have been lost on the way.
const GRACE: Duration = Duration::seconds(10);

/// Why a session ended; the words of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Its owner, where it was used.
    Logout,
    /// A used refresh token came back.
    Reuse,
    /// Its owner, from elsewhere.
    User,
}

impl End {
    fn name(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::Reuse => "reuse",
            Self::User => "user",
        }
    }
}

/// A session with the refresh token that keeps it going.
pub(crate) struct Session {
    pub(crate) id: Uuid,
    pub(crate) refresh_token: RefreshToken,
}

/// Begins one.
pub(crate) async fn begin(
    db: &mut PgConnection,
    user: Uuid,
    client: &Client,
    now: OffsetDateTime,
    lives: Lives,
) -> Result<Session, Error> {
    let id = Uuid::now_v7();
    let refresh_token = RefreshToken::generate()?;
    let hash = refresh_token.hash();
    sqlx::query!(
        "with begun as (
             insert into auth.sessions
                 (id, user_id, user_agent, ip, created_at, last_used_at, expires_at)
             values ($1, $2, $3, $4::text::inet, $5, $5, $6)
             returning id
         )
         insert into auth.refresh_tokens (token_hash, session_id, created_at, expires_at)
         select $7, begun.id, $5, $8 from begun",
        id,
        user,
        client.user_agent,
        client.info.client().to_string(),
        now,
        now + lives.session,
        hash.as_slice(),
        now + lives.refresh,
    )
    .execute(db)
    .await?;
    Ok(Session { id, refresh_token })
}

/// What a refresh comes to.
pub(crate) enum Refreshed {
    /// The session goes on under a new refresh token.
    On { session: Session, user: SignedInUser },
    /// A used refresh token came back: the session is ended.
    Reused { session: Uuid, user: Uuid },
}

/// Exchanges a refresh token for its successor; a second time only while the first answer may
/// have been lost.
pub(crate) async fn refresh(
    db: &mut PgConnection,
    token: &RefreshToken,
    now: OffsetDateTime,
    lives: Lives,
) -> Result<Refreshed, Error> {
    let hash = token.hash();
    // The lock comes first, in a statement of its own: what is read next is what it protects.
    let session = sqlx::query_scalar!(
        "select id from auth.sessions
         where id = (select session_id from auth.refresh_tokens where token_hash = $1)
         for update",
        hash.as_slice(),
    )
    .fetch_optional(&mut *db)
    .await?
    .ok_or(Error::InvalidRefreshToken)?;
    let row = sqlx::query!(
        "select sessions.user_id, sessions.expires_at as ends_at, sessions.revoked_at,
                tokens.expires_at, tokens.used_at, tokens.sealed_successor,
                users.email, users.display_name, users.avatar_url, wallets.address as \"address?\"
         from auth.refresh_tokens as tokens
         join auth.sessions on sessions.id = tokens.session_id
         join auth.users on users.id = sessions.user_id
         left join auth.wallets on wallets.user_id = users.id and wallets.is_primary
         where tokens.token_hash = $1",
        hash.as_slice(),
    )
    .fetch_optional(&mut *db)
    .await?
    .filter(|row| row.revoked_at.is_none() && row.ends_at > now)
    .ok_or(Error::InvalidRefreshToken)?;

    let user = row.user_id;
    let successor = match (row.used_at, &row.sealed_successor) {
        (None, _) if row.expires_at <= now => return Err(Error::InvalidRefreshToken),
        (None, _) => rotate(db, session, token, now, row.ends_at.min(now + lives.refresh)).await?,
        (Some(used_at), Some(sealed)) if now - used_at <= GRACE => {
            match unused(db, token.open(sealed)).await? {
                Some(successor) => successor,
                None => return Ok(Refreshed::Reused { session, user }),
            }
        }
        (Some(_), _) => return Ok(Refreshed::Reused { session, user }),
    };
    Ok(Refreshed::On {
        session: Session { id: session, refresh_token: successor },
        user: SignedInUser {
            id: user,
            email: row.email,
            display_name: row.display_name,
            avatar_url: row.avatar_url,
            wallet_address: row.address,
        },
    })
}

/// Compare and set: it works for one caller, whatever the lock above is worth.
async fn rotate(
    db: &mut PgConnection,
    session: Uuid,
    token: &RefreshToken,
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<RefreshToken, Error> {
    let successor = RefreshToken::generate()?;
    let (hash, next, sealed) = (token.hash(), successor.hash(), token.seal(&successor));
    let rotated = sqlx::query!(
        "with used as (
             update auth.refresh_tokens set used_at = $3, sealed_successor = $4
             where token_hash = $1 and used_at is null
             returning session_id
         ), seen as (
             update auth.sessions set last_used_at = $3 where id in (select session_id from used)
         )
         insert into auth.refresh_tokens (token_hash, session_id, created_at, expires_at)
         select $2, used.session_id, $3, $5 from used where used.session_id = $6",
        hash.as_slice(),
        next.as_slice(),
        now,
        sealed.as_slice(),
        expires_at,
        session,
    )
    .execute(db)
    .await?;
    if rotated.rows_affected() == 1 { Ok(successor) } else { Err(Error::InvalidRefreshToken) }
}

/// `successor`, if nobody has used it.
async fn unused(
    db: &mut PgConnection,
    successor: Option<RefreshToken>,
) -> Result<Option<RefreshToken>, Error> {
    let Some(successor) = successor else { return Ok(None) };
    let hash = successor.hash();
    let is_unused = sqlx::query_scalar!(
        "select used_at is null as \"is_unused!\" from auth.refresh_tokens where token_hash = $1",
        hash.as_slice(),
    )
    .fetch_optional(db)
    .await?;
    Ok(Some(successor).filter(|_| is_unused == Some(true)))
}

/// Ends a session of `user`; `false` when there is none to end.
pub(crate) async fn end(
    db: &mut PgConnection,
    session: Uuid,
    user: Uuid,
    why: End,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let ended = sqlx::query!(
        "update auth.sessions set revoked_at = $4, revoked_reason = $3
         where id = $1 and user_id = $2 and revoked_at is null and expires_at > $4",
        session,
        user,
        why.name(),
        now,
    )
    .execute(db)
    .await?;
    Ok(ended.rows_affected() == 1)
}
