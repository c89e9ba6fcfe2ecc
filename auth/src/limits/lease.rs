//! Permits taken ahead: a caller whose quota is large and far from used up costs one call to the
//! store for many requests. Never more than were taken, and none is used two seconds later.

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
    /// How many were taken last.
    size: u32,
    /// What to take next.
    next: u32,
    /// Whether somebody is about to.
    renewing: bool,
    /// What the store said.
    grant: Grant,
}

impl Leases {
    pub(super) fn new(quota: Quota) -> Self {
        Self((quota.count >= SMALLEST).then(|| Cache::new(CALLERS)))
    }

    /// Whether permits are taken ahead at all.
    pub(super) fn are_given(&self) -> bool {
        self.0.is_some()
    }

    /// Spends a permit taken earlier; or else says how many to take now.
    pub(super) fn spend(&self, caller: IpAddr) -> Result<Grant, u32> {
        let Some(leases) = &self.0 else { return Err(1) };
        // Two, so that the first call of a burst already shows that there is room for a lease.
        let Some(lease) = leases.get(&caller) else { return Err(2) };
        let mut lease = lease.lock().unwrap_or_else(PoisonError::into_inner);
        if Instant::now() >= lease.until {
            // It was not used up in time: this caller is not in such a hurry.
            *lease = Lease { permits: 0, size: 0, next: 2, renewing: false, ..*lease };
        }
        // One call renews the lease shortly before its end; those beside it go on meanwhile.
        if lease.permits <= lease.size / 4 && !lease.renewing {
            lease.renewing = true;
            return Err(lease.next);
        }
        if lease.permits == 0 {
            return Err(1);
        }
        lease.permits -= 1;
        Ok(Grant { taken: 1, left: lease.grant.left + lease.permits, ..lease.grant })
    }

    /// Spends a permit taken earlier, if that is all there is to do: no lease to take or renew.
    pub(super) fn spend_ready(&self, caller: IpAddr) -> Option<Grant> {
        let lease = self.0.as_ref()?.get(&caller)?;
        let mut lease = lease.lock().unwrap_or_else(PoisonError::into_inner);
        let to_renew = lease.permits <= lease.size / 4 && !lease.renewing;
        if to_renew || lease.permits == 0 || Instant::now() >= lease.until {
            return None;
        }
        lease.permits -= 1;
        Some(Grant { taken: 1, left: lease.grant.left + lease.permits, ..lease.grant })
    }

    /// Keeps what was taken beyond the one permit that is spent right away.
    pub(super) fn keep(&self, caller: IpAddr, grant: Grant, wanted: u32) {
        let (Some(leases), 2..) = (&self.0, grant.taken) else { return };
        let extra = grant.taken - 1;
        let next = wanted.saturating_mul(4).min(MOST);
        let until = Instant::now() + LIFE;
        if let Some(lease) = leases.get(&caller) {
            let mut lease = lease.lock().unwrap_or_else(PoisonError::into_inner);
            // What is left of an older one is used first.
            let permits = lease.permits + extra;
            *lease = Lease { permits, until, size: permits, next, renewing: false, grant };
        } else {
            let lease = Lease { permits: extra, until, size: extra, next, renewing: false, grant };
            leases.insert(caller, Arc::new(Mutex::new(lease)));
        }
    }
}
