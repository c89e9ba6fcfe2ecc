//! Parts of files, in memory and on disk.

use std::fs;

use home::site::MAX_IN_MEMORY;
use tempfile::TempDir;

use crate::app::{self, Answer, App};

/// A site with the same kind of content small and large: byte `n` is `n % 251`.
fn site() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, length) in [("small.bin", 1000), ("large.bin", MAX_IN_MEMORY + 500_000)] {
        fs::write(folder.path().join(name), bytes(0, length)).unwrap();
    }
    folder
}

fn bytes(first: u64, end: u64) -> Vec<u8> {
    (first..end).map(|n| u8::try_from(n % 251).unwrap()).collect()
}

async fn range(app: &App, path: &str, range: &str) -> Answer {
    app.get_with(path, &[("range", range), ("accept-encoding", "br, gzip")]).await
}

#[tokio::test]
async fn single_ranges_are_cut_from_the_plain_bytes() {
    let folder = site();
    let app = app::folder(folder.path()).await;
    for (path, length) in [("/small.bin", 1000), ("/large.bin", MAX_IN_MEMORY + 500_000)] {
        let answer = range(&app, path, "bytes=100-299").await;
        assert_eq!(answer.status, 206, "{path}");
        assert_eq!(answer.header("content-range").unwrap(), format!("bytes 100-299/{length}"));
        assert_eq!(
            (answer.header("content-length"), answer.header("content-encoding")),
            (Some("200"), None)
        );
        assert_eq!(answer.body, bytes(100, 300));
        assert_eq!(range(&app, path, "bytes=-7").await.body, bytes(length - 7, length));
    }
}

#[tokio::test]
async fn several_ranges_come_as_multipart() {
    let folder = site();
    let app = app::folder(folder.path()).await;
    for (path, length) in [("/small.bin", 1000), ("/large.bin", MAX_IN_MEMORY + 500_000)] {
        let answer = range(&app, path, "bytes=0-1, 500-503").await;
        assert_eq!(answer.status, 206);
        let kind = answer.header("content-type").unwrap();
        let boundary = kind.strip_prefix("multipart/byteranges; boundary=").unwrap();
        let mut expected = Vec::new();
        for (first, last) in [(0, 1), (500, 503)] {
            let head = format!(
                "\r\n--{boundary}\r\ncontent-type: application/octet-stream\r\n\
                 content-range: bytes {first}-{last}/{length}\r\n\r\n"
            );
            expected.extend_from_slice(head.as_bytes());
            expected.extend(bytes(first, last + 1));
        }
        expected.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        assert_eq!(answer.body, expected, "{path}");
        assert_eq!(answer.header("content-length").unwrap(), expected.len().to_string());
    }
}

#[tokio::test]
async fn a_range_outside_says_how_long_the_file_is() {
    let folder = site();
    let app = app::folder(folder.path()).await;
    let answer = range(&app, "/small.bin", "bytes=1000-").await;
    assert_eq!((answer.status, answer.header("content-range")), (416, Some("bytes */1000")));
    assert_eq!(range(&app, "/small.bin", "bytes=nonsense").await.status, 200);
}

#[tokio::test]
async fn if_range_sends_all_of_a_version_that_has_changed() {
    let folder = site();
    let app = app::folder(folder.path()).await;
    let tag = app.get("/small.bin").await.header("etag").unwrap().to_owned();
    let fresh = [("range", "bytes=0-9"), ("if-range", tag.as_str())];
    assert_eq!(app.get_with("/small.bin", &fresh).await.status, 206);
    let stale = [("range", "bytes=0-9"), ("if-range", "\"older\"")];
    let answer = app.get_with("/small.bin", &stale).await;
    assert_eq!((answer.status, answer.body.len()), (200, 1000));
}

#[tokio::test]
async fn a_large_file_streams_whole() {
    let folder = site();
    let app = app::folder(folder.path()).await;
    let answer = app.get("/large.bin").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, bytes(0, MAX_IN_MEMORY + 500_000));
    let head = app.send("HEAD", "/large.bin", &[]).await;
    assert_eq!(head.header("content-length"), answer.header("content-length"));
    let tag = answer.header("etag").unwrap();
    assert_eq!(app.get_with("/large.bin", &[("if-none-match", tag)]).await.status, 304);
}

#[tokio::test]
async fn a_large_file_that_changed_under_us_is_not_sent_under_its_old_tag() {
    let folder = site();
    let app = app::folder(folder.path()).await;
    assert_eq!(app.get("/large.bin").await.status, 200);
    fs::write(folder.path().join("large.bin"), b"short now").unwrap();
    assert_eq!(app.get("/large.bin").await.status, 500);
}
