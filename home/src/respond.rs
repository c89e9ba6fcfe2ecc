//! Makes the answer: which copy, in full or in parts, or only that nothing has changed.

mod parts;

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, ETAG, HeaderMap,
    HeaderValue, LAST_MODIFIED, LOCATION, RANGE,
};
use axum::http::{Method, Request, Response, StatusCode, Uri};
use axum::response::IntoResponse as _;
use shared::Problem;

use crate::conditional::{self, Outcome, Version};
use crate::lookup::{Found, lookup};
use crate::negotiate::Accepted;
use crate::range::{self, Asked};
use crate::site::{Content, Representation, Route, Site};

pub use parts::DiskAnswer;

const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

/// What to answer with.
pub enum Answer {
    /// This, at once.
    Ready(Response<Body>),
    /// Parts of a file on disk, which has to be opened first.
    FromDisk(DiskAnswer),
}

/// Answers one request. Files in memory need no waiting, no copying and no formatting: their
/// headers were written when the site was loaded.
pub fn answer<B>(site: &Site, request: &Request<B>) -> Answer {
    let head = match *request.method() {
        Method::GET => false,
        Method::HEAD => true,
        _ => return Answer::Ready(method_not_allowed()),
    };
    match lookup(site, request.uri().path()) {
        Found::Elsewhere(status, target) => {
            Answer::Ready(elsewhere(status, &target, request.uri()))
        }
        Found::File(StatusCode::OK, route) => file(route, request.headers(), head),
        Found::Instead(StatusCode::OK, route) => {
            // What is served here is not what the name says, so nobody may keep it by that name.
            let mut answer = file(route, request.headers(), head);
            if let Answer::Ready(response) = &mut answer {
                response.headers_mut().insert(CACHE_CONTROL, NO_CACHE);
            }
            answer
        }
        Found::File(status, route) | Found::Instead(status, route) => {
            other_status(status, route, request.headers(), head)
        }
    }
}

fn file(route: &Route, headers: &HeaderMap, head: bool) -> Answer {
    let asked = if head { None } else { headers.get(RANGE) };
    let copy = match asked {
        // Ranges count in the bytes as they are: a download must be able to go on with
        // whatever encoding the client takes next time.
        Some(_) => route.identity(),
        None => route.choose(accepted(headers)),
    };
    let version = Version { etag: &copy.etag, modified: route.modified };
    match conditional::evaluate(headers, &version) {
        Outcome::NotModified => Answer::Ready(empty(StatusCode::NOT_MODIFIED, &copy.not_modified)),
        Outcome::Failed => Answer::Ready(empty(StatusCode::PRECONDITION_FAILED, &HeaderMap::new())),
        Outcome::Send => {
            let asked = asked.filter(|_| conditional::range_applies(headers, &version));
            match asked.and_then(|range| range.to_str().ok()) {
                Some(range) => ranged(copy, range),
                None => whole(StatusCode::OK, copy, copy.full.clone(), head),
            }
        }
    }
}

fn accepted(headers: &HeaderMap) -> Accepted {
    headers.get(ACCEPT_ENCODING).map_or(Accepted::PLAIN, |value| Accepted::parse(value.as_bytes()))
}

/// A page under a status of its own is the same for whatever was asked, so it takes no
/// preconditions and no ranges and must not be kept.
fn other_status(status: StatusCode, route: &Route, headers: &HeaderMap, head: bool) -> Answer {
    let copy = route.choose(accepted(headers));
    let mut headers = copy.full.clone();
    for name in [ETAG, LAST_MODIFIED, ACCEPT_RANGES] {
        headers.remove(name);
    }
    headers.insert(CACHE_CONTROL, NO_CACHE);
    whole(status, copy, headers, head)
}

fn whole(status: StatusCode, copy: &Representation, headers: HeaderMap, head: bool) -> Answer {
    match &copy.content {
        Content::Disk { file, length } if !head => {
            Answer::FromDisk(DiskAnswer::whole(status, headers, file, *length))
        }
        _ if head => Answer::Ready(response(status, headers, Body::empty())),
        Content::Memory(bytes) => Answer::Ready(response(status, headers, bytes.clone().into())),
        Content::Disk { .. } => Answer::Ready(response(status, headers, Body::empty())),
    }
}

fn ranged(copy: &Representation, range: &str) -> Answer {
    match range::parse(range, copy.content.length()) {
        Asked::Whole => whole(StatusCode::OK, copy, copy.full.clone(), false),
        Asked::Unsatisfiable => Answer::Ready(parts::unsatisfiable(copy.content.length())),
        Asked::Parts(parts) => parts::partial(copy, &parts),
    }
}

fn elsewhere(status: StatusCode, target: &str, uri: &Uri) -> Response<Body> {
    let location = match uri.query() {
        Some(query) if !target.contains('?') => match target.split_once('#') {
            Some((path, fragment)) => format!("{path}?{query}#{fragment}"),
            None => format!("{target}?{query}"),
        },
        _ => target.to_owned(),
    };
    let mut headers = HeaderMap::new();
    match HeaderValue::from_str(&location) {
        Ok(location) => headers.insert(LOCATION, location),
        Err(_) => return empty(StatusCode::BAD_REQUEST, &headers),
    };
    empty(status, &headers)
}

fn method_not_allowed() -> Response<Body> {
    Problem::of_status(StatusCode::METHOD_NOT_ALLOWED)
        .header(ALLOW, HeaderValue::from_static("GET, HEAD"))
        .into_response()
}

fn empty(status: StatusCode, headers: &HeaderMap) -> Response<Body> {
    let mut headers = headers.clone();
    if status != StatusCode::NOT_MODIFIED {
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    response(status, headers, Body::empty())
}

fn response(status: StatusCode, headers: HeaderMap, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
