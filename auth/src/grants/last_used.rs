//! When tokens were last used: noted in memory, written down twice a minute in one statement a
//! kind, never by the request itself.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use shared::api::TokenKind;
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

/// How often it is written down.
pub(super) const EVERY: Duration = Duration::from_secs(30);
/// How much later than the last note a use must be to be noted again, in milliseconds.
pub(super) const APART: i64 = 30_000;

/// Uses that are not written down yet: one for each token.
#[derive(Default)]
pub(super) struct LastUsed(Mutex<Notes>);

type Notes = HashMap<(Kind, Uuid), OffsetDateTime>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Session,
    Pat,
}

impl LastUsed {
    /// Notes a use of a token.
    pub(super) fn note(&self, kind: TokenKind, id: Uuid, at: OffsetDateTime) {
        let kind = match kind {
            TokenKind::Session => Kind::Session,
            TokenKind::Pat => Kind::Pat,
        };
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        notes.insert((kind, id), at);
    }

    /// Writes all notes down; keeps them when that fails.
    pub(super) async fn write(&self, db: &PgPool) {
        let notes = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if notes.is_empty() {
            return;
        }
        if let Err(error) = write(db, &notes).await {
            tracing::warn!(error = ?error, "last uses are not written down yet");
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for (token, at) in notes {
                kept.entry(token).or_insert(at);
            }
        }
    }
}

async fn write(db: &PgPool, notes: &Notes) -> Result<(), sqlx::Error> {
    // In the order of ids: two replicas that write at once wait for each other, not in a circle.
    let of = |kind: Kind| {
        let notes = notes.iter().filter(|((of, _), _)| *of == kind);
        let mut notes = notes.map(|((_, id), at)| (*id, *at)).collect::<Vec<_>>();
        notes.sort_unstable();
        notes.into_iter().unzip::<_, _, Vec<_>, Vec<_>>()
    };
    let (ids, times) = of(Kind::Pat);
    if !ids.is_empty() {
        sqlx::query!(
            "with used as (
                 select tokens.id, used.at
                 from unnest($1::uuid[], $2::timestamptz[]) as used (id, at)
                 join auth.personal_access_tokens as tokens on tokens.id = used.id
                 where tokens.last_used_at is null or tokens.last_used_at < used.at
                 order by tokens.id for no key update of tokens
             )
             update auth.personal_access_tokens as tokens set last_used_at = used.at
             from used where tokens.id = used.id",
            &ids,
            &times,
        )
        .execute(db)
        .await?;
    }
    let (ids, times) = of(Kind::Session);
    if !ids.is_empty() {
        sqlx::query!(
            "with used as (
                 select sessions.id, used.at
                 from unnest($1::uuid[], $2::timestamptz[]) as used (id, at)
                 join auth.sessions on sessions.id = used.id
                 where sessions.last_used_at < used.at
                 order by sessions.id for no key update of sessions
             )
             update auth.sessions set last_used_at = used.at
             from used where sessions.id = used.id",
            &ids,
            &times,
        )
        .execute(db)
        .await?;
    }
    Ok(())
}
