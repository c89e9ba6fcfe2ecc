//! Nonces and counters in Redis 7 or Valkey 8. Every key has an end of life; every call has one.

use std::sync::Arc;
use std::time::Duration;

use ::redis::{Client, Cmd, ErrorKind, FromRedisValue, RedisError, Script, ServerErrorKind, cmd};

use super::gcra::LEASE_SHARE;
use super::link::Link;
use super::{Grant, NonceRecord, Quota, StoreError};

/// A Redis that all replicas share; clones share one connection.
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    link: Link,
    take: Script,
}

impl Redis {
    pub(super) async fn start(client: Client) -> Self {
        let link = Link::open(client).await;
        Self(Arc::new(Inner { link, take: Script::new(include_str!("gcra.lua")) }))
    }

    pub(super) async fn put_nonce(
        &self,
        nonce: &str,
        record: &NonceRecord,
        ttl: Duration,
    ) -> Result<(), StoreError> {
        let record = serde_json::to_vec(record).map_err(|_| StoreError)?;
        let milliseconds = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
        let mut set = cmd("SET");
        set.arg(nonce_key(nonce)).arg(record).arg("PX").arg(milliseconds.max(1)).arg("NX");
        // A nonce has 128 bits or more: a key that exists already is a fault, not a coincidence.
        self.ask::<Option<String>>(&set).await?.map(|_| ()).ok_or(StoreError)
    }

    pub(super) async fn take_nonce(&self, nonce: &str) -> Result<Option<NonceRecord>, StoreError> {
        let mut take = cmd("GETDEL");
        take.arg(nonce_key(nonce));
        let record = self.ask::<Option<Vec<u8>>>(&take).await?;
        record.map(|text| serde_json::from_slice(&text).map_err(|_| StoreError)).transpose()
    }

    pub(super) async fn take_permits(
        &self,
        key: &str,
        quota: Quota,
        want: u32,
    ) -> Result<Grant, StoreError> {
        let mut call = cmd("EVALSHA");
        call.arg(self.0.take.get_hash()).arg(1).arg(key);
        call.arg(quota.interval()).arg(quota.count).arg(want).arg(LEASE_SHARE);
        let answer = match self.try_ask::<(u64, u64, u64)>(&call).await? {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                // A Redis that was restarted has forgotten the script.
                let mut load = cmd("SCRIPT");
                load.arg("LOAD").arg(include_str!("gcra.lua"));
                self.ask::<String>(&load).await?;
                self.ask(&call).await
            }
            other => self.0.link.note(other),
        };
        answer.map(|(taken, left, reset)| quota.grant(taken, left, reset))
    }

    pub(super) fn is_up(&self) -> bool {
        self.0.link.connection().is_some()
    }

    pub(super) async fn is_reachable(&self) -> bool {
        self.ask::<String>(&cmd("PING")).await.is_ok()
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        let answer = self.try_ask(command).await?;
        self.0.link.note(answer)
    }

    /// The outer error: there is no connection, and nobody waits for one.
    async fn try_ask<T: FromRedisValue>(
        &self,
        command: &Cmd,
    ) -> Result<Result<T, RedisError>, StoreError> {
        let mut connection = self.0.link.connection().ok_or(StoreError)?;
        Ok(command.query_async(&mut connection).await)
    }
}

fn nonce_key(nonce: &str) -> String {
    ["nonce:", nonce].concat()
}
