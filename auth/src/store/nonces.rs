//! The key of nonces and the marks of used ones, in Redis. They live and die together: a Redis that
//! may have lost a mark gets another key, and all nonces before it are void.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, ErrorKind, RedisError, RedisResult, Script, ServerErrorKind, cmd, pipe};

use crate::nonce::{SEED, Seed, fresh_seed};

const KEY: &str = "nonce:key";
const SOURCE: &str = include_str!("nonce.lua");

/// The script for both; clones share it.
#[derive(Clone)]
pub(super) struct Nonces(Arc<Script>);

/// What became of a nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marked {
    /// It is used up now, and was not before.
    Now,
    /// It was used up before, or is over.
    Before,
    /// Another key holds than the one it was checked with.
    OtherKey,
}

impl Nonces {
    pub(super) fn new() -> Self {
        Self(Arc::new(Script::new(SOURCE)))
    }

    /// The key that holds; a fresh one if there is none. Writes: a Redis that is full, loading, or a
    /// read-only replica fails.
    ///
    /// A Redis that does not know the script is not the process it was: it may have come back with
    /// an older state, or be a replica that never got the last writes. So the key it brought along
    /// goes. Whoever comes second knows that key, too, but not the one that took its place.
    pub(super) async fn key(&self, connection: &mut MultiplexedConnection) -> RedisResult<Seed> {
        // Never one that was offered before: what was signed with it would come alive again.
        let fresh = fresh_seed().map_err(std::io::Error::from)?;
        let mut call = self.call(1);
        call.arg(KEY).arg(&fresh);
        let held = match call.query_async::<Vec<u8>>(connection).await {
            Err(error) if is_unknown_script(&error) => self.begin(connection, &fresh).await?,
            answer => answer?,
        };
        <[u8; SEED]>::try_from(held)
            .map_err(|_| (ErrorKind::UnexpectedReturnType, "no key of nonces").into())
    }

    async fn begin(
        &self,
        connection: &mut MultiplexedConnection,
        fresh: &Seed,
    ) -> RedisResult<Vec<u8>> {
        // In this order: a key that was there before the script was not there is an old one.
        let mut look = pipe();
        look.get(KEY).cmd("SCRIPT").arg("EXISTS").arg(self.0.get_hash());
        let (old, [known]) = look.query_async::<(Option<Vec<u8>>, [bool; 1])>(connection).await?;
        // EVAL discards the key and makes the script known in one step.
        let mut call = cmd("EVAL");
        call.arg(SOURCE).arg(1).arg(KEY).arg(fresh);
        call.arg(old.filter(|_| !known).unwrap_or_default());
        call.query_async(connection).await
    }

    /// Uses `nonce` up until `end`, which is counted from 1970, if `key` is the name of the key that
    /// holds. One step: of any number of callers on any number of replicas one gets [`Marked::Now`].
    pub(super) async fn mark(
        &self,
        connection: &mut MultiplexedConnection,
        nonce: &str,
        key: &[u8],
        end: Duration,
    ) -> RedisResult<Marked> {
        let end = u64::try_from(end.as_millis()).unwrap_or(u64::MAX);
        let mut call = self.call(2);
        call.arg(KEY).arg(["nonce:used:", nonce].concat()).arg(key).arg(end);
        match call.query_async::<u8>(connection).await {
            Ok(0) => Ok(Marked::Now),
            Ok(1) => Ok(Marked::Before),
            Ok(_) => Ok(Marked::OtherKey),
            Err(error) if is_unknown_script(&error) => Ok(Marked::OtherKey),
            Err(error) => Err(error),
        }
    }

    fn call(&self, keys: u8) -> Cmd {
        let mut call = cmd("EVALSHA");
        call.arg(self.0.get_hash()).arg(keys);
        call
    }
}

pub(super) fn is_unknown_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}
