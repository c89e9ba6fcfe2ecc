//! The first line against floods: a count per address inside this process, by `tower_governor`.
//! The limits that are promised to callers are auth's, and are counted in Redis.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use tower_governor::GovernorError;
use tower_governor::governor::{GovernorConfig, GovernorConfigBuilder};
use tower_governor::key_extractor::KeyExtractor;

use crate::client_ip::network;
use crate::problem::Problem;
use crate::rate::Rate;
use crate::request::RequestInfo;

/// How often counters of quiet addresses are thrown away.
const SWEEP: Duration = Duration::from_mins(1);

/// Counts by the client's network, as the trusted proxies report it.
#[derive(Clone, Debug)]
pub struct ByClient;

impl KeyExtractor for ByClient {
    type Key = IpAddr;

    fn extract<T>(&self, request: &axum::http::Request<T>) -> Result<IpAddr, GovernorError> {
        Ok(network(RequestInfo::of(request.extensions()).client()))
    }
}

/// The guard; clones share their counters.
#[derive(Clone)]
pub struct Flood(Arc<GovernorConfig<ByClient, NoOpMiddleware>>);

impl Flood {
    /// Allows bursts of `rate.count`, refilled over `rate.window`. Sweeps for as long as a clone
    /// lives; call it within a runtime.
    #[must_use]
    pub fn new(rate: Rate) -> Option<Self> {
        let period = (rate.window / rate.count).max(Duration::from_nanos(1));
        let config = GovernorConfigBuilder::default()
            .period(period)
            .burst_size(rate.count)
            .key_extractor(ByClient)
            .finish()
            .map(Arc::new)?;
        let weak = Arc::downgrade(&config);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(SWEEP).await;
                let Some(config) = weak.upgrade() else { break };
                config.limiter().retain_recent();
                config.limiter().shrink_to_fit();
            }
        });
        Some(Self(config))
    }

    /// Whether the caller of `info` may ask now; if not, in how long. Our own services are let
    /// through: what they ask for is somebody else's request, counted where it came in.
    ///
    /// # Errors
    /// How long to wait.
    pub fn check(&self, info: &RequestInfo) -> Result<(), Duration> {
        if info.is_internal() {
            return Ok(());
        }
        let key = network(info.client());
        let checked = self.0.limiter().check_key(&key);
        checked.map_err(|wait| wait.wait_time_from(DefaultClock::default().now()))
    }
}

/// 429, for an address that asks too fast.
pub(crate) fn refuse(wait: Duration) -> Response {
    Problem::of_status(StatusCode::TOO_MANY_REQUESTS)
        .header(RETRY_AFTER, (wait.as_secs() + 1).into())
        .into_response()
}
