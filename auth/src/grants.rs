//! What a presented token gives: who its bearer is and what they may do.
//!
//! [`Grants::check`] is the one place that decides whether a token holds, for `/api/validate` and
//! for this service's own routes alike. Tokens that held are remembered; see [`revocations`].

mod last_used;
mod lookup;
pub(crate) mod revocations;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use quick_cache::sync::Cache;
use ring::digest::{SHA256, digest};
use shared::Shutdown;
use shared::api::{Scope, TokenKind, Validated};
use shared::clock::{Clock, milliseconds};
use shared::jwt::Keys;
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::Error;
use last_used::LastUsed;
use revocations::{Epoch, Revocations};

/// Tokens that are remembered; about 1 KiB each.
const MOST_REMEMBERED: usize = 20_000;
/// How long one is remembered without a look at the database, in milliseconds.
const MEMORY: i64 = 5 * 60 * 1000;

/// A token that holds.
#[derive(Debug)]
pub struct Grant {
    /// Whose.
    pub(crate) user: Uuid,
    /// Kind of the token.
    pub(crate) kind: TokenKind,
    /// The session or the Personal Access Token.
    pub(crate) id: Uuid,
    /// What it allows.
    pub(crate) scopes: Vec<Scope>,
    /// When it ends.
    pub(crate) expires_at: Option<OffsetDateTime>,
    /// The answer of `/api/validate`, as JSON.
    pub(crate) answer: Bytes,
    /// It holds until then, and no longer is it remembered: milliseconds since 1970.
    until: i64,
    /// When a use was last noted: milliseconds since 1970.
    noted: AtomicI64,
}

impl Grant {
    fn new(validated: &Validated, until: i64) -> Result<Self, Error> {
        let id = validated.session_id.or(validated.token_id).unwrap_or_default();
        Ok(Self {
            user: validated.user_id,
            kind: validated.kind,
            id,
            scopes: validated.scopes.clone(),
            expires_at: validated.expires_at,
            answer: serde_json::to_vec(validated).map_err(|_| Error::Signing)?.into(),
            until,
            noted: AtomicI64::new(0),
        })
    }

    /// The session, if it is one's token.
    pub(crate) fn session(&self) -> Option<Uuid> {
        (self.kind == TokenKind::Session).then_some(self.id)
    }
}

/// A grant that is remembered, and since when.
#[derive(Clone)]
struct Remembered {
    grant: Arc<Grant>,
    epoch: Epoch,
}

/// Checks tokens. Clones share everything.
#[derive(Clone)]
pub struct Grants(Arc<Inner>);

struct Inner {
    db: PgPool,
    keys: Arc<Keys>,
    clock: Clock,
    revocations: Revocations,
    /// By SHA-256 of the token: the secret itself is not kept.
    remembered: Cache<[u8; 32], Remembered>,
    last_used: LastUsed,
}

impl Grants {
    /// Starts what runs beside the requests, until `shutdown`.
    pub(crate) fn start(
        db: PgPool,
        keys: Arc<Keys>,
        clock: Clock,
        revocations: Revocations,
        shutdown: &Shutdown,
    ) -> Self {
        let remembered = Cache::new(MOST_REMEMBERED);
        let last_used = LastUsed::default();
        let grants = Self(Arc::new(Inner { db, keys, clock, revocations, remembered, last_used }));
        let (writer, shutdown) = (grants.clone(), shutdown.clone());
        tokio::spawn(async move {
            let work = async {
                loop {
                    tokio::time::sleep(last_used::EVERY).await;
                    writer.flush().await;
                }
            };
            tokio::select! { () = work => {}, () = shutdown.cancelled() => {} }
        });
        grants
    }

    /// Whether `token` holds, and what it gives.
    pub(crate) async fn check(&self, token: &str) -> Result<Arc<Grant>, Error> {
        match self.recall(token) {
            Some(grant) => Ok(grant),
            None => self.look_up(token).await,
        }
    }

    /// What is remembered of `token`, if it still holds: no await, no query, no signature.
    pub(crate) fn recall(&self, token: &str) -> Option<Arc<Grant>> {
        let inner = &*self.0;
        if !inner.revocations.is_current() {
            return None;
        }
        let Remembered { grant, epoch } = inner.remembered.get(&key(token))?;
        let now = inner.clock.now();
        if milliseconds(now) >= grant.until || !inner.revocations.holds(epoch, grant.user) {
            return None;
        }
        inner.note(&grant, now);
        Some(grant)
    }

    /// Whether a check of `token` would cost a look at the database: for tests.
    #[must_use]
    pub fn is_remembered(&self, token: &str) -> bool {
        self.recall(token).is_some()
    }

    async fn look_up(&self, token: &str) -> Result<Arc<Grant>, Error> {
        let inner = &*self.0;
        let now = inner.clock.now();
        let before = inner.revocations.before();
        let (validated, ends) = lookup::look_up(&inner.db, &inner.keys, token, now).await?;
        let until = ends.map_or(i64::MAX, milliseconds).min(milliseconds(now) + MEMORY);
        let grant = Arc::new(Grant::new(&validated, until)?);
        if let Some(before) = before
            && let Some(epoch) = inner.revocations.epoch_since(before, grant.user)
        {
            inner.remembered.insert(key(token), Remembered { grant: grant.clone(), epoch });
        }
        inner.note(&grant, now);
        Ok(grant)
    }

    /// Writes last uses down now.
    pub(crate) async fn flush(&self) {
        self.0.last_used.write(&self.0.db).await;
    }
}

impl Inner {
    fn note(&self, grant: &Grant, now: OffsetDateTime) {
        let at = milliseconds(now);
        if at - grant.noted.load(Ordering::Relaxed) >= last_used::APART {
            grant.noted.store(at, Ordering::Relaxed);
            self.last_used.note(grant.kind, grant.id, now);
        }
    }
}

fn key(token: &str) -> [u8; 32] {
    let mut key = [0; 32];
    key.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    key
}
