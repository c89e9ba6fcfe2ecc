//! What answers a connection.
//!
//! Whether a token holds is asked for every request to the platform, and a challenge can be had by
//! anybody. When there is nobody to ask they are answered right here, beneath the layers and the
//! router, which cost several times as much (docs/decisions/0302). Nothing is given up: the same
//! guard against floods, the same limit, the same headers and the same log line. Whatever needs more
//! than that, such as a token that is not remembered, a permit that must be fetched, a page in a
//! browser or a body that is still on its way, goes through all of the layers.

mod body;
mod quick;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response, header};
use axum::routing::future::RouteFuture;
use hyper::body::Incoming;
use tower::Service as _;

use crate::routes::QuickLimits;
use crate::state::AppState;
use crate::{BODY_LIMIT, cors};
use body::Resumed;
use quick::{Quick, Route};

/// Answers every request.
#[derive(Clone)]
pub(crate) struct Front(Arc<Inner>);

struct Inner {
    quick: Quick,
    layered: Router,
    /// The same for pages in a browser.
    for_pages: Router,
}

impl Front {
    /// One over `state`; call it within a runtime.
    pub(crate) fn new(state: AppState) -> Self {
        let settings = crate::settings(&state);
        let (observer, flood) = (settings.observer(), settings.flood());
        let limits = QuickLimits::new(&state.limits);
        let allowed = cors::Allowed::new(&state.config.app_url);
        let quick = Quick {
            state: state.clone(),
            limits: limits.clone(),
            observer: observer.clone(),
            flood: flood.clone(),
        };
        let layered = crate::assemble(state, limits, &settings, observer, flood);
        let for_pages = crate::with_cors(layered.clone(), allowed);
        Self(Arc::new(Inner { quick, layered, for_pages }))
    }

    /// As one connection sees it.
    pub(crate) fn for_peer(&self, peer: SocketAddr) -> PeerFront {
        PeerFront { inner: self.0.clone(), peer }
    }
}

/// The service of one connection.
pub(crate) struct PeerFront {
    inner: Arc<Inner>,
    peer: SocketAddr,
}

/// An answer on its way.
pub(crate) enum Answering {
    /// Perhaps without the layers: nothing was done yet.
    Quick(Option<(PeerFront, Route, Request<Incoming>)>),
    /// Through the layers.
    Layered(RouteFuture<Infallible>),
}

impl hyper::service::Service<Request<Incoming>> for PeerFront {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        if let Some(route) = Route::of(&request) {
            let front = Self { inner: self.inner.clone(), peer: self.peer };
            Answering::Quick(Some((front, route, request)))
        } else {
            Answering::Layered(self.layered(request.map(Body::new)))
        }
    }
}

impl Future for Answering {
    type Output = Result<Response<Body>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Self::Quick(asked) = &mut *self {
            let Some((front, route, request)) = asked.take() else { return Poll::Pending };
            let (parts, incoming) = request.into_parts();
            let body = Resumed::peek(incoming, context);
            let (quick, peer) = (&front.inner.quick, front.peer.ip());
            if let Some(whole) = body.whole(BODY_LIMIT)
                && let Some(response) = quick.answer(route, peer, &parts, whole)
            {
                return Poll::Ready(Ok(response));
            }
            let request = Request::from_parts(parts, Body::new(body));
            *self = Self::Layered(front.layered(request));
        }
        match &mut *self {
            Self::Layered(future) => Pin::new(future).poll(context),
            Self::Quick(_) => Poll::Pending,
        }
    }
}

impl PeerFront {
    fn layered(&self, mut request: Request<Body>) -> RouteFuture<Infallible> {
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let from_page = request.headers().contains_key(header::ORIGIN);
        let router = if from_page { &self.inner.for_pages } else { &self.inner.layered };
        router.clone().call(request)
    }
}
