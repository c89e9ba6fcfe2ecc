//! What lives for minutes and is shared by all replicas: the key of nonces, which of them were used,
//! and counters. Redis; or this process's memory, for one that runs alone. The same tests run on
//! both.

mod gcra;
mod link;
mod memory;
mod nonces;
mod redis;

use std::sync::Arc;
use std::time::Duration;

use crate::nonce::{Issued, Signer};

pub use gcra::{Grant, Quota};
pub use memory::Memory;
pub use redis::Redis;

/// How much longer than its nonce a mark of use is kept: the clocks of replicas and of Redis may be
/// that far apart. Where they are further apart, nonces end early, and none is good twice.
const MARGIN: Duration = Duration::from_mins(1);

/// The store does not answer, or will not take more. Callers answer 503 or do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store for nonces and counters is not available")]
pub struct StoreError;

/// Where nonces and counters are kept; clones share it.
#[derive(Clone)]
pub enum Store {
    /// Shared by all replicas.
    Redis(Redis),
    /// Of this process alone.
    Memory(Memory),
}

impl Store {
    /// Connects in the background and waits a moment for it; a Redis that is away stops nothing.
    /// Needs a runtime.
    pub async fn redis(client: ::redis::Client) -> Self {
        Self::Redis(Redis::start(client).await)
    }

    /// One of this process's own.
    #[must_use]
    pub fn memory() -> Self {
        Self::Memory(Memory::default())
    }

    /// What signs nonces now. Asks nobody.
    ///
    /// # Errors
    /// [`StoreError`], also while it is not known whether the store would take a used nonce.
    pub fn signer(&self) -> Result<Arc<Signer>, StoreError> {
        match self {
            Self::Redis(redis) => redis.signer(),
            Self::Memory(memory) => memory.signer(),
        }
    }

    /// Uses up a nonce that was issued less than `life` ago: of any number of callers on any number
    /// of replicas one gets it. `None` for all others, and for a nonce that is over, that was
    /// changed, or that another key than today's has signed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn use_up(&self, nonce: &str, life: Duration) -> Result<Option<Issued>, StoreError> {
        match self {
            Self::Redis(redis) => redis.use_up(nonce, life).await,
            Self::Memory(memory) => memory.use_up(nonce, life),
        }
    }

    /// Takes one permit of `quota` under `key`, or up to `want` when the quota is far from used up.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_permits(
        &self,
        key: &str,
        quota: Quota,
        want: u32,
    ) -> Result<Grant, StoreError> {
        match self {
            Self::Redis(redis) => redis.take_permits(key, quota, want).await,
            Self::Memory(memory) => Ok(memory.take_permits(key, quota, want)),
        }
    }

    /// Whether it answered when last asked.
    #[must_use]
    pub fn is_up(&self) -> bool {
        match self {
            Self::Redis(redis) => redis.is_up(),
            Self::Memory(_) => true,
        }
    }

    /// Asks it; for `/health`.
    pub async fn is_reachable(&self) -> bool {
        match self {
            Self::Redis(redis) => redis.is_reachable().await,
            Self::Memory(_) => true,
        }
    }
}
