//! Web pages that may use the API from a browser: the site's, and our own GraphiQL.

use std::time::Duration;

use axum::http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use reqwest::Url;
use shared::request::{REQUEST_ID, TRACEPARENT};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::config::{Config, Environment};

/// Selects a project.
pub(crate) const PROJECT: HeaderName = HeaderName::from_static("x-project-id");
/// Accepted and ignored: there are no organisations yet.
const ORGANIZATION: HeaderName = HeaderName::from_static("x-organization-id");
/// A header that a page of another origin cannot send unasked.
pub(crate) const PREFLIGHT: HeaderName = HeaderName::from_static("x-graphql-preflight");

/// Origins whose pages are let in.
#[derive(Clone)]
pub(crate) struct Origins {
    site: String,
    /// On a developer's machine the site goes by several names.
    any_loopback: bool,
}

impl Origins {
    pub(crate) fn new(config: &Config) -> Self {
        let site = Url::parse(&config.app.0).map(|url| url.origin().ascii_serialization());
        let any_loopback = config.environment == Environment::Development;
        Self { site: site.unwrap_or_default(), any_loopback }
    }

    /// Whether the page that sends these headers may read answers: it has no origin (it is no
    /// page), it is the site's, or it is ours.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(ORIGIN) else { return true };
        let host = headers.get(HOST).map(HeaderValue::as_bytes);
        let is_own = || {
            let origin = origin.as_bytes();
            let place =
                origin.strip_prefix(b"https://").or_else(|| origin.strip_prefix(b"http://"));
            place.is_some() && place == host
        };
        self.is_listed(origin) || is_own()
    }

    fn is_listed(&self, origin: &HeaderValue) -> bool {
        let Ok(origin) = origin.to_str() else { return false };
        origin == self.site || self.any_loopback && is_loopback(origin)
    }

    /// The answers to a browser that asks whether a page may.
    pub(crate) fn cors(&self) -> CorsLayer {
        let origins = self.clone();
        let listed = move |origin: &HeaderValue, _: &Parts| origins.is_listed(origin);
        CorsLayer::new()
            .allow_origin(AllowOrigin::predicate(listed))
            .allow_methods([Method::GET, Method::POST])
            .allow_headers([
                ACCEPT,
                AUTHORIZATION,
                CONTENT_TYPE,
                ORGANIZATION,
                PREFLIGHT,
                PROJECT,
                REQUEST_ID,
                TRACEPARENT,
            ])
            .expose_headers([REQUEST_ID, RETRY_AFTER, WWW_AUTHENTICATE])
            .max_age(Duration::from_hours(2))
    }
}

fn is_loopback(origin: &str) -> bool {
    let host = Url::parse(origin).ok().and_then(|url| url.host_str().map(str::to_owned));
    matches!(host.as_deref(), Some("localhost" | "127.0.0.1" | "[::1]"))
}
