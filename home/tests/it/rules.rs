//! `_headers` and `_redirects` of a site, and what it keeps to itself.

use std::fs;
use std::os::unix::fs::symlink;

use tempfile::TempDir;

use crate::app;

fn site(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

#[tokio::test]
async fn headers_of_the_site_replace_ours() {
    let folder = site(&[
        ("index.html", "<p>front</p>"),
        ("embed/index.html", "<p>framed</p>"),
        (
            "_headers",
            "/*\n  X-Robots-Tag: noindex\n/embed/*\n  ! X-Frame-Options\n  Cache-Control: max-age=60\n",
        ),
    ]);
    let app = app::folder(folder.path()).await;
    let front = app.get("/").await;
    assert_eq!(
        (front.header("x-robots-tag"), front.header("x-frame-options")),
        (Some("noindex"), Some("DENY"))
    );
    let framed = app.get("/embed/").await;
    assert_eq!(
        (framed.header("x-frame-options"), framed.header("cache-control")),
        (None, Some("max-age=60"))
    );
    assert_eq!(app.get("/no/such/page").await.header("x-robots-tag"), Some("noindex"));
}

#[tokio::test]
async fn redirects_move_rewrite_and_respect_files() {
    let folder = site(&[
        ("index.html", "<p>front</p>"),
        ("about.html", "<p>about</p>"),
        ("app.html", "<p>app</p>"),
        (
            "_redirects",
            "/blog/:slug /news/:slug 308\n/old/* /:splat 302\n/about /elsewhere 301\n\
             /shop https://shop.example.org/start 307\n/app/* /app.html 200\n/gone /app.html 404\n\
             /lost /nowhere.html 200\n",
        ),
    ]);
    let app = app::folder(folder.path()).await;
    for (path, status, location) in [
        ("/blog/one?utm=x", 308, Some("/news/one?utm=x")),
        ("/old//evil.example/", 302, Some("/evil.example/")),
        ("/old/%5Cevil.example", 302, Some("/%5Cevil.example")),
        ("/old/a%0d%0aset-cookie:%20x", 302, Some("/a%0D%0Aset-cookie%3A%20x")),
        ("/about", 200, None),
        ("/shop", 307, Some("https://shop.example.org/start")),
        ("/app/deep/link", 200, None),
        ("/gone", 404, None),
        ("/lost", 404, None),
    ] {
        let answer = app.get(path).await;
        assert_eq!((answer.status, answer.header("location")), (status, location), "{path}");
    }
    assert_eq!(app.get("/app/deep/link").await.text(), "<p>app</p>");
}

#[tokio::test]
async fn private_files_and_paths_out_of_the_site_are_not_there() {
    let outside = site(&[("secret.txt", "secret")]);
    let folder = site(&[
        ("index.html", "<p>front</p>"),
        (".env", "secret"),
        (".git/config", "secret"),
        (".well-known/security.txt", "Contact: mailto:a@example.org"),
        ("docs/a.txt", "a"),
        ("_redirects", ""),
        ("_headers", ""),
    ]);
    symlink(outside.path().join("secret.txt"), folder.path().join("linked.txt")).unwrap();
    symlink(outside.path(), folder.path().join("folder")).unwrap();
    symlink(folder.path().join("docs/a.txt"), folder.path().join("inside.txt")).unwrap();
    let app = app::folder(folder.path()).await;
    for path in [
        "/.env",
        "/%2eenv",
        "/.git/config",
        "/linked.txt",
        "/folder/secret.txt",
        "/docs/",
        "/docs",
        "/_redirects",
        "/_headers",
        "/../secret.txt",
        "/docs/../../secret.txt",
        "/docs/%2e%2e/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/docs\\..\\a.txt",
        "//etc/passwd",
        "/docs/a.txt%00.html",
        "/%ff",
    ] {
        let answer = app.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.text().contains("secret"), "{path}");
    }
    assert_eq!(app.get("/.well-known/security.txt").await.status, 200);
    assert_eq!(app.get("/inside.txt").await.text(), "a");
}
