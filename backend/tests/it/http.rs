//! GraphQL over HTTP: methods, media types, statuses, and what must not be accepted. A9.6 is proven
//! by the audits in `tests/audits`; these are the cases around them.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::app::{TestApp, code, json_of};

const RESPONSE: &str = "application/graphql-response+json";

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn both_paths_of_the_command_line_client_answer(db: PgPool) {
    let app = TestApp::start(&db).await;
    for path in ["/graphql", "/graphql/graphql"] {
        let call = app.http.post(format!("{}{path}", app.url)).header("accept", "*/*");
        let answer =
            call.json(&json!({ "query": "{ version { version } }" })).send().await.unwrap();

        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["content-type"], "application/json; charset=utf-8");
        assert!(json_of(answer).await["data"]["version"]["version"].is_string());
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_query_by_get_is_answered_and_a_mutation_is_not(db: PgPool) {
    let app = TestApp::start(&db).await;
    let query = "query A { __typename }
        query B($s: Boolean!) { x: __typename version @skip(if: $s) { version } }";
    let parameters = [("query", query), ("operationName", "B"), ("variables", r#"{"s": true}"#)];
    let answer = json_of(app.get(&parameters).send().await.unwrap()).await;
    assert_eq!(answer, json!({ "data": { "x": "Query" } }));

    for accept in ["application/json", RESPONSE] {
        let mutation = [("query", "mutation { logout }")];
        let answer = app.get(&mutation).header("accept", accept).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.headers()["allow"], "POST");
        assert_eq!(code(&json_of(answer).await), "METHOD_NOT_ALLOWED");
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn other_methods_are_refused(db: PgPool) {
    let app = TestApp::start(&db).await;
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let call = app.http.request(method, format!("{}/graphql", app.url));
        let answer = call.json(&json!({ "query": "{ __typename }" })).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.headers()["allow"], "GET, POST, OPTIONS");
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn only_json_bodies_are_read(db: PgPool) {
    let app = TestApp::start(&db).await;
    let body = r#"{"query":"mutation { logout }"}"#;
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/json; charset=utf-16",
    ] {
        let call = app.http.post(format!("{}/graphql", app.url)).header("content-type", kind);
        let answer = call.body(body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
        assert_eq!(code(&json_of(answer).await), "UNSUPPORTED_MEDIA_TYPE");
    }
    let bare = app.http.post(format!("{}/graphql", app.url)).body(body).send().await.unwrap();
    assert_eq!(bare.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_batch_is_refused(db: PgPool) {
    let app = TestApp::start(&db).await;
    for body in [json!([{ "query": "{ __typename }" }]), json!([])] {
        let answer = app.post(&body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        assert_eq!(code(&json_of(answer).await), "BATCHING_NOT_SUPPORTED");
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn bodies_of_another_shape_are_refused(db: PgPool) {
    let app = TestApp::start(&db).await;
    for body in [
        "",
        "{",
        "null",
        "\"{ a }\"",
        "{}",
        r#"{"query":7}"#,
        r#"{"query":""}"#,
        r#"{"query":null}"#,
        r#"{"query":"{ __typename }","variables":[]}"#,
        r#"{"query":"{ __typename }","variables":"x"}"#,
        r#"{"query":"{ __typename }","operationName":7}"#,
        r#"{"query":"{ __typename }","extensions":"x"}"#,
        "{\"query\":\"{ a }\u{0}",
    ] {
        let call = app.http.post(format!("{}/graphql", app.url));
        let call = call.header("content-type", "application/json").body(body);
        let answer = call.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{body}");
        let answer = json_of(answer).await;
        assert_eq!((code(&answer), answer.get("data")), ("BAD_REQUEST", None), "{body}");
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_body_over_256_kib_is_413_chunked_or_not(db: PgPool) {
    let app = TestApp::start(&db).await;
    let body = json!({ "query": format!("{{ __typename }} # {}", "x".repeat(1024 * 1024)) });

    let answer = app.post(&body).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(code(&json_of(answer).await), "PAYLOAD_TOO_LARGE");

    let chunks = body.to_string().into_bytes();
    let chunks = chunks.chunks(8192).map(<[u8]>::to_vec).collect::<Vec<_>>();
    let stream = futures_util::stream::iter(chunks.into_iter().map(Ok::<_, std::io::Error>));
    let call =
        app.http.post(format!("{}/graphql", app.url)).header("content-type", "application/json");
    let answer = call.body(reqwest::Body::wrap_stream(stream)).send().await;
    // The server may hang up before the client has sent it all.
    assert!(answer.is_err() || answer.unwrap().status() == StatusCode::PAYLOAD_TOO_LARGE);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_request_error_has_a_status_only_for_clients_that_know_the_new_media_type(db: PgPool) {
    let app = TestApp::start(&db).await;
    for (query, expected) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($a: Int!) { projects(first: $a) { totalCount } }", "BAD_USER_INPUT"),
        ("query A { __typename } query B { __typename }", "BAD_USER_INPUT"),
    ] {
        let plain = app.query(query).send().await.unwrap();
        assert_eq!(plain.status(), StatusCode::OK, "{query}");
        let plain = json_of(plain).await;
        assert_eq!((code(&plain), plain.get("data")), (expected, None), "{query}");

        let exact = app.query(query).header("accept", RESPONSE).send().await.unwrap();
        assert_eq!(exact.status(), StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(exact.headers()["content-type"], format!("{RESPONSE}; charset=utf-8"));
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn an_accept_header_without_any_of_our_types_is_406(db: PgPool) {
    let app = TestApp::start(&db).await;
    let answer = app.query("{ __typename }").header("accept", "text/plain").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_ACCEPTABLE);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn errors_carry_the_id_of_the_request(db: PgPool) {
    let app = TestApp::start(&db).await;
    let answer = app.query("{ me { id } }").header("x-request-id", "mine-1").send().await.unwrap();
    assert_eq!(answer.headers()["x-request-id"], "mine-1");
    let answer = json_of(answer).await;
    assert_eq!(answer["errors"][0]["extensions"]["requestId"], "mine-1");
    assert_eq!(code(&answer), "UNAUTHENTICATED");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn introspection_suggestions_and_graphiql_are_off_in_production(db: PgPool) {
    let app = TestApp::with(&db, &[]).await;
    let schema = app.ask("{ __schema { types { name } } }", None).await;
    assert_eq!(code(&schema), "INTROSPECTION_DISABLED");
    let hidden = "{ ...F } fragment F on Query { ... { x: __schema { types { name } } } }";
    assert_eq!(code(&app.ask(hidden, None).await), "INTROSPECTION_DISABLED");
    let kind = app.ask("{ __type(name: \"Query\") { name fields { name } } }", None).await;
    assert_eq!(kind, json!({ "data": { "__type": null } }));
    let typo = app.ask("{ projetcs { totalCount } }", None).await;
    assert!(!typo["errors"][0]["message"].as_str().unwrap().contains("projects"), "{typo}");
    assert_eq!(app.ask("{ __typename }", None).await, json!({ "data": { "__typename": "Query" } }));

    let page = app.get(&[]).header("accept", "text/html").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::BAD_REQUEST);
    let asset = app.http.get(format!("{}/graphiql/react.js", app.url)).send().await.unwrap();
    assert_eq!(asset.status(), StatusCode::NOT_FOUND);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn graphiql_comes_from_this_service_alone(db: PgPool) {
    let app = TestApp::start(&db).await;
    let page = app.get(&[]).header("accept", "text/html,*/*;q=0.8").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.headers()["content-security-policy"].to_str().unwrap().contains("'self'"));
    let page = page.text().await.unwrap();
    assert!(!page.contains("http:") && !page.contains("https:"));
    for name in ["start.js", "react.js", "react-dom.js", "graphiql.js", "graphiql.css"] {
        assert!(page.contains(name) || name == "start.js");
        let asset = app.http.get(format!("{}/graphiql/{name}", app.url)).send().await.unwrap();
        assert_eq!(asset.status(), StatusCode::OK, "{name}");
    }
    let introspection = app.ask("{ __schema { queryType { name } } }", None).await;
    assert_eq!(introspection["data"]["__schema"]["queryType"]["name"], "Query");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn pages_of_other_sites_cannot_ask_unseen(db: PgPool) {
    let app = TestApp::with(&db, &[("APP_URL", "https://www.example.org")]).await;
    let query = [("query", "{ __typename }")];
    let status = async |origin: &str, site: &str, preflight: bool| {
        let call = app.get(&query).header("origin", origin).header("sec-fetch-site", site);
        let call = if preflight { call.header("x-graphql-preflight", "1") } else { call };
        call.send().await.unwrap().status()
    };
    assert_eq!(status("https://evil.example", "cross-site", false).await, StatusCode::FORBIDDEN);
    assert_eq!(status("null", "cross-site", false).await, StatusCode::FORBIDDEN);
    assert_eq!(status("https://evil.example", "cross-site", true).await, StatusCode::OK);
    assert_eq!(status("https://www.example.org", "none", false).await, StatusCode::OK);
    assert_eq!(app.get(&query).send().await.unwrap().status(), StatusCode::OK);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn the_site_may_call_from_a_browser_and_no_other(db: PgPool) {
    let app = TestApp::with(&db, &[("APP_URL", "https://www.example.org")]).await;
    let ask = async |origin: &str| {
        let call = app.http.request(Method::OPTIONS, format!("{}/graphql", app.url));
        let call = call.header("origin", origin).header("access-control-request-method", "POST");
        let call = call.header("access-control-request-headers", "authorization,content-type");
        call.send().await.unwrap().headers().clone()
    };
    let ours = ask("https://www.example.org").await;
    assert_eq!(ours["access-control-allow-origin"], "https://www.example.org");
    assert!(ours["access-control-allow-headers"].to_str().unwrap().contains("authorization"));
    let other = ask("https://www.example.org.evil.example").await;
    assert!(!other.contains_key("access-control-allow-origin"));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_failed_field_that_may_not_be_null_takes_its_parent_along_and_order_is_kept(db: PgPool) {
    let app = TestApp::start(&db).await;
    let query = "{ b: __typename projects { totalCount } a: __typename }";
    let answer = app.ask(query, None).await;
    assert_eq!(answer["data"], Value::Null);
    assert_eq!(answer["errors"][0]["path"], json!(["projects"]));

    let user = app.user().await;
    let query = "{ z: projects { totalCount } me { id } version { version } a: __typename }";
    let call = app.query(query).bearer_auth(&user.jwt);
    let text = call.send().await.unwrap().text().await.unwrap();
    let places = ["\"z\"", "\"me\"", "\"version\"", "\"a\""].map(|key| text.find(key).unwrap());
    assert!(places.is_sorted(), "{text}");
}
