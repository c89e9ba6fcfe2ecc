//! Nonces and counters in this process: for one that runs alone, and for limits while Redis is away.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::{Grant, MARGIN, Quota, StoreError};
use crate::nonce::{self, Issued, Signer, Unproven};

/// Keys held at a time: a stranger can make new ones at will.
const MOST: usize = 100_000;

/// Clones share their content.
#[derive(Clone)]
pub struct Memory(Arc<Inner>);

struct Inner {
    /// Times are counted from here: the system's clock may jump, this one does not.
    start: Instant,
    /// Has a key of this process's own, made when it is first needed.
    signer: OnceLock<Arc<Signer>>,
    /// Used nonces, and when they end, after 1970.
    used: Mutex<HashMap<String, Duration>>,
    counters: Mutex<HashMap<String, u64>>,
}

impl Default for Memory {
    fn default() -> Self {
        Self(Arc::new(Inner {
            start: Instant::now(),
            signer: OnceLock::new(),
            used: Mutex::default(),
            counters: Mutex::default(),
        }))
    }
}

impl Memory {
    pub(super) fn signer(&self) -> Result<Arc<Signer>, StoreError> {
        if let Some(signer) = self.0.signer.get() {
            return Ok(Arc::clone(signer));
        }
        let signer = nonce::fresh_seed().and_then(|seed| Signer::new(&seed));
        let signer = Arc::new(signer.map_err(|_| StoreError)?);
        Ok(Arc::clone(self.0.signer.get_or_init(|| signer)))
    }

    pub(super) fn use_up(&self, nonce: &str, life: Duration) -> Result<Option<Issued>, StoreError> {
        let (now, signer) = (nonce::now(), self.signer()?);
        let Some(ticket) = Unproven::read(nonce).and_then(|nonce| signer.open(nonce)) else {
            return Ok(None);
        };
        let end = ticket.issued_at().saturating_add(life);
        if end <= now {
            return Ok(None);
        }
        let mut used = self.0.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= MOST {
            used.retain(|_, end| *end > now);
        }
        if used.contains_key(nonce) {
            return Ok(None);
        }
        // To forget one would be worse than to refuse: it could be used again.
        if used.len() >= MOST {
            return Err(StoreError);
        }
        used.insert(nonce.to_owned(), end + MARGIN);
        Ok(Some(Issued::new(signer, ticket)))
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
