//! The document of the API, and the page to read it.

use std::collections::BTreeSet;
use std::path::Path;

use auth::openapi;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use sqlx::PgPool;

use crate::app::{Answer, TestApp};

const COMMITTED: &str = include_str!("../../openapi.json");
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

fn document() -> Value {
    serde_json::from_str(COMMITTED).unwrap()
}

/// Path, method and operation of each.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().map(|(path, item)| (path.as_str(), item.as_object().unwrap()));
    all.flat_map(|(path, item)| item.iter().map(move |(method, op)| (path, method.as_str(), op)))
        .collect()
}

#[test]
fn the_committed_document_is_what_the_handlers_say() {
    let current = openapi::text(&openapi::document());
    assert!(
        current == COMMITTED,
        "auth/openapi.json is old; renew it: cargo run -p auth --example openapi > auth/openapi.json"
    );
}

#[test]
fn every_operation_has_an_id_of_its_own_a_group_a_summary_and_described_failures() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let groups = document["tags"].as_array().unwrap();
    let groups = groups.iter().map(|tag| tag["name"].as_str().unwrap()).collect::<BTreeSet<_>>();
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        assert!(METHODS.contains(&method));
        let place = format!("{method} {path}");
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{place}");
        assert!(groups.contains(operation["tags"][0].as_str().unwrap()), "{place}");
        assert!(!operation["summary"].as_str().unwrap_or_default().is_empty(), "{place}");
        for (status, answer) in operation["responses"].as_object().unwrap() {
            let problem = &answer["content"]["application/problem+json"]["schema"]["$ref"];
            if status >= &"400".to_owned() && path != "/health" {
                assert_eq!(problem, "#/components/schemas/Problem", "{place} {status}");
            }
        }
    }
    assert!(ids.len() >= 29, "{ids:?}");
}

/// Names of the types below `folder` that the document has schemas of.
fn schemas(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names.extend(schemas(&path));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for item in text.split("ToSchema)]").skip(1) {
            let words = item.split(|letter: char| !letter.is_alphanumeric());
            let mut words = words.skip_while(|word| !matches!(*word, "struct" | "enum"));
            names.push(words.nth(1).unwrap().to_owned());
        }
    }
    names
}

#[test]
fn no_two_types_share_a_name_in_the_document() {
    // The later one would silently take the place of the earlier.
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names = schemas(&root.join("src"));
    names.extend(schemas(&root.join("../shared/src")));
    assert!(names.len() > 40, "{names:?}");
    names.sort();
    let twice = names.windows(2).filter(|pair| pair[0] == pair[1]).collect::<Vec<_>>();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn every_reference_leads_somewhere() {
    fn check(value: &Value, document: &Value) {
        if let Some(place) = value.get("$ref").and_then(Value::as_str) {
            assert!(document.pointer(&place[1..]).is_some(), "{place}");
        }
        let inner = value.as_object().into_iter().flat_map(|object| object.values());
        let inner = inner.chain(value.as_array().into_iter().flatten());
        inner.for_each(|value| check(value, document));
    }
    check(&document(), &document());
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn every_documented_operation_exists_and_other_methods_are_405(db: PgPool) {
    let app = TestApp::start(&db).await;
    let document = document();
    for (path, item) in document["paths"].as_object().unwrap() {
        let real = path.replace("{id}", "00000000-0000-0000-0000-000000000001");
        for method in METHODS {
            let name = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let answer = Answer::of(app.request(name, &real)).await;
            let allowed = item.get(method).is_some();
            assert_eq!(answer.status == 405, !allowed, "{method} {path}: {}", answer.status);
            // Nothing was sent, and no token: the route answers, if only with a refusal.
            assert_ne!(answer.body["detail"], "there is nothing at this path", "{method} {path}");
        }
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn the_page_shows_every_operation_without_scripts_or_third_parties(db: PgPool) {
    let app = TestApp::start(&db).await;

    let page = Answer::of(app.request(Method::GET, "/docs")).await;
    let style = Answer::of(app.request(Method::GET, "/docs/style.css")).await;
    let served = Answer::of(app.request(Method::GET, "/openapi.json")).await;

    assert_eq!((page.status, style.status), (StatusCode::OK, StatusCode::OK));
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(style.headers["content-type"], "text/css; charset=utf-8");
    assert_eq!(served.body, document());
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'self'"), "{policy}");
    assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.headers["x-content-type-options"], "nosniff");
    let html = page.body.as_str().unwrap();
    for banned in ["<script", "<iframe", "<img", "http://", "https://", " style=", " onclick"] {
        assert!(!html.contains(banned), "{banned}");
    }
    let document = document();
    for (path, method, _) in operations(&document) {
        let head = format!("{}</span> <code>{path}</code>", method.to_uppercase());
        assert!(html.contains(&head), "{head}");
    }
    for tag in ["main", "section", "article", "table", "nav"] {
        let (open, close) = (format!("<{tag}"), format!("</{tag}>"));
        assert_eq!(html.matches(&open).count(), html.matches(&close).count(), "{tag}");
    }
}
