//! Makes a revocation hold on every replica, although each remembers tokens it has checked.
//!
//! The database announces every change of what a token gives (a trigger, so that cascades and
//! statements by hand count, too), and each replica listens. What is remembered is used only
//! while [`Revocations::is_current`]: for [`LEASE`] after the listener has proven that it has heard
//! everything. Who revokes waits, in [`Revocations::settle`], until every replica has said that it
//! heard, or cannot be using what it remembers any more. The argument is in
//! docs/decisions/0301-validation-cache.md.

mod listener;
mod settling;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use shared::Shutdown;
use sqlx::PgPool;
use uuid::Uuid;

use crate::config::{Config, ValidationCache};
use settling::Settling;

/// How long what is remembered may be used after a proof that nothing was missed.
pub(crate) const LEASE: Duration = Duration::from_secs(1);
/// How often such a proof is made.
const BEAT: Duration = Duration::from_millis(250);
/// Users share this many counters: a change for one makes others be looked up again, rarely.
const SLOTS: usize = 4096;

/// Clones share everything.
#[derive(Clone)]
pub struct Revocations(Option<Arc<Inner>>);

struct Inner {
    /// This replica among all.
    id: Uuid,
    db: PgPool,
    start: Instant,
    /// Nanoseconds after `start` until which what is remembered may be used; 0 for not at all.
    current_until: AtomicU64,
    /// How many changes were heard of.
    changes: AtomicU64,
    /// The same by user.
    slots: Box<[AtomicU32]>,
    settling: Settling,
}

/// The state of things before something was read from the database.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Before(u64);

/// The state of things for one user, when something about them was remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Epoch(u32);

impl Revocations {
    /// Starts listening, until `shutdown`; not at all where nothing is to be remembered.
    pub(crate) fn start(config: &Config, db: PgPool, shutdown: Shutdown) -> Self {
        if config.validation_cache == ValidationCache::Off {
            return Self(None);
        }
        let inner = Arc::new(Inner {
            id: Uuid::now_v7(),
            db,
            start: Instant::now(),
            current_until: AtomicU64::new(0),
            changes: AtomicU64::new(0),
            slots: (0..SLOTS).map(|_| AtomicU32::new(0)).collect(),
            settling: Settling::default(),
        });
        tokio::spawn(listener::run(inner.clone(), config.database_url.clone(), shutdown));
        Self(Some(inner))
    }

    /// Whether what is remembered may be used now.
    pub(crate) fn is_current(&self) -> bool {
        self.0.as_ref().is_some_and(|inner| inner.is_current())
    }

    /// To be called before the database is asked for something that will be remembered.
    pub(crate) fn before(&self) -> Option<Before> {
        let inner = self.0.as_ref()?;
        Some(Before(inner.changes.load(Ordering::SeqCst)))
    }

    /// What to remember with something that was read about `user`; `None` when a change was heard
    /// of since `before`, and it may be out of date already.
    pub(crate) fn epoch_since(&self, before: Before, user: Uuid) -> Option<Epoch> {
        let inner = self.0.as_ref()?;
        let epoch = inner.slot(user).load(Ordering::SeqCst);
        (inner.changes.load(Ordering::SeqCst) == before.0).then_some(Epoch(epoch))
    }

    /// Whether nothing about `user` changed since `epoch`.
    pub(crate) fn holds(&self, epoch: Epoch, user: Uuid) -> bool {
        self.0.as_ref().is_some_and(|inner| inner.slot(user).load(Ordering::SeqCst) == epoch.0)
    }

    /// Returns when no replica can still accept what was revoked by a transaction that was
    /// committed before the call: a few milliseconds, or [`LEASE`] when a replica was lost.
    pub(crate) async fn settle(&self) {
        if let Some(inner) = &self.0 {
            inner.settling.settle(&inner.db, inner.id).await;
        }
    }
}

impl Inner {
    fn is_current(&self) -> bool {
        self.nanoseconds(Instant::now()) < self.current_until.load(Ordering::SeqCst)
    }

    fn nanoseconds(&self, at: Instant) -> u64 {
        u64::try_from(at.duration_since(self.start).as_nanos()).unwrap_or(u64::MAX)
    }

    fn slot(&self, user: Uuid) -> &AtomicU32 {
        // The last bytes of a UUIDv7 are random.
        let [.., a, b] = user.into_bytes();
        &self.slots[usize::from(u16::from_be_bytes([a, b])) % SLOTS]
    }

    /// Something about `user` changed. The sum comes first: who read the old state and finds the
    /// user's new count must find that the sum has changed, too.
    fn changed(&self, user: Uuid) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.slot(user).fetch_add(1, Ordering::SeqCst);
    }

    /// Nobody knows what was missed: whatever is remembered is void.
    fn forget(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        for slot in &self.slots {
            slot.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Everything that was committed before `proven` was heard of.
    fn renew(&self, proven: Instant) {
        self.current_until.store(self.nanoseconds(proven + LEASE), Ordering::SeqCst);
    }

    fn lapse(&self) {
        self.current_until.store(0, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests;
