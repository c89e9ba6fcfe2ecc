//! The layers around every router, in the one order that is safe.

use std::any::Any;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{Response as HttpResponse, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
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

#[derive(Clone)]
struct Observer {
    service: &'static str,
    trusted: Arc<TrustedProxies>,
}

/// Wraps `router`. From the outside in:
///
/// 1. `observe`: request id, trace and client address, the log line, a problem body for failures
///    that have none, the id on the answer: so that all of this holds for what follows, too;
/// 2. catch panic: a bug answers 500 and the process lives on;
/// 3. flood guard: before any work is done;
/// 4. timeout: covers what the handlers do, extractors included;
/// 5. body limit.
pub fn layers(router: Router, layers: Layers) -> Router {
    let Layers { service, timeout, body_limit, trusted, flood } = layers;
    let mut router = router
        .layer(DefaultBodyLimit::max(body_limit))
        .layer(from_fn_with_state(timeout, time_out));
    if let Some(flood) = Flood::new(flood) {
        router = router.layer(from_fn_with_state(flood, flood::guard));
    }
    let observer = Observer { service, trusted: Arc::new(trusted) };
    router.layer(CatchPanicLayer::custom(on_panic)).layer(from_fn_with_state(observer, observe))
}

async fn observe(State(observer): State<Observer>, mut request: Request, next: Next) -> Response {
    let start = Instant::now();
    let info = identify(&observer.trusted, &request);
    request.extensions_mut().insert(info.clone());
    let method = request.method().clone();
    // The template, never the path itself: a path may hold what must not be logged.
    let path = request.extensions().get::<MatchedPath>().cloned();
    let span = tracing::info_span!("request", request_id = info.id());

    let mut response = problem::fill(next.run(request).instrument(span).await);

    response.headers_mut().insert(REQUEST_ID, info.id_header());
    tracing::info!(
        target: "request",
        service = observer.service,
        method = method.as_str(),
        path = path.as_ref().map_or("(no route)", MatchedPath::as_str),
        status = response.status().as_u16(),
        latency_ms = milliseconds(start.elapsed()),
        request_id = info.id(),
        trace_id = %format_args!("{:032x}", info.trace().id),
        user_id = info.user().map(tracing::field::display),
    );
    response
}

fn identify(trusted: &TrustedProxies, request: &Request) -> RequestInfo {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(IpAddr::from([127, 0, 0, 1]), |peer| peer.0.ip().to_canonical());
    let client = trusted.client(peer, request.headers());
    let forwarded = request.headers().contains_key("x-forwarded-for");
    let internal = !forwarded && trusted.contains(peer);
    RequestInfo::new(request.headers(), client, internal)
}

/// Milliseconds with three digits after the point.
fn milliseconds(elapsed: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "exact below 285 years")]
    let microseconds = elapsed.as_micros() as f64;
    microseconds / 1000.0
}

async fn time_out(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    let Ok(response) = tokio::time::timeout(limit, next.run(request)).await else {
        tracing::error!(limit_s = limit.as_secs(), "request timed out");
        return Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "TIMEOUT",
            "the request took too long; try again later",
        )
        .into_response();
    };
    response
}

/// The payload is not logged: it may quote input. The panic hook has written the place.
fn on_panic(_: Box<dyn Any + Send + 'static>) -> HttpResponse<Body> {
    tracing::error!("request handler panicked");
    Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response()
}
