//! GraphiQL for browsers outside production, from our own binary: no third-party requests.
//!
//! `scripts/graphiql.sh` fetches the assets from npm at pinned versions; their licences lie beside
//! them.

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::config::Environment;
use crate::state::State;

const PAGE: &str = include_str!("../graphiql/index.html");
/// What the page loads: name, type, content.
const ASSETS: [(&str, &str, &str); 5] = [
    ("start.js", JAVASCRIPT, include_str!("../graphiql/start.js")),
    ("react.js", JAVASCRIPT, include_str!("../graphiql/vendor/react.production.min.js")),
    ("react-dom.js", JAVASCRIPT, include_str!("../graphiql/vendor/react-dom.production.min.js")),
    ("graphiql.js", JAVASCRIPT, include_str!("../graphiql/vendor/graphiql.min.js")),
    (
        "graphiql.css",
        "text/css; charset=utf-8",
        include_str!("../graphiql/vendor/graphiql.min.css"),
    ),
];
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
/// Its styles are made while it runs, and its fonts are written into them.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src data:; \
     img-src 'self' data:; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'",
);

/// Whether it is served at all.
pub(crate) fn is_on(state: &State) -> bool {
    state.config.environment == Environment::Development
}

/// The page.
pub(crate) fn page() -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, PAGE).into_response()
}

/// `GET /graphiql/{name}`: what the page loads.
pub(crate) async fn asset(
    axum::extract::State(state): axum::extract::State<State>,
    Path(name): Path<String>,
) -> Response {
    let asset = ASSETS.iter().find(|(known, ..)| *known == name).filter(|_| is_on(&state));
    let Some((_, kind, content)) = asset else { return StatusCode::NOT_FOUND.into_response() };
    ([(CONTENT_TYPE, *kind), (CACHE_CONTROL, "max-age=3600")], *content).into_response()
}
