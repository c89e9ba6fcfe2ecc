//! A folder as Next.js exports it, served unchanged.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::digest::{SHA256, digest};

use crate::app;

/// A10.3
#[tokio::test]
async fn pages_are_found_with_and_without_a_folder() {
    let app = app::folder(app::export()).await;
    for (path, text) in [
        ("/", "Front"),
        ("/about", "About"),
        ("/about/", "About"),
        ("/pricing", "Pricing"),
        ("/pricing.html", "Pricing"),
        ("/blog/first%20post", "First post"),
    ] {
        let answer = app.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.text().contains(&format!("<h1>{text}</h1>")), "{path}");
    }
    let slash = app.get("/pricing/?from=mail").await;
    assert_eq!((slash.status, slash.header("location")), (308, Some("/pricing?from=mail")));
    let missing = app.get("/no/such/page").await;
    assert_eq!(missing.status, 404);
    assert!(missing.text().contains("<h1>This page could not be found.</h1>"));
}

#[tokio::test]
async fn the_framework_files_never_change() {
    let app = app::folder(app::export()).await;
    let answer = app.get("/_next/static/chunks/main-app.js").await;
    assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(answer.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert_eq!(
        app.get("/about.txt").await.header("cache-control"),
        Some("public, max-age=0, must-revalidate")
    );
}

#[tokio::test]
async fn the_policy_of_a_page_allows_its_own_inline_scripts_and_no_others() {
    let app = app::folder(app::export()).await;
    let page = app.get("/").await;
    let policy = page.header("content-security-policy").unwrap();
    let inline: Vec<&str> = page
        .text()
        .split("<script>")
        .skip(1)
        .filter_map(|rest| rest.split("</script>").next())
        .collect();
    assert_eq!(inline.len(), 2);
    for script in inline {
        let hash = STANDARD.encode(digest(&SHA256, script.as_bytes()));
        assert!(policy.contains(&format!("'sha256-{hash}'")), "{script}");
    }
    assert!(
        !policy.split("script-src").nth(1).unwrap().split(';').next().unwrap().contains("unsafe")
    );
    let other = app.get("/pricing").await;
    assert_ne!(other.header("content-security-policy").unwrap(), policy);
}
