//! Negotiation, preconditions and the security headers.

use crate::app;

const SECURE: [(&str, &str); 3] = [
    ("APP_URL", "https://www.example.org"),
    ("AUTH_URL", "https://auth.example.org"),
    ("API_URL", "https://api.example.org"),
];

#[tokio::test]
async fn each_encoding_is_sent_as_asked_and_tagged_on_its_own() {
    let app = app::built_in().await;
    let mut tags = Vec::new();
    for (accept, coding) in [
        ("gzip, deflate, br, zstd", Some("br")),
        ("zstd", Some("zstd")),
        ("gzip", Some("gzip")),
        ("br;q=0", None),
    ] {
        let answer = app.get_with("/docs", &[("accept-encoding", accept)]).await;
        assert_eq!(answer.header("content-encoding"), coding, "{accept}");
        assert_eq!(answer.header("vary"), Some("accept-encoding"));
        assert_eq!(answer.header("content-length").unwrap(), answer.body.len().to_string());
        tags.push(answer.header("etag").unwrap().to_owned());
    }
    tags.dedup();
    assert_eq!(tags.len(), 4);
}

#[tokio::test]
async fn the_encodings_hold_the_same_page() {
    let app = app::built_in().await;
    let plain = app.get("/docs").await;
    let brotli = app.get_with("/docs", &[("accept-encoding", "br")]).await;
    let gzip = app.get_with("/docs", &[("accept-encoding", "gzip")]).await;
    let zstd = app.get_with("/docs", &[("accept-encoding", "zstd")]).await;

    let mut decoded = Vec::new();
    brotli::BrotliDecompress(&mut brotli.body.as_slice(), &mut decoded).unwrap();
    assert_eq!(decoded, plain.body);
    decoded.clear();
    std::io::copy(&mut flate2::read::GzDecoder::new(gzip.body.as_slice()), &mut decoded).unwrap();
    assert_eq!(decoded, plain.body);
    assert_eq!(zstd::decode_all(zstd.body.as_slice()).unwrap(), plain.body);
}

#[tokio::test]
async fn what_is_known_is_not_sent_again() {
    let app = app::built_in().await;
    let full = app.get_with("/docs", &[("accept-encoding", "br")]).await;
    let tag = full.header("etag").unwrap();

    let known = app.get_with("/docs", &[("accept-encoding", "br"), ("if-none-match", tag)]).await;
    assert_eq!((known.status, known.body.len(), known.header("etag")), (304, 0, Some(tag)));
    assert_eq!(known.header("vary"), Some("accept-encoding"));
    assert_eq!(known.header("cache-control"), Some("no-cache"));

    let other = app.get_with("/docs", &[("accept-encoding", "gzip"), ("if-none-match", tag)]).await;
    assert_eq!(other.status, 200);
    let since = full.header("last-modified").unwrap();
    assert_eq!(app.get_with("/docs", &[("if-modified-since", since)]).await.status, 304);
    assert_eq!(app.get_with("/docs", &[("if-match", "\"other\"")]).await.status, 412);
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let app = app::built_in().await;
    let get = app.get("/docs").await;
    let head = app.send("HEAD", "/docs", &[]).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    for name in ["etag", "content-length", "content-type", "last-modified"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
}

#[tokio::test]
async fn other_methods_are_refused_with_the_ones_that_work() {
    let app = app::built_in().await;
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "BREW"] {
        let answer = app.send(method, "/docs", &[]).await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")), "{method}");
    }
}

#[tokio::test]
async fn pages_carry_a_strict_policy() {
    let app = app::start(&SECURE).await;
    let page = app.get("/console").await;
    let policy = page.header("content-security-policy").unwrap();
    insta::assert_snapshot!(policy.replace("; ", ";\n"));
    assert_eq!(
        page.header("strict-transport-security"),
        Some("max-age=63072000; includeSubDomains")
    );
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    for path in ["/console", "/robots.txt", "/favicon.svg"] {
        assert_eq!(app.get(path).await.header("x-content-type-options"), Some("nosniff"), "{path}");
    }
}

#[tokio::test]
async fn nothing_insists_on_https_where_there_is_none() {
    let app = app::built_in().await;
    assert_eq!(app.get("/").await.header("strict-transport-security"), None);
}
