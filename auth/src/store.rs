//! What lives for minutes and is shared by all replicas: nonces and counters. Redis; or this
//! process's memory, for one that runs alone. The same tests run on both.

mod gcra;
mod link;
mod memory;
mod redis;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use gcra::{Grant, Quota};
pub use memory::Memory;
pub use redis::Redis;

/// What was issued under a nonce.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NonceRecord {
    /// The wallet it is bound to, lower-case; `None` for one that composes the message itself.
    pub address: Option<String>,
    /// The message as it was issued, byte for byte.
    pub message: Option<String>,
    /// The chain the challenge was asked for.
    pub chain_id: u64,
}

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

    /// Keeps `record` under `nonce` for `ttl`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_nonce(
        &self,
        nonce: &str,
        record: &NonceRecord,
        ttl: Duration,
    ) -> Result<(), StoreError> {
        match self {
            Self::Redis(redis) => redis.put_nonce(nonce, record, ttl).await,
            Self::Memory(memory) => memory.put_nonce(nonce, record, ttl),
        }
    }

    /// Hands out what is kept under `nonce`, once: of any number of callers on any number of
    /// replicas one gets it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_nonce(&self, nonce: &str) -> Result<Option<NonceRecord>, StoreError> {
        match self {
            Self::Redis(redis) => redis.take_nonce(nonce).await,
            Self::Memory(memory) => Ok(memory.take_nonce(nonce)),
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
