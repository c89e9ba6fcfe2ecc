//! From the path of a request to what is answered.

use std::borrow::Cow;

use axum::http::StatusCode;
use percent_encoding::percent_decode_str;

use crate::rules::Redirect;
use crate::site::{Route, Site};

/// What a path leads to.
pub enum Found<'site> {
    /// A file, under this status.
    File(StatusCode, &'site Route),
    /// A file that a rule puts in the place of another path.
    Instead(StatusCode, &'site Route),
    /// Another address; the request's query is to be kept.
    Elsewhere(StatusCode, String),
}

/// Looks a path up as it came in. There is no traversal to guard against: paths are compared
/// with the list of files and never given to the file system.
#[must_use]
pub fn lookup<'site>(site: &'site Site, raw: &str) -> Found<'site> {
    let path = decode(raw);
    let file = path.as_deref().and_then(|path| site.route(path));
    if let Some(file) = file
        && !site.any_forced()
    {
        return Found::File(StatusCode::OK, file);
    }
    let Some(path) = path else {
        return not_found(site);
    };
    match site.redirects().find(&path, file.is_some()) {
        Some(Redirect::Elsewhere(status, target)) => Found::Elsewhere(status, target),
        Some(Redirect::Serve(status, target)) => served(site, status, &target),
        None => match (file, without_slash(site, &path, raw)) {
            (Some(file), _) => Found::File(StatusCode::OK, file),
            (None, Some(target)) => Found::Elsewhere(StatusCode::PERMANENT_REDIRECT, target),
            (None, None) => not_found(site),
        },
    }
}

fn not_found(site: &Site) -> Found<'_> {
    Found::File(StatusCode::NOT_FOUND, site.not_found())
}

/// A rule may point at a file that is not there; that is a 404 and not an error of the client.
fn served<'site>(site: &'site Site, status: StatusCode, target: &str) -> Found<'site> {
    match decode(target).and_then(|path| site.route(&path)) {
        Some(file) => Found::Instead(status, file),
        None => not_found(site),
    }
}

/// `/about/` leads to `/about` when only that exists. The target is written from the path as it
/// came, so it needs no encoding; it exists as a file, so it is no address of another host.
fn without_slash(site: &Site, path: &str, raw: &str) -> Option<String> {
    let shorter = path.strip_suffix('/').filter(|shorter| !shorter.is_empty())?;
    site.route(shorter)?;
    raw.strip_suffix('/').map(str::to_owned)
}

fn decode(raw: &str) -> Option<Cow<'_, str>> {
    if raw.contains('%') {
        percent_decode_str(raw).decode_utf8().ok().filter(|path| !path.contains('\0'))
    } else {
        Some(Cow::Borrowed(raw))
    }
}
