//! A page of another site must not make a visitor's browser ask us something unseen. Nothing here
//! is authorised by cookies, and queries change nothing; this keeps out what is left: answers told
//! apart by the time they take.

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};

use crate::origins::{Origins, PREFLIGHT};

/// Whether a request without a JSON body may be answered: it comes from no web page, from one that
/// may read answers, or with a header for which the browser has asked us first.
pub(crate) fn admits(headers: &HeaderMap, origins: &Origins) -> bool {
    let is_preflighted =
        headers.contains_key(AUTHORIZATION) || headers.contains_key(PREFLIGHT) || is_json(headers);
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    let is_same_site = matches!(site, None | Some(b"same-origin" | b"none"));
    is_preflighted || is_same_site && origins.admit(headers)
}

/// Whether the body says it is JSON, in UTF-8: the one type we read, and no form can send it.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(value)) = headers.get(CONTENT_TYPE).map(|value| value.to_str()) else {
        return false;
    };
    let mut parts = value.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    is_json
        && parts.all(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            !name.eq_ignore_ascii_case("charset")
                || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_in_utf_8_is_read() {
        let is_json = |value: &'static str| {
            is_json(&HeaderMap::from_iter([(CONTENT_TYPE, value.parse().unwrap())]))
        };
        for good in ["application/json", "Application/JSON; charset=UTF-8", "application/json;x=y"]
        {
            assert!(is_json(good), "{good}");
        }
        for bad in [
            "text/plain",
            "application/graphql",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/json; charset=utf-16",
            "text/plain; application/json",
        ] {
            assert!(!is_json(bad), "{bad}");
        }
        assert!(!super::is_json(&HeaderMap::new()));
    }
}
