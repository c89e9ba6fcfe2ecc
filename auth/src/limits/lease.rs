//! Permits taken ahead: a caller whose quota is large and far from used up costs one call to the
//! store for many requests. Never more than were taken, and for a second at most.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use quick_cache::sync::Cache;

use crate::store::{Grant, Quota};

/// How long permits taken ahead may be used.
const LIFE: Duration = Duration::from_secs(1);
/// Most permits taken ahead.
const MOST: u32 = 512;
/// A smaller quota is never taken ahead: at most one permit in 256 is (see `store::gcra`).
const SMALLEST: u32 = 512;
/// Callers whose leases are kept.
const CALLERS: usize = 1024;

/// The leases of one bucket, by caller.
pub(super) struct Leases(Option<Cache<IpAddr, Arc<Mutex<Lease>>>>);

struct Lease {
    /// What is left of it.
    permits: u32,
    until: Instant,
    /// What to take when this one is used up.
    next: u32,
    /// What the store said.
    grant: Grant,
}

impl Leases {
    pub(super) fn new(quota: Quota) -> Self {
        Self((quota.count >= SMALLEST).then(|| Cache::new(CALLERS)))
    }

    /// Spends a permit taken earlier; or else says how many to take now.
    pub(super) fn spend(&self, caller: IpAddr) -> Result<Grant, u32> {
        let Some(leases) = &self.0 else { return Err(1) };
        // Two, so that the first call of a burst already shows that there is room for a lease.
        let Some(lease) = leases.get(&caller) else { return Err(2) };
        let mut lease = lease.lock().unwrap_or_else(PoisonError::into_inner);
        if Instant::now() >= lease.until {
            // It was not used up in time: this caller is not in such a hurry.
            lease.permits = 0;
            lease.next = 2;
        }
        if lease.permits == 0 {
            // One call renews the lease; those beside it take what they need themselves.
            return Err(std::mem::replace(&mut lease.next, 1));
        }
        lease.permits -= 1;
        Ok(Grant { taken: 1, left: lease.grant.left + lease.permits, ..lease.grant })
    }

    /// Keeps what was taken beyond the one permit that is spent right away.
    pub(super) fn keep(&self, caller: IpAddr, grant: Grant, wanted: u32) {
        let (Some(leases), 2..) = (&self.0, grant.taken) else { return };
        let extra = grant.taken - 1;
        let next = wanted.saturating_mul(4).min(MOST);
        let until = Instant::now() + LIFE;
        if let Some(lease) = leases.get(&caller) {
            let mut lease = lease.lock().unwrap_or_else(PoisonError::into_inner);
            // Another request may have taken a lease meanwhile: both are good until the older ends.
            let fresh = lease.permits == 0;
            lease.permits += extra;
            lease.until = if fresh { until } else { lease.until.min(until) };
            lease.next = next.max(lease.next);
            lease.grant = grant;
        } else {
            let lease = Lease { permits: extra, until, next, grant };
            leases.insert(caller, Arc::new(Mutex::new(lease)));
        }
    }
}
