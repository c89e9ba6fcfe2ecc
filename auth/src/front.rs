//! What answers a connection.
//!
//! Whether a token holds is asked for every request to the platform. When the answer is in memory
//! it is given right here, beneath the layers and the router, which cost several times as much
//! (docs/decisions/0302). Nothing is given up: the same guard against floods, the same limit, the
//! same headers and the same log line. Whatever needs more than that, such as a token that is not
//! remembered, a permit that must be fetched, a page in a browser or a body that is still on its
//! way, goes through all of the layers.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{Method, Request, Response, header};
use axum::routing::future::RouteFuture;
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use shared::flood::Flood;
use shared::http::Observer;
use tower::Service as _;

use crate::cors;
use crate::grants::Grants;
use crate::limits::LimitLayer;
use crate::routes::validate;
use crate::state::AppState;

/// Answers every request.
#[derive(Clone)]
pub(crate) struct Front(Arc<Inner>);

struct Inner {
    grants: Grants,
    limit: LimitLayer,
    observer: Observer,
    flood: Option<Flood>,
    layered: Router,
    /// The same for pages in a browser.
    for_pages: Router,
}

impl Front {
    /// One over `state`; call it within a runtime.
    pub(crate) fn new(state: AppState) -> Self {
        let settings = crate::settings(&state);
        let (observer, flood) = (settings.observer(), settings.flood());
        let limit = validate::limit(&state.limits);
        let grants = state.grants.clone();
        let allowed = cors::Allowed::new(&state.config.app_url);
        let layered =
            crate::assemble(state, limit.clone(), &settings, observer.clone(), flood.clone());
        let for_pages = crate::with_cors(layered.clone(), allowed);
        Self(Arc::new(Inner { grants, limit, observer, flood, layered, for_pages }))
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
    /// Perhaps from memory: nothing was done yet.
    Memory(Option<(PeerFront, Request<Incoming>)>),
    /// Through the layers.
    Layered(RouteFuture<Infallible>),
}

impl hyper::service::Service<Request<Incoming>> for PeerFront {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        let is_asked = request.method() == Method::POST
            && validate::PATHS.contains(&request.uri().path())
            && !request.headers().contains_key(header::ORIGIN);
        if is_asked {
            let front = Self { inner: self.inner.clone(), peer: self.peer };
            Answering::Memory(Some((front, request)))
        } else {
            Answering::Layered(self.layered(request.map(Body::new)))
        }
    }
}

impl Future for Answering {
    type Output = Result<Response<Body>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Self::Memory(asked) = &mut *self {
            let Some((front, request)) = asked.take() else { return Poll::Pending };
            let (parts, mut incoming) = request.into_parts();
            let first = first(&mut incoming, context);
            if incoming.is_end_stream()
                && let Some(response) = front.answer(&parts, data(first.as_ref()))
            {
                return Poll::Ready(Ok(response));
            }
            let body = Body::new(Resumed { first, rest: incoming });
            *self = Self::Layered(front.layered(Request::from_parts(parts, body)));
        }
        match &mut *self {
            Self::Layered(future) => Pin::new(future).poll(context),
            Self::Memory(_) => Poll::Pending,
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

    /// The answer, if it is in memory and may be given.
    fn answer(&self, parts: &Parts, body: &[u8]) -> Option<Response<Body>> {
        let inner = &*self.inner;
        let headers = &parts.headers;
        let token = validate::read(headers, body).ok()?;
        let grant = inner.grants.recall(&token)?;
        let observation = inner.observer.begin(self.peer.ip(), &parts.method, headers);
        let info = observation.info();
        if let Some(flood) = &inner.flood {
            flood.check(info).ok()?;
        }
        let pass = inner.limit.pass(headers, info.client())?;
        info.set_user(grant.user);
        let mut response = validate::answer(&grant);
        pass.describe(response.headers_mut());
        let path = validate::PATHS.into_iter().find(|path| *path == parts.uri.path())?;
        observation.finish(path, &mut response);
        Some(response)
    }
}

/// The first piece of a body, or why there is none.
type First = Option<Result<Frame<Bytes>, hyper::Error>>;

/// The first piece of a body, if it is there: usually all of it.
fn first(incoming: &mut Incoming, context: &mut Context<'_>) -> First {
    if incoming.is_end_stream() {
        return None;
    }
    match Pin::new(incoming).poll_frame(context) {
        Poll::Ready(first) => first,
        Poll::Pending => None,
    }
}

fn data(first: Option<&Result<Frame<Bytes>, hyper::Error>>) -> &[u8] {
    let frame = first.and_then(|first| first.as_ref().ok());
    frame.and_then(Frame::data_ref).map_or(&[], |data| data)
}

/// A body whose first piece was taken out, and is put back.
struct Resumed {
    first: First,
    rest: Incoming,
}

impl http_body::Body for Resumed {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(first)),
            None => Pin::new(&mut self.rest).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let first = data(self.first.as_ref()).len() as u64;
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower() + first);
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper + first);
        }
        hint
    }
}
