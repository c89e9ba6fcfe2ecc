//! The built-in site.

use std::collections::BTreeSet;

use home::site::{Origins, Settings, Site};
use time::macros::datetime;

use crate::app::{self, App};

const PAGES: [&str; 10] = [
    "/",
    "/consulting",
    "/products",
    "/products/web-services",
    "/docs",
    "/contact",
    "/legal",
    "/console",
    "/login",
    "/no/such/page",
];

/// A10.2
#[tokio::test]
async fn every_page_answers_with_its_title() {
    let app = app::built_in().await;
    for (path, title) in [
        ("/", "Alternate Futures: the web has more than one future"),
        ("/consulting", "Consulting · Alternate Futures"),
        ("/products", "Products · Alternate Futures"),
        ("/products/web-services", "Web services · Alternate Futures"),
        ("/docs", "Documentation · Alternate Futures"),
        ("/console", "Console · Alternate Futures"),
        ("/login/0b1c2d3e", "Approve a login · Alternate Futures"),
    ] {
        let answer = app.get(path).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("text/html; charset=utf-8"))
        );
        assert!(answer.text().contains(&format!("<title>{title}</title>")), "{path}");
    }
}

#[tokio::test]
async fn an_unknown_path_is_a_page_with_status_404() {
    let app = app::built_in().await;
    let answer = app.get("/no/such/page").await;
    assert_eq!((answer.status, answer.header("cache-control")), (404, Some("no-cache")));
    assert!(answer.text().contains("This track ends here."));
    let conditional = app.get_with("/no/such/page", &[("if-none-match", "*")]).await;
    assert_eq!(conditional.status, 404);
}

/// A10.2: assets with their types; and everything that is linked is there.
#[tokio::test]
async fn every_link_in_the_site_leads_somewhere() {
    let app = app::built_in().await;
    let mut links = BTreeSet::new();
    for page in PAGES {
        let html = app.get(page).await;
        links.extend(local_links(html.text()));
    }
    assert!(links.len() > 15, "{links:?}");
    for link in links {
        let (path, fragment) = link.split_once('#').unwrap_or((&link, ""));
        let answer = app.get(path).await;
        assert_eq!(answer.status, 200, "{link}");
        assert_ne!(answer.header("content-type"), Some("application/octet-stream"), "{link}");
        if !fragment.is_empty() {
            assert!(answer.text().contains(&format!("id=\"{fragment}\"")), "{link}");
        }
    }
}

fn local_links(html: &str) -> Vec<String> {
    let attributes = ["href=\"", "src=\""].into_iter().flat_map(|name| html.split(name).skip(1));
    attributes
        .filter_map(|rest| rest.split('"').next())
        .filter(|link| link.starts_with('/'))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn assets_are_kept_for_good_and_pages_are_asked_for_again() {
    let app = app::built_in().await;
    let page = app.get("/").await;
    let style =
        local_links(page.text()).into_iter().find(|link| link.contains("site.css")).unwrap();
    let answer = app.get(&style).await;
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));

    // A page of an older release may ask for its own assets.
    let file = style.rsplit('/').next().unwrap();
    let older = app.get(&format!("/assets/0a11111111111111/{file}")).await;
    assert_eq!((older.status, older.header("cache-control")), (200, Some("no-cache")));
}

#[tokio::test]
async fn crawlers_and_researchers_find_their_files() {
    let app = app::start(&[("APP_URL", "https://www.example.org")]).await;
    let robots = app.get("/robots.txt").await;
    assert!(robots.text().contains("Sitemap: https://www.example.org/sitemap.xml"));
    let sitemap = app.get("/sitemap.xml").await;
    assert!(sitemap.text().contains("<loc>https://www.example.org/products/web-services</loc>"));
    let security = app.get("/.well-known/security.txt").await;
    assert!(security.text().starts_with("Contact: mailto:"));
    assert!(security.text().contains("\nExpires: 20"));
}

#[tokio::test]
async fn liveness_and_readiness_answer() {
    let app: App = app::built_in().await;
    assert_eq!(app.get("/livez").await.status, 200);
    let health = app.get("/health").await;
    assert_eq!(health.status, 200);
    assert!(health.text().contains("\"service\":\"home\""), "{}", health.text());
}

#[test]
fn every_page_with_all_it_loads_stays_below_60_kb() {
    let origins = Origins {
        app: "https://www.example.org".to_owned(),
        auth: "https://auth.example.org".to_owned(),
        api: "https://api.example.org".to_owned(),
    };
    let settings = Settings { burner_wallet: false, now: datetime!(2026-11-24 12:00 UTC) };
    let site = Site::built_in(&origins, &settings).unwrap();
    let smallest = |path: &str| {
        let copies = &site.route(path).unwrap().representations;
        copies.iter().map(|copy| copy.content.length()).min().unwrap()
    };
    let all = |extensions: &[&str]| -> u64 {
        let asset = |path: &&str| path.starts_with("/assets/") && !path.contains("/vendor/");
        let wanted = |path: &&str| extensions.contains(&path.rsplit('.').next().unwrap());
        site.paths().filter(asset).filter(wanted).map(smallest).sum()
    };
    for page in PAGES.iter().filter(|page| site.route(page).is_some()) {
        let scripts = if matches!(*page, "/console" | "/login") { all(&["js"]) } else { 0 };
        let total = all(&["css", "woff2"]) + scripts + smallest(page) + smallest("/favicon.svg");
        assert!(total < 60_000, "{page}: {total} bytes");
    }
}
