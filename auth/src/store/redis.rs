//! Nonces and counters in Redis 7 or Valkey 8. Every key has an end of life; every call has one.

use std::sync::Arc;
use std::time::Duration;

use ::redis::{Client, Cmd, FromRedisValue, RedisError, Script, cmd};

use super::gcra::LEASE_SHARE;
use super::link::Link;
use super::nonces::{Marked, Nonces, is_unknown_script};
use super::{Grant, MARGIN, Quota, StoreError};
use crate::nonce::{self, Issued, Signer, Unproven};

/// A Redis that all replicas share; clones share one connection.
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    link: Link,
    nonces: Nonces,
    take: Script,
}

impl Redis {
    pub(super) async fn start(client: Client) -> Self {
        let nonces = Nonces::new();
        let link = Link::open(client, nonces.clone()).await;
        Self(Arc::new(Inner { link, nonces, take: Script::new(include_str!("gcra.lua")) }))
    }

    pub(super) fn signer(&self) -> Result<Arc<Signer>, StoreError> {
        self.0.link.signer()
    }

    pub(super) async fn use_up(
        &self,
        nonce: &str,
        life: Duration,
    ) -> Result<Option<Issued>, StoreError> {
        let Inner { link, nonces, .. } = &*self.0;
        let mut session = link.session().ok_or(StoreError)?;
        let Some(unproven) = Unproven::read(nonce) else { return Ok(None) };
        for may_be_late in [true, false] {
            if let Some(ticket) = session.signer.open(unproven) {
                let end = ticket.issued_at().saturating_add(life);
                if end <= nonce::now() {
                    return Ok(None);
                }
                let (name, connection) = (session.signer.name(), &mut session.connection);
                match link.note(nonces.mark(connection, nonce, name, end + MARGIN).await)? {
                    Marked::Now => return Ok(Some(Issued::new(session.signer, ticket))),
                    Marked::Before => return Ok(None),
                    Marked::OtherKey => {}
                }
            }
            // Not a nonce of the key that this replica knows; does that one still hold?
            if may_be_late {
                let seed = link.note(nonces.key(&mut session.connection).await)?;
                if session.signer.has(&seed) {
                    return Ok(None);
                }
                session.signer = link.note(session.signer_of(&seed))?;
                link.complain();
            }
        }
        Ok(None)
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
            Err(error) if is_unknown_script(&error) => {
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
        self.0.link.session().is_some()
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
        let mut connection = self.0.link.session().ok_or(StoreError)?.connection;
        Ok(command.query_async(&mut connection).await)
    }
}
