use std::process::Command;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::platform::Platform;

#[test]
fn the_printed_curl_line_works_when_pasted() {
    let folder = tempfile::tempdir().unwrap();
    let platform = Platform::start(folder.path(), &["--ephemeral"]);

    let line = platform.printed.iter().find(|line| line.starts_with("curl ")).unwrap();
    let output = Command::new("sh").args(["-c", line]).output().unwrap();

    let answer = serde_json::from_slice::<Value>(&output.stdout).unwrap();
    let wallet = answer.pointer("/data/me/walletAddress").and_then(Value::as_str);
    assert!(wallet.is_some_and(|wallet| wallet.starts_with("0x")), "{answer}");
}

#[test]
fn a_token_made_over_rest_works_in_graphql_until_it_is_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let platform = Platform::start(folder.path(), &["--ephemeral"]);

    // The printed token is a Personal Access Token: it may list tokens, and not make others.
    let tokens = format!("{}/tokens", platform.get("auth"));
    let list = platform.http.get(&tokens).bearer_auth(platform.get("token")).send().unwrap();
    let list = list.json::<Value>().unwrap();
    let minted = platform.http.post(&tokens).bearer_auth(platform.get("token"));
    let minted = minted.json(&json!({ "name": "another" })).send().unwrap();
    assert_eq!(minted.status(), StatusCode::FORBIDDEN);

    let created =
        platform.graphql(r#"mutation { createProject(data: {name: "My site"}) { slug } }"#);
    assert_eq!(created.pointer("/data/createProject/slug"), Some(&json!("my-site")), "{created}");

    let id = list.pointer("/tokens/0/id").and_then(Value::as_str).unwrap();
    let revoked = platform.http.delete(format!("{tokens}/{id}")).bearer_auth(platform.get("token"));
    assert_eq!(revoked.send().unwrap().status(), StatusCode::OK);
    // Backend keeps auth's word for five seconds at most.
    std::thread::sleep(std::time::Duration::from_secs(6));
    let refused = platform.graphql("{ me { id } }");
    assert_eq!(refused.pointer("/errors/0/message"), Some(&json!("Unauthorized")), "{refused}");
}

#[test]
fn every_service_is_reachable_under_the_published_urls_a10_2() {
    let folder = tempfile::tempdir().unwrap();
    let platform = Platform::start(folder.path(), &["--ephemeral"]);

    for (service, path) in [
        ("home", "/"),
        ("home", "/console"),
        ("home", "/consulting"),
        ("home", "/products"),
        ("home", "/products/web-services"),
        ("auth", "/health"),
        ("auth", "/docs"),
        ("backend", "/health"),
    ] {
        let answer = platform.http.get(format!("{}{path}", platform.get(service))).send().unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{service}{path}");
    }
}
