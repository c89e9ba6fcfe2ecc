//! Whatever a client sends, the server answers, and never points at another site.

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{HeaderValue, Request};
use home::respond::{Answer, answer};
use home::site::{Origins, Site};
use proptest::prelude::*;

/// An export with a rule that hands on whatever it is given.
static SITE: LazyLock<Site> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), "<h1>front</h1>").unwrap();
    std::fs::write(folder.path().join("page.html"), "<h1>page</h1>".repeat(99)).unwrap();
    std::fs::write(folder.path().join("_redirects"), "/old/* /:splat\n/go/:to /:to 302\n").unwrap();
    let origin = "https://www.example.org".to_owned();
    let origins = Origins { app: origin.clone(), auth: origin.clone(), api: origin };
    Site::from_directory(folder.path(), &origins).unwrap()
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn a_path_leads_to_this_site_or_nowhere(
        start in prop::sample::select(vec!["/", "/old/", "/old//", "/go/", "/page/", "//"]),
        rest in "([a-z./?%\\\\]|%2[fF]|%5[cC]|%0[aAdD]|%[0-9a-f]{2}){0,24}",
    ) {
        let Ok(request) = Request::get(format!("{start}{rest}")).body(Body::empty()) else {
            return Ok(());
        };
        let Answer::Ready(response) = answer(&SITE, &request) else { panic!("nothing is on disk") };
        prop_assert!(!response.status().is_server_error());
        if let Some(location) = response.headers().get("location") {
            let location = location.to_str().unwrap();
            prop_assert!(location.starts_with('/'), "{location}");
            prop_assert!(!location.starts_with("//") && !location.starts_with("/\\"), "{location}");
        }
    }

    #[test]
    fn no_header_makes_it_fail(
        accept in "[ -~]{0,60}",
        range in "(bytes=)?([0-9]{0,20}-?[0-9]{0,20},? ?){0,20}",
        tag in "[ -~]{0,60}",
        date in "[ -~]{0,40}",
    ) {
        let request = Request::get("/page")
            .header("accept-encoding", HeaderValue::from_str(&accept).unwrap())
            .header("range", HeaderValue::from_str(&range).unwrap())
            .header("if-none-match", HeaderValue::from_str(&tag).unwrap())
            .header("if-range", HeaderValue::from_str(&tag).unwrap())
            .header("if-unmodified-since", HeaderValue::from_str(&date).unwrap())
            .body(Body::empty())
            .unwrap();
        let Answer::Ready(response) = answer(&SITE, &request) else { panic!("nothing is on disk") };
        prop_assert!(!response.status().is_server_error(), "{}", response.status());
    }
}
