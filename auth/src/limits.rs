//! The limits that callers are promised: how often an address may ask, counted for all replicas
//! together, a bucket per route. See docs/decisions/0310-rate-limits.md.

mod headers;
mod layer;
mod lease;
mod service_tokens;

use std::sync::Arc;

use shared::clock::Clock;
use shared::jwt::Keys;
use shared::rate::Rate;

use crate::config::Rates;
use crate::store::{Grant, Memory, Quota, Store};

pub use layer::LimitLayer;
use service_tokens::ServiceTokens;

/// How much a route costs us, or helps an attacker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Sign-in: `RATE_LIMIT_STRICT`.
    Strict,
    /// Most routes: `RATE_LIMIT_STANDARD`.
    Standard,
    /// What programs ask again and again: `RATE_LIMIT_RELAXED`.
    Relaxed,
}

/// The counters; clones share them.
#[derive(Clone)]
pub struct Limits(Arc<Inner>);

struct Inner {
    store: Store,
    /// Counts while the store is away.
    local: Memory,
    rates: Rates,
    services: Option<ServiceTokens>,
    clock: Clock,
}

/// What was decided, and under which quota.
#[derive(Clone, Copy, Debug)]
struct Decision {
    grant: Grant,
    /// Whether replicas counted together.
    shared: bool,
}

impl Limits {
    /// Counts in `store`. Callers with a service token under `keys` are not counted by address;
    /// without keys, everybody is.
    #[must_use]
    pub fn new(store: Store, rates: Rates, keys: Option<Arc<Keys>>, clock: Clock) -> Self {
        let services = keys.map(ServiceTokens::new);
        Self(Arc::new(Inner { store, local: Memory::default(), rates, services, clock }))
    }

    /// A layer for one route, or for several that share a bucket: `bucket` names it for callers.
    #[must_use]
    pub fn layer(&self, bucket: &'static str, class: Class) -> LimitLayer {
        let rate = match class {
            Class::Strict => self.0.rates.strict,
            Class::Standard => self.0.rates.standard,
            Class::Relaxed => self.0.rates.relaxed,
        };
        LimitLayer::new(self.clone(), bucket, Quota::new(rate))
    }

    /// Takes one permit of a bucket that is not an address's. `false` when there is none.
    pub async fn allow(&self, bucket: &str, key: &str, rate: Rate) -> bool {
        let key = ["limit:", bucket, ":", key].concat();
        self.take(&key, Quota::new(rate), 1).await.grant.taken > 0
    }

    async fn take(&self, key: &str, quota: Quota, want: u32) -> Decision {
        if let Ok(grant) = self.0.store.take_permits(key, quota, want).await {
            return Decision { grant, shared: true };
        }
        let grant = self.0.local.take_permits(key, quota.half(), 1);
        Decision { grant, shared: false }
    }

    /// Whether `token` is a service's of ours.
    fn is_service(&self, token: &str) -> bool {
        let services = self.0.services.as_ref();
        services.is_some_and(|services| services.hold(token, self.0.clock.now()))
    }
}
