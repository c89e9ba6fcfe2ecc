//! The routes that may be answered beneath the layers, and how. Nothing here waits or may panic:
//! there is no timeout around it, and nobody catches it.

use std::net::IpAddr;

use axum::http::request::Parts;
use axum::http::{Method, Request, header};
use axum::response::Response;
use shared::flood::Flood;
use shared::http::Observer;
use shared::request::RequestInfo;

use crate::limits::LimitLayer;
use crate::routes::{QuickLimits, challenge, validate};
use crate::state::AppState;

/// One of those routes, under one of its names.
#[derive(Clone, Copy)]
pub(crate) enum Route {
    Validate(&'static str),
    Challenge,
}

impl Route {
    /// The one that `request` asks for. A page in a browser needs more than these have.
    pub(super) fn of<B>(request: &Request<B>) -> Option<Self> {
        if request.method() != Method::POST || request.headers().contains_key(header::ORIGIN) {
            return None;
        }
        let path = request.uri().path();
        if path == challenge::PATH {
            return Some(Self::Challenge);
        }
        validate::PATHS.into_iter().find(|known| *known == path).map(Self::Validate)
    }
}

/// What these answers need.
pub(super) struct Quick {
    pub(super) state: AppState,
    pub(super) limits: QuickLimits,
    pub(super) observer: Observer,
    pub(super) flood: Option<Flood>,
}

impl Quick {
    /// The answer, if there is one that needs nobody else, and if it may be given. The guards come
    /// last: who goes through the layers instead is counted there.
    pub(super) fn answer(
        &self,
        route: Route,
        peer: IpAddr,
        parts: &Parts,
        body: &[u8],
    ) -> Option<Response> {
        let headers = &parts.headers;
        let limits = &self.limits;
        match route {
            Route::Validate(path) => {
                let guard = self.guard(&limits.validate, path, peer, parts)?;
                let token = validate::read(headers, body).ok()?;
                let grant = self.state.grants.recall(&token)?;
                guard.pass(|info| {
                    info.set_user(grant.user);
                    validate::answer(&grant)
                })
            }
            Route::Challenge => {
                let guard = self.guard(&limits.challenge, challenge::PATH, peer, parts)?;
                let request = challenge::read(headers, body).ok()?;
                let prepared = challenge::prepare(&self.state, &request).ok()?;
                guard.pass(|_| prepared.issue(&self.state))
            }
        }
    }

    fn guard<'a>(
        &'a self,
        limit: &'a LimitLayer,
        path: &'static str,
        peer: IpAddr,
        parts: &'a Parts,
    ) -> Option<Guard<'a>> {
        let guard = Guard { quick: self, limit, path, peer, parts };
        limit.may_pass(&parts.headers).then_some(guard)
    }
}

/// What the layers would do around an answer.
struct Guard<'a> {
    quick: &'a Quick,
    limit: &'a LimitLayer,
    path: &'static str,
    peer: IpAddr,
    parts: &'a Parts,
}

impl Guard<'_> {
    /// The answer with its headers and its line in the log, if the caller may have it.
    fn pass(self, answer: impl FnOnce(&RequestInfo) -> Response) -> Option<Response> {
        let Self { quick, limit, path, peer, parts } = self;
        let observation = quick.observer.begin(peer, &parts.method, &parts.headers);
        let info = observation.info();
        if let Some(flood) = &quick.flood {
            flood.check(info).ok()?;
        }
        let pass = limit.pass(&parts.headers, info.client())?;
        let mut response = answer(info);
        pass.describe(response.headers_mut());
        observation.finish(path, &mut response);
        Some(response)
    }
}
