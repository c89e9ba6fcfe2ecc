//! The OpenAPI document, and a page to read it: made here once, without scripts, and nothing on it
//! comes from elsewhere.

mod page;

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue};
use axum::routing::get;
use bytes::Bytes;
use utoipa::openapi::OpenApi;

use crate::openapi;
use crate::state::AppState;

const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

pub(crate) fn router(document: &OpenApi) -> Router<AppState> {
    let json = openapi::text(document);
    let html = page::render(document);
    Router::new()
        .route("/openapi.json", fixed("application/json", json.into()))
        .route("/docs", fixed("text/html; charset=utf-8", html.into()))
        .route("/docs/style.css", fixed("text/css; charset=utf-8", STYLE.into()))
}

const STYLE: &str = include_str!("docs/style.css");

fn fixed(kind: &'static str, body: Bytes) -> axum::routing::MethodRouter<AppState> {
    let headers: [(HeaderName, HeaderValue); 6] = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    get(move || {
        let answer = (headers.clone(), body.clone());
        async move { answer }
    })
}
