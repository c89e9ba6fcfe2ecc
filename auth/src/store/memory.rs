//! Nonces and counters in this process: for one that runs alone, and for limits while Redis is away.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Grant, NonceRecord, Quota, StoreError};

/// Keys held at a time: a stranger can make new ones at will.
const MOST: usize = 100_000;

/// Clones share their content.
#[derive(Clone)]
pub struct Memory(Arc<Inner>);

struct Inner {
    /// Times are counted from here: the system's clock may jump, this one does not.
    start: Instant,
    nonces: Mutex<HashMap<String, (u64, NonceRecord)>>,
    counters: Mutex<HashMap<String, u64>>,
}

impl Default for Memory {
    fn default() -> Self {
        let (nonces, counters) = (Mutex::default(), Mutex::default());
        Self(Arc::new(Inner { start: Instant::now(), nonces, counters }))
    }
}

impl Memory {
    pub(super) fn put_nonce(
        &self,
        nonce: &str,
        record: &NonceRecord,
        ttl: Duration,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let until = now.saturating_add(microseconds(ttl));
        let mut nonces = self.0.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        if nonces.len() >= MOST {
            nonces.retain(|_, (until, _)| *until > now);
        }
        // Forgetting the nonce of somebody who is about to sign would be worse than to refuse.
        if nonces.len() >= MOST || nonces.contains_key(nonce) {
            return Err(StoreError);
        }
        nonces.insert(nonce.to_owned(), (until, record.clone()));
        Ok(())
    }

    pub(super) fn take_nonce(&self, nonce: &str) -> Option<NonceRecord> {
        let now = self.now();
        let mut nonces = self.0.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        nonces.remove(nonce).filter(|(until, _)| *until > now).map(|(_, record)| record)
    }

    pub(crate) fn take_permits(&self, key: &str, quota: Quota, want: u32) -> Grant {
        let now = self.now();
        let mut counters = self.0.counters.lock().unwrap_or_else(PoisonError::into_inner);
        if counters.len() >= MOST {
            counters.retain(|_, whole_at| *whole_at > now);
        }
        if counters.len() >= MOST && !counters.contains_key(key) {
            // Under such an attack the counts of some are forgotten rather than all refused; the
            // guard against floods stands before this one.
            counters.clear();
        }
        let whole_at = counters.get(key).copied().unwrap_or_default();
        let (grant, whole_at) = quota.take(whole_at, now, want);
        match counters.get_mut(key) {
            Some(kept) => *kept = whole_at,
            None => drop(counters.insert(key.to_owned(), whole_at)),
        }
        grant
    }

    /// Never 0, so that a key that is not there counts as whole.
    fn now(&self) -> u64 {
        microseconds(self.0.start.elapsed()).saturating_add(1)
    }
}

fn microseconds(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
