//! The headers every answer carries, made once per file.

use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue, LAST_MODIFIED, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, VARY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

use crate::site::{MediaType, Origins};

const IMMUTABLE: &str = "public, max-age=31536000, immutable";
const REVALIDATE: &str = "public, max-age=0, must-revalidate";
/// Nothing a static page needs, so nothing a script on it may ask for.
const PERMISSIONS: &str = "camera=(), display-capture=(), geolocation=(), microphone=(), \
     payment=(), usb=(), browsing-topics=()";

/// What is known of a file when its headers are made.
pub struct File<'a> {
    /// Path below the site's root, without a leading slash.
    pub path: &'a str,
    /// Its type.
    pub media_type: MediaType,
    /// When it was last changed, as an HTTP date.
    pub modified: HeaderValue,
    /// Its policy, for pages.
    pub policy: Option<String>,
    /// Whether there are encoded copies to choose from.
    pub varies: bool,
}

/// Everything but what depends on the encoding (`ETag`, `Content-Encoding`, `Content-Length`).
#[must_use]
pub fn of(file: &File<'_>, origins: &Origins) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(20);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(file.media_type.name));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache_control(file)));
    headers.insert(LAST_MODIFIED, file.modified.clone());
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if file.varies {
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
    if origins.is_secure() {
        // Two years: what the browsers' preload lists ask for.
        let value = HeaderValue::from_static("max-age=63072000; includeSubDomains");
        headers.insert(STRICT_TRANSPORT_SECURITY, value);
    }
    if file.media_type.is_document() {
        let value = HeaderValue::from_static("strict-origin-when-cross-origin");
        headers.insert(REFERRER_POLICY, value);
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        // Wallets open windows of their own and must be able to answer.
        headers.insert(
            HeaderName::from_static("cross-origin-opener-policy"),
            HeaderValue::from_static("same-origin-allow-popups"),
        );
        let permissions = HeaderName::from_static("permissions-policy");
        headers.insert(permissions, HeaderValue::from_static(PERMISSIONS));
        let policy = file.policy.as_ref().and_then(|policy| HeaderValue::from_str(policy).ok());
        // A drawing or feed opened by itself runs nothing at all.
        let policy = policy.unwrap_or(HeaderValue::from_static(
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox",
        ));
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    headers
}

/// Names that carry a hash of the content never change their content.
fn cache_control(file: &File<'_>) -> &'static str {
    if file.media_type.is_html() {
        "no-cache"
    } else if file.path.starts_with("_next/static/") || has_hash(file.path) {
        IMMUTABLE
    } else {
        REVALIDATE
    }
}

/// Whether a folder or the file's name holds a hash: eight or more hexadecimal digits between
/// dots, dashes and underscores, letters and numbers among them (a date has numbers only).
fn has_hash(path: &str) -> bool {
    path.split(['/', '.', '-', '_']).any(|word| {
        word.len() >= 8
            && word.bytes().all(|byte| byte.is_ascii_hexdigit())
            && word.bytes().any(|byte| byte.is_ascii_digit())
            && word.bytes().any(|byte| byte.is_ascii_alphabetic())
    })
}

#[cfg(test)]
mod tests {
    use super::has_hash;

    #[test]
    fn hashes_in_names_are_seen() {
        for path in ["app.3f2a9c1b.js", "assets/9f8e7d6c5b4a/site.css", "main-0a1b2c3d4e.css"] {
            assert!(has_hash(path), "{path}");
        }
    }

    #[test]
    fn words_dates_and_short_names_are_no_hashes() {
        for path in ["app.js", "photo-20260101.jpg", "feedface.css", "v1.2.3/a.js", "a1b2c3d.js"] {
            assert!(!has_hash(path), "{path}");
        }
    }
}
