//! The layers around every router, in the one order that is safe.

use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tracing::Instrument;

use crate::client_ip::TrustedProxies;
use crate::flood::{self, Flood};
use crate::problem::{self, Problem};
use crate::rate::Rate;
use crate::request::{REQUEST_ID, RequestInfo};

/// What a service sets about its layers.
pub struct Layers {
    /// Its name in the log.
    pub service: &'static str,
    /// How long a handler may take to answer; then 503.
    pub timeout: Duration,
    /// The longest body in bytes; then 413.
    pub body_limit: usize,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted: TrustedProxies,
    /// How fast one address may ask.
    pub flood: Rate,
}

impl Layers {
    /// The observer that these settings ask for.
    #[must_use]
    pub fn observer(&self) -> Observer {
        Observer::new(self.service, self.trusted.clone())
    }

    /// The guard against floods that these settings ask for; call it within a runtime.
    #[must_use]
    pub fn flood(&self) -> Option<Flood> {
        Flood::new(self.flood)
    }
}

/// What looks at every request from the outside; clones share it.
#[derive(Clone)]
pub struct Observer {
    service: &'static str,
    trusted: Arc<TrustedProxies>,
}

/// A request that is being answered.
pub struct Observation {
    service: &'static str,
    start: Instant,
    method: Method,
    info: RequestInfo,
}

impl Observer {
    /// One for a service behind proxies.
    #[must_use]
    pub fn new(service: &'static str, trusted: TrustedProxies) -> Self {
        Self { service, trusted: Arc::new(trusted) }
    }

    /// Notes who asks, under which id.
    #[must_use]
    pub fn begin(&self, peer: IpAddr, method: &Method, headers: &HeaderMap) -> Observation {
        let start = Instant::now();
        let peer = peer.to_canonical();
        let client = self.trusted.client(peer, headers);
        let internal = self.trusted.contains(peer) && !headers.contains_key("x-forwarded-for");
        let info = RequestInfo::new(headers, client, internal);
        Observation { service: self.service, start, method: method.clone(), info }
    }
}

impl Observation {
    /// What is known of the request.
    #[must_use]
    pub fn info(&self) -> &RequestInfo {
        &self.info
    }

    /// Gives the answer its id, and writes the log line. `path` is the route's template, never the
    /// path itself: a path may hold what must not be logged.
    pub fn finish(self, path: &str, response: &mut Response) {
        let Self { service, start, method, info } = self;
        response.headers_mut().insert(REQUEST_ID, info.id_header());
        tracing::info!(
            target: "request",
            service,
            method = method.as_str(),
            path,
            status = response.status().as_u16(),
            latency_ms = milliseconds(start.elapsed()),
            request_id = info.id(),
            trace_id = %format_args!("{:032x}", info.trace().id),
            user_id = info.user().map(tracing::field::display),
        );
    }
}

/// Wraps `router`. From the outside in:
///
/// 1. `observe`: request id, trace and client address, the log line, a problem body for failures
///    that have none, the id on the answer: so that all of this holds for what follows, too;
/// 2. catch panic: a bug answers 500 and the process lives on;
/// 3. flood guard: before any work is done;
/// 4. timeout: covers what the handlers do, extractors included;
/// 5. body limit.
#[expect(clippy::needless_pass_by_value, reason = "a service hands its settings over")]
pub fn layers(router: Router, layers: Layers) -> Router {
    let (observer, flood) = (layers.observer(), layers.flood());
    layers_sharing(router, &layers, observer, flood)
}

/// The same, with an observer and a guard that others use, too.
pub fn layers_sharing(
    router: Router,
    layers: &Layers,
    observer: Observer,
    flood: Option<Flood>,
) -> Router {
    let Layers { timeout, body_limit, .. } = *layers;
    let around = Around { observer, flood, timeout };
    router.layer(DefaultBodyLimit::max(body_limit)).layer(from_fn_with_state(around, answer))
}

/// What [`answer`] puts around a request: one layer, since each costs a few allocations.
#[derive(Clone)]
struct Around {
    observer: Observer,
    flood: Option<Flood>,
    timeout: Duration,
}

async fn answer(State(around): State<Around>, mut request: Request, next: Next) -> Response {
    let Around { observer, flood, timeout } = around;
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(IpAddr::from([127, 0, 0, 1]), |peer| peer.0.ip());
    let observation = observer.begin(peer, request.method(), request.headers());
    let info = observation.info();
    request.extensions_mut().insert(info.clone());
    let path = request.extensions().get::<MatchedPath>().cloned();
    let allowed = flood.map_or(Ok(()), |flood| flood.check(info));

    let response = match allowed {
        Ok(()) => {
            let span = tracing::info_span!("request", request_id = info.id());
            run(next.run(request), timeout).instrument(span).await
        }
        Err(wait) => flood::refuse(wait),
    };

    let mut response = problem::fill(response);
    let path = path.as_ref().map_or("(no route)", MatchedPath::as_str);
    observation.finish(path, &mut response);
    response
}

/// The handler's answer, or one for a handler that panics or takes too long.
async fn run(handler: impl Future<Output = Response>, limit: Duration) -> Response {
    match tokio::time::timeout(limit, AssertUnwindSafe(handler).catch_unwind()).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            // The payload may quote input. The panic hook (`crate::telemetry`) has written the place.
            tracing::error!("request handler panicked");
            Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response()
        }
        Err(_) => {
            tracing::error!(limit_s = limit.as_secs(), "request timed out");
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "TIMEOUT",
                "the request took too long; try again later",
            )
            .into_response()
        }
    }
}

/// Milliseconds with three digits after the point.
fn milliseconds(elapsed: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "exact below 285 years")]
    let microseconds = elapsed.as_micros() as f64;
    microseconds / 1000.0
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    async fn bug() {
        panic!("a secret")
    }

    #[tokio::test]
    async fn a_handler_that_panics_is_answered_500_with_an_id_and_not_a_word_of_it() {
        let router = Router::new().route("/", get(bug));
        let settings = Layers {
            service: "test",
            timeout: Duration::from_secs(1),
            body_limit: 1,
            trusted: "".parse().unwrap(),
            flood: "1000/1s".parse().unwrap(),
        };
        let router = layers(router, settings);

        // The second time shows that the first has broken nothing.
        for _ in 0..2 {
            let request = Request::get("/").header(REQUEST_ID, "mine").body(Body::empty()).unwrap();
            let response = router.clone().oneshot(request).await.unwrap();

            assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(response.headers()[REQUEST_ID], "mine");
            let body = to_bytes(response.into_body(), 1_000).await.unwrap();
            let body = serde_json::from_slice::<serde_json::Value>(&body).unwrap();
            assert_eq!(
                (&body["code"], &body["detail"]),
                (&"INTERNAL".into(), &"internal error".into())
            );
            assert!(!body.to_string().contains("secret"), "{body}");
        }
    }
}
