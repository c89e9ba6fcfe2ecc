//! What answers a connection.
//!
//! A file in memory is answered right here, beneath the layers that all services share: request
//! ids, spans, timeouts and a flood guard cost more than the answer does, and none of them has
//! anything to guard (`docs/decisions/0502`). Health checks and files on disk, which hold
//! descriptors and take time, go through all of them.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse as _;
use axum::routing::get;
use hyper::body::Incoming;
use shared::http::Layers;
use shared::{Problem, Shutdown, health};
use tower::Service as _;

use crate::respond::{Answer, answer};
use crate::site::Site;
use crate::{Config, Current};

/// How long opening a file may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Answers every request to the site.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    site: Current,
    layered: Router,
}

#[derive(Clone)]
struct Layered {
    site: Current,
    stopping: Shutdown,
}

impl Service {
    /// A service over a site; call it within a runtime.
    #[must_use]
    pub fn new(config: &Config, site: Current, stopping: Shutdown) -> Self {
        let router = Router::new()
            .route("/livez", get(health::livez))
            .route("/health", get(ready))
            .fallback(from_disk)
            .with_state(Layered { site: Arc::clone(&site), stopping });
        let layered = shared::http::layers(
            router,
            Layers {
                service: crate::SERVICE,
                timeout: TIMEOUT,
                body_limit: 0,
                trusted: config.trusted.clone(),
                flood: config.flood,
            },
        );
        Self(Arc::new(Inner { site, layered }))
    }

    /// The service as one connection sees it.
    #[must_use]
    pub fn for_peer(&self, peer: SocketAddr) -> PeerService {
        PeerService { inner: Arc::clone(&self.0), peer }
    }
}

/// The service of one connection.
#[derive(Clone)]
pub struct PeerService {
    inner: Arc<Inner>,
    peer: SocketAddr,
}

/// An answer that is ready, or one that takes a while.
pub enum Answering {
    /// Until it is taken.
    Ready(Option<Response<Body>>),
    /// Through the layers.
    Layered(axum::routing::future::RouteFuture<Infallible>),
}

impl Future for Answering {
    type Output = Result<Response<Body>, Infallible>;

    fn poll(
        self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Self::Output> {
        match self.get_mut() {
            Self::Ready(response) => response
                .take()
                .map_or(std::task::Poll::Pending, |ready| std::task::Poll::Ready(Ok(ready))),
            Self::Layered(future) => Pin::new(future).poll(context),
        }
    }
}

impl hyper::service::Service<Request<Incoming>> for PeerService {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        if !matches!(request.uri().path(), "/livez" | "/health") {
            let start =
                tracing::enabled!(target: "request", tracing::Level::INFO).then(Instant::now);
            let site = self.inner.site.load();
            if let Answer::Ready(response) = answer(&site, &request) {
                if let Some(start) = start {
                    log(&site, &request, response.status(), start);
                }
                return Answering::Ready(Some(response));
            }
        }
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(self.peer));
        Answering::Layered(self.inner.layered.clone().call(request))
    }
}

/// The line that the shared layers would write. The path of a file that exists is public; any
/// other one may hold what must not be logged.
fn log<B>(site: &Site, request: &Request<B>, status: StatusCode, start: Instant) {
    tracing::info!(
        target: "request",
        service = crate::SERVICE,
        method = request.method().as_str(),
        path = site.route(request.uri().path()).map_or("(no file)", |_| request.uri().path()),
        status = status.as_u16(),
        latency_ms = start.elapsed().as_secs_f64() * 1000.0,
        request_id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok()),
    );
}

async fn ready(State(state): State<Layered>) -> Response<Body> {
    health::report(crate::SERVICE, &state.stopping, &[])
}

async fn from_disk(State(state): State<Layered>, request: Request) -> Response<Body> {
    let answer = answer(&state.site.load(), &request);
    match answer {
        Answer::Ready(response) => response,
        Answer::FromDisk(answer) => match answer.open().await {
            Ok(response) => response,
            Err(error) => {
                tracing::error!(%error, "a file of the site is not what it was when it was loaded");
                Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response()
            }
        },
    }
}
