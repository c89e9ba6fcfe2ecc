//! Removes rows that are of no use any more, in batches small enough to hurt nobody. Safe on any
//! number of replicas: each takes rows that no other has in hand.

use std::time::Duration;

use shared::Shutdown;
use shared::clock::Clock;
use sqlx::PgPool;
use time::OffsetDateTime;

/// Rows in one statement.
const BATCH: i64 = 500;
/// Before the first round: a start has better things to do.
const FIRST: Duration = Duration::from_mins(1);
/// Pause between rounds.
const ROUND: Duration = Duration::from_mins(10);
/// Pause between batches, so that the database breathes.
const BREATH: Duration = Duration::from_millis(50);

/// How long ended sessions stay, for questions about them.
const SESSIONS: time::Duration = time::Duration::days(30);
/// How long refresh tokens that are over stay.
const REFRESH_TOKENS: time::Duration = time::Duration::days(1);
/// How long tokens that are revoked or over stay.
const TOKENS: time::Duration = time::Duration::days(90);
/// How long logins of the command-line client that are over stay.
const CLI_LOGINS: time::Duration = time::Duration::days(1);
/// How long the audit trail goes back.
const AUDIT_EVENTS: time::Duration = time::Duration::days(400);

/// What is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Sessions, and their refresh tokens with them.
    Sessions,
    /// Refresh tokens of sessions that live on.
    RefreshTokens,
    /// Personal Access Tokens.
    Tokens,
    /// Logins of the command-line client.
    CliLogins,
    /// The audit trail.
    AuditEvents,
}

impl Kind {
    const ALL: [Self; 5] =
        [Self::Sessions, Self::RefreshTokens, Self::Tokens, Self::CliLogins, Self::AuditEvents];
}

/// Runs until `shutdown`. A round that fails is the next one's work.
pub async fn run(db: PgPool, clock: Clock, shutdown: Shutdown) {
    let work = async {
        tokio::time::sleep(FIRST).await;
        loop {
            if let Err(error) = round(&db, clock.now()).await {
                tracing::warn!(error = ?error, "clean-up failed; it is tried again later");
            }
            tokio::time::sleep(ROUND).await;
        }
    };
    // Stopping in the middle of a statement rolls that statement back.
    tokio::select! { () = work => {}, () = shutdown.cancelled() => {} }
}

/// Removes all that is due at `now`; says how many rows that were.
pub async fn round(db: &PgPool, now: OffsetDateTime) -> Result<u64, sqlx::Error> {
    let mut sum = 0;
    for kind in Kind::ALL {
        loop {
            let removed = batch(db, kind, now).await?;
            sum += removed;
            if i64::try_from(removed).is_ok_and(|removed| removed < BATCH) {
                break;
            }
            tokio::time::sleep(BREATH).await;
        }
    }
    if sum > 0 {
        tracing::info!(rows = sum, "clean-up");
    }
    Ok(sum)
}

/// Removes at most [`BATCH`] rows of one kind.
async fn batch(db: &PgPool, kind: Kind, now: OffsetDateTime) -> Result<u64, sqlx::Error> {
    let done = match kind {
        Kind::Sessions => sqlx::query!(
            "delete from auth.sessions where id in (
                 select id from auth.sessions where expires_at < $1 or revoked_at < $1
                 limit $2 for update skip locked)",
            now - SESSIONS,
            BATCH,
        ),
        Kind::RefreshTokens => sqlx::query!(
            "delete from auth.refresh_tokens where token_hash in (
                 select token_hash from auth.refresh_tokens where expires_at < $1
                 limit $2 for update skip locked)",
            now - REFRESH_TOKENS,
            BATCH,
        ),
        Kind::Tokens => sqlx::query!(
            "delete from auth.personal_access_tokens where id in (
                 select id from auth.personal_access_tokens where expires_at < $1 or revoked_at < $1
                 limit $2 for update skip locked)",
            now - TOKENS,
            BATCH,
        ),
        Kind::CliLogins => sqlx::query!(
            "delete from auth.cli_logins where id in (
                 select id from auth.cli_logins where expires_at < $1
                 limit $2 for update skip locked)",
            now - CLI_LOGINS,
            BATCH,
        ),
        // `for update` would need the right to update, which the service does not have here:
        // rows of the trail are never changed, so two replicas can only meet in deleting.
        Kind::AuditEvents => sqlx::query!(
            "delete from auth.audit_events where id in (
                 select id from auth.audit_events where created_at < $1
                 order by created_at limit $2)",
            now - AUDIT_EVENTS,
            BATCH,
        ),
    };
    done.execute(db).await.map(|done| done.rows_affected())
}
