//! What one request may ask for, over the wire, with the real schema.

use reqwest::StatusCode;
use serde_json::json;
use sqlx::PgPool;

use crate::app::{TestApp, code, json_of};

async fn refused(app: &TestApp, query: &str) -> String {
    let call = app.query(query).header("accept", "application/graphql-response+json");
    let answer = call.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{query:.200}");
    let answer = json_of(answer).await;
    assert!(answer.get("data").is_none());
    code(&answer).to_owned()
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn each_bound_has_a_code_of_its_own(db: PgPool) {
    let app = TestApp::start(&db).await;
    let repeat = |text: &str, n: usize| {
        (0..n).map(|n| text.replace('#', &n.to_string())).collect::<String>()
    };
    let deep = "{ me { projects { sites { project { sites { project { sites { project { sites { project { id } } } } } } } } } } }";
    let complex = "{ projects(first: 100) { data { sites(first: 100) { deployments(first: 100) { id } } } } }";
    let aliases = format!("{{ {} }}", repeat("a#: __typename ", 16));
    let crowd = repeat("a#: __typename b#: version { version } c#: me { id } ", 11);
    let crowd = format!("{{ {crowd} }}");
    let directives = format!("{{ __typename {} }}", "@skip(if: false) ".repeat(10_000));
    let tokens = format!("{{ {} }}", "__typename ".repeat(10_000));
    for (query, expected) in [
        (deep, "QUERY_TOO_DEEP"),
        (complex, "QUERY_TOO_COMPLEX"),
        (&aliases, "TOO_MANY_ALIASES"),
        (&crowd, "TOO_MANY_ROOT_FIELDS"),
        (&directives, "TOO_MANY_DIRECTIVES"),
        (&tokens, "TOO_MANY_TOKENS"),
    ] {
        assert_eq!(refused(&app, query).await, expected);
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn nothing_hides_in_fragments(db: PgPool) {
    let app = TestApp::start(&db).await;
    let spread = "{ me { projects { ...P } } }
        fragment P on Project { sites { project { sites { ...S } } } }
        fragment S on Site { project { sites { project { sites { project { id } } } } } }";
    assert_eq!(refused(&app, spread).await, "QUERY_TOO_DEEP");

    let cycle = "{ me { ...A } } fragment A on User { projects { sites { project { ...B } } } }
        fragment B on Project { id ...C } fragment C on Project { ...B }";
    assert_eq!(refused(&app, cycle).await, "GRAPHQL_VALIDATION_FAILED");

    let doubling =
        (0..25).map(|n| format!("fragment F{n} on User {{ ...F{m} ...F{m} }} ", m = n + 1));
    let doubling = format!(
        "{{ me {{ ...F0 }} }} {} fragment F25 on User {{ id }}",
        doubling.collect::<String>()
    );
    let start = std::time::Instant::now();
    assert_eq!(refused(&app, &doubling).await, "QUERY_TOO_COMPLEX");
    assert!(start.elapsed().as_secs() < 2);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_thousand_sign_ins_in_one_request_are_refused_before_any_of_them(db: PgPool) {
    // Auth is nowhere: whatever reached a resolver would be told that it is not available.
    let app = TestApp::against(&db, "http://127.0.0.1:1", &[]).await;
    for field in [
        "createPersonalAccessToken(name: \"x\") { id }",
        "loginWithPersonalAccessToken(data: {personalAccessToken: \"x\"})",
        "walletChallenge { nonce }",
    ] {
        let fields = (0..1000).map(|n| format!("a{n}: {field} ")).collect::<String>();
        let code = refused(&app, &format!("mutation {{ {fields} }}")).await;
        assert!(["TOO_MANY_TOKENS", "TOO_MANY_ALIASES"].contains(&code.as_str()), "{code}");
        let fields = (0..20).map(|n| format!("a{n}: {field} ")).collect::<String>();
        assert_eq!(refused(&app, &format!("mutation {{ {fields} }}")).await, "TOO_MANY_ALIASES");
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_page_length_in_a_variable_counts(db: PgPool) {
    let app = TestApp::start(&db).await;
    let query = "query($n: Int!) { projects(first: $n) { data { sites(first: $n) { deployments(first: $n) { id } } } } }";
    for (n, expected) in [(10, "UNAUTHENTICATED"), (100, "QUERY_TOO_COMPLEX")] {
        let body = json!({ "query": query, "variables": { "n": n } });
        assert_eq!(code(&json_of(app.post(&body).send().await.unwrap()).await), expected);
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn nesting_that_would_exhaust_a_stack_is_refused(db: PgPool) {
    let app = TestApp::start(&db).await;
    for (open, close) in [("{a", "}"), ("{...on Query", "}"), ("{a(b:[", "])}")] {
        let query = open.repeat(1200) + &close.repeat(1200);
        assert_eq!(refused(&app, &query).await, "QUERY_TOO_DEEP", "{open}");
    }
    let list = format!("{{ me(a: {}{}) {{ id }} }}", "[".repeat(2000), "]".repeat(2000));
    assert_eq!(refused(&app, &list).await, "QUERY_TOO_DEEP");

    let body = format!(
        r#"{{"query":"query($a: String) {{ __typename }}","variables":{{"a":{}{}}}}}"#,
        "[".repeat(5000),
        "]".repeat(5000)
    );
    let call =
        app.http.post(format!("{}/graphql", app.url)).header("content-type", "application/json");
    assert_eq!(call.body(body).send().await.unwrap().status(), StatusCode::BAD_REQUEST);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn introspection_cannot_multiply(db: PgPool) {
    let app = TestApp::start(&db).await;
    let bomb = "fields { type { ".repeat(4) + "name" + &" } }".repeat(4);
    let query = format!("{{ __schema {{ types {{ {bomb} }} }} }}");
    assert_eq!(refused(&app, &query).await, "INTROSPECTION_TOO_DEEP");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn every_bound_is_a_setting(db: PgPool) {
    let app = TestApp::with(
        &db,
        &[
            ("GRAPHQL_MAX_DEPTH", "2"),
            ("GRAPHQL_MAX_ALIASES", "1"),
            ("GRAPHQL_MAX_TOKENS", "12"),
            ("GRAPHQL_MAX_BODY", "200"),
        ],
    )
    .await;
    assert_eq!(refused(&app, "{ me { projects { id } } }").await, "QUERY_TOO_DEEP");
    assert_eq!(refused(&app, "{ a: __typename b: __typename }").await, "TOO_MANY_ALIASES");
    assert_eq!(refused(&app, "{ a b c d e f g h i j k l }").await, "TOO_MANY_TOKENS");
    let answer = app.query(&"# ".repeat(200)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
}
