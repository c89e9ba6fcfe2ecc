//! Personal Access Tokens: what they may be called, how long they live, how many there may be.

mod expiry;
mod name;

use serde_json::json;
use shared::api::{NewToken, Scope};
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

pub(crate) use expiry::Expiry;
pub(crate) use name::Name;

use crate::audit::{self, Action};
use crate::config::Config;
use crate::current_user::Client;
use crate::error::Error;
use crate::pat::{self, Plaintext};

/// Everything a token can be allowed.
pub(crate) const ALL: [Scope; 2] = [Scope::Read, Scope::Write];

/// A token to be made.
pub(crate) struct Mint<'a> {
    /// For whom.
    pub(crate) user: Uuid,
    /// What they call it.
    pub(crate) name: &'a Name,
    /// What it allows.
    pub(crate) scopes: &'a [Scope],
    /// When it ends.
    pub(crate) expires_at: Option<OffsetDateTime>,
}

/// How many tokens a user has made in the window, and has.
pub(crate) struct Counts {
    /// Made in the window, those since revoked included.
    pub(crate) made: u32,
    /// When the first of these was made.
    pub(crate) first_at: Option<OffsetDateTime>,
    /// Live now.
    pub(crate) active: u32,
}

/// Counts the tokens of `user`.
pub(crate) async fn count(
    db: &mut PgConnection,
    user: Uuid,
    window: Duration,
    now: OffsetDateTime,
) -> Result<Counts, sqlx::Error> {
    let row = sqlx::query!(
        "select count(*) filter (where created_at > $2) as \"made!\",
                min(created_at) filter (where created_at > $2) as first_at,
                count(*) filter (
                    where revoked_at is null and (expires_at is null or expires_at > $3)
                ) as \"active!\"
         from auth.personal_access_tokens where user_id = $1",
        user,
        now - window,
        now,
    )
    .fetch_one(db)
    .await?;
    let number = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(Counts { made: number(row.made), first_at: row.first_at, active: number(row.active) })
}

/// Makes a token within the limits. The caller's transaction holds the user's row from here to its
/// end, so that two requests cannot both take the last place, whichever replicas they reach.
pub(crate) async fn mint(
    db: &mut PgConnection,
    mint: Mint<'_>,
    client: &Client,
    now: OffsetDateTime,
    config: &Config,
) -> Result<NewToken, Error> {
    let Mint { user, name, scopes, expires_at } = mint;
    sqlx::query!("select id from auth.users where id = $1 for no key update", user)
        .fetch_optional(&mut *db)
        .await?
        .ok_or(Error::InvalidToken)?;
    check_limits(db, user, now, config).await?;
    let (id, plaintext) = (Uuid::now_v7(), Plaintext::generate()?);
    let (hash, names) = (plaintext.hash(), pat::scope_names(scopes));
    let masked_token = pat::mask(plaintext.last_four());
    sqlx::query!(
        "insert into auth.personal_access_tokens
             (id, user_id, name, token_hash, last_four, scopes, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        id,
        user,
        name.as_str(),
        hash.as_slice(),
        plaintext.last_four(),
        names.as_slice() as &[&str],
        now,
        expires_at,
    )
    .execute(&mut *db)
    .await?;
    let detail = json!({ "token": id, "name": name.as_str(), "scopes": scopes });
    audit::append(db, client, user, Action::TokenCreated, detail).await?;
    Ok(NewToken {
        id,
        name: name.as_str().to_owned(),
        token: plaintext.reveal(),
        masked_token,
        scopes: scopes.to_vec(),
        expires_at,
        created_at: now,
    })
}

async fn check_limits(
    db: &mut PgConnection,
    user: Uuid,
    now: OffsetDateTime,
    config: &Config,
) -> Result<(), Error> {
    let window = Duration::try_from(config.token_creation.window).unwrap_or(Duration::DAY);
    let counts = count(db, user, window, now).await?;
    if counts.made >= config.token_creation.count {
        let reset_at = counts.first_at.unwrap_or(now) + window;
        // At least one: a client that waits for 0 seconds asks again at once.
        let retry_after = (reset_at - now).whole_seconds().max(0).unsigned_abs() + 1;
        return Err(Error::TokenCreationLimit { reset_at, retry_after });
    }
    if counts.active >= config.token_active {
        return Err(Error::TooManyTokens(config.token_active));
    }
    Ok(())
}
