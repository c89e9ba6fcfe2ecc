//! The limit of a route as a layer.

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::Response;
use shared::api::SERVICE_TOKEN;
use shared::client_ip::network;
use shared::request::RequestInfo;
use tower::{Layer, Service};

use super::headers::Policy;
use super::lease::Leases;
use super::{Decision, Limits};
use crate::store::{Grant, Quota};

/// Made by [`Limits::layer`]; clones count together.
#[derive(Clone)]
pub struct LimitLayer(Arc<Limit>);

/// What [`LimitLayer`] puts around a route.
#[derive(Clone)]
pub struct Limited<S> {
    inner: S,
    limit: Arc<Limit>,
}

struct Limit {
    limits: Limits,
    /// Start of every key of this bucket.
    prefix: String,
    /// Holds when replicas count together.
    shared: Policy,
    /// Holds when they cannot.
    alone: Policy,
    leases: Leases,
}

impl LimitLayer {
    pub(super) fn new(limits: Limits, bucket: &'static str, quota: Quota) -> Self {
        Self(Arc::new(Limit {
            limits,
            prefix: ["limit:", bucket, ":"].concat(),
            shared: Policy::new(bucket, quota),
            alone: Policy::new(bucket, quota.half()),
            leases: Leases::new(quota),
        }))
    }
}

impl LimitLayer {
    /// Whether [`Self::pass`] can ever let a caller with `headers` through.
    pub(crate) fn may_pass(&self, headers: &HeaderMap) -> bool {
        self.0.leases.are_given() || headers.contains_key(SERVICE_TOKEN)
    }

    /// Decides at once whether `headers` of a caller at `client` may pass, where nobody has to be
    /// asked. `None` otherwise: then the layer itself must decide.
    pub(crate) fn pass(&self, headers: &HeaderMap, client: IpAddr) -> Option<Pass<'_>> {
        let limit = &*self.0;
        if limit.is_service(headers) {
            return Some(Pass(None));
        }
        let grant = limit.leases.spend_ready(network(client))?;
        Some(Pass(Some((&limit.shared, grant))))
    }
}

/// Leave to pass, and what to tell the caller about it.
pub(crate) struct Pass<'a>(Option<(&'a Policy, Grant)>);

impl Pass<'_> {
    /// Tells what is left.
    pub(crate) fn describe(&self, headers: &mut HeaderMap) {
        if let Some((policy, grant)) = self.0 {
            policy.describe(headers, grant);
        }
    }
}

impl Limit {
    async fn decide(&self, caller: IpAddr) -> Decision {
        let wanted = match self.leases.spend(caller) {
            Ok(grant) => return Decision { grant, shared: true },
            Err(wanted) => wanted,
        };
        let key = format!("{}{caller}", self.prefix);
        let mut decision = self.limits.take(&key, self.shared.quota, wanted).await;
        if decision.shared {
            self.leases.keep(caller, decision.grant, wanted);
            decision.grant.left += decision.grant.taken.saturating_sub(1);
        }
        decision
    }

    fn is_service(&self, headers: &HeaderMap) -> bool {
        let token = headers.get(SERVICE_TOKEN).and_then(|token| token.to_str().ok());
        token.is_some_and(|token| self.limits.is_service(token))
    }
}

impl<S> Layer<S> for LimitLayer {
    type Service = Limited<S>;

    fn layer(&self, inner: S) -> Limited<S> {
        Limited { inner, limit: Arc::clone(&self.0) }
    }
}

impl<S> Service<Request> for Limited<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The ready one answers; its clone, which is not, stays behind.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let limit = Arc::clone(&self.limit);
        Box::pin(async move {
            if limit.is_service(request.headers()) {
                return inner.call(request).await;
            }
            let caller = network(RequestInfo::of(request.extensions()).client());
            let Decision { grant, shared } = limit.decide(caller).await;
            let policy = if shared { &limit.shared } else { &limit.alone };
            if grant.taken == 0 {
                return Ok(policy.refuse(grant));
            }
            let mut response = inner.call(request).await?;
            policy.describe(response.headers_mut(), grant);
            Ok(response)
        })
    }
}
