//! No input gives a 500: thousands of bodies, paths and headers that nobody should send, at every
//! route. Each run takes other ones; a failure prints what was sent.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::app::{TestApp, Wallet};

const CASES: usize = 1_500;

/// Routes with a body.
const BODIES: [(&str, &str); 17] = [
    ("POST", "/auth/wallet/challenge"),
    ("POST", "/auth/wallet/verify"),
    ("POST", "/api/auth/siwe"),
    ("POST", "/auth/refresh"),
    ("POST", "/auth/logout"),
    ("POST", "/tokens"),
    ("POST", "/auth/pat/create"),
    ("POST", "/auth/pat/exchange"),
    ("POST", "/api/validate"),
    ("POST", "/api/auth/validate"),
    ("POST", "/tokens/validate"),
    ("POST", "/auth/cli/start"),
    ("POST", "/auth/cli/approve"),
    ("POST", "/auth/cli/refuse"),
    ("POST", "/auth/cli/poll"),
    ("PATCH", "/account/profile"),
    ("POST", "/account/methods/wallet"),
];

/// Routes with an id or a query.
const PATHS: [(&str, &str); 9] = [
    ("DELETE", "/tokens/"),
    ("DELETE", "/auth/sessions/"),
    ("GET", "/auth/cli/"),
    ("GET", "/auth/cli/sessions/"),
    ("DELETE", "/account/methods/"),
    ("POST", "/account/methods/%00/set-primary?"),
    ("GET", "/account/audit?first="),
    ("GET", "/account/audit?after="),
    ("GET", "/"),
];

/// Names of every field there is, and a few more.
const FIELDS: &str = "address|chainId|message|signature|name|expiresAt|scopes|refreshToken|token\
    |verificationSessionId|pollSecret|displayName|avatarUrl|success|__proto__|";

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,40}",
        "[\\x00-\\x1f\u{202e}\u{feff}\u{10ffff}'\"\\\\;%${}<>-]{0,12}",
        "0x[0-9a-fA-F]{38,42}",
        "(0x)?[0-9a-f]{126,132}",
        "af_live_[0-9A-Za-z]{36,40}",
        "eyJ[0-9A-Za-z_-]{0,20}\\.eyJ[0-9A-Za-z_-]{0,40}\\.[0-9A-Za-z_-]{0,43}",
        "[0-9A-Za-z]{32}",
        "[0-9]{4,5}-[0-9]{2}-[0-9]{2}T[0-9:.]{0,12}(Z|[+-][0-9]{2}:[0-9]{2})?",
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "https://[a-z]{1,9}\\.[a-z]{2}/.{0,20}",
        "app\\.example\\.org wants you to sign in with your Ethereum account:\n0x[0-9a-f]{40}\n\n.{0,30}",
        Just("a".repeat(20_000)),
    ]
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0i64..9).prop_map(Value::from),
        text().prop_map(Value::from),
        Just(json!(["read", "write"])),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 24, 6, |inner| {
        let field = prop_oneof![4 => FIELDS, 1 => ".{0,9}"];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((field, inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Mostly objects, sometimes no JSON at all.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let object = proptest::collection::vec((FIELDS, value()), 0..6)
        .prop_map(|fields| Value::Object(fields.into_iter().collect()).to_string().into_bytes());
    let nested = (1usize..5_000).prop_map(|depth| "[{\"a\":".repeat(depth).into_bytes());
    prop_oneof![
        8 => object,
        2 => value().prop_map(|value| value.to_string().into_bytes()),
        1 => proptest::collection::vec(any::<u8>(), 0..60),
        1 => nested,
    ]
}

fn credentials() -> impl Strategy<Value = String> {
    prop_oneof![
        text().prop_map(|token| format!("Bearer {token}")),
        text().prop_map(|token| format!("basic {token}")),
        text(),
    ]
}

fn draw<T: std::fmt::Debug>(runner: &mut TestRunner, from: &impl Strategy<Value = T>) -> T {
    from.new_tree(runner).unwrap().current()
}

/// Sends it; panics at a 500 or worse. What cannot be sent at all counts as passed.
async fn send(app: &TestApp, request: RequestBuilder, what: impl Fn() -> String) {
    let Ok(request) = request.build() else { return };
    let Ok(response) = app.client.execute(request).await else { panic!("no answer: {}", what()) };
    let status = response.status();
    let text = response.text().await.unwrap();
    assert!(!status.is_server_error(), "{status} {text}\n{}", what());
    if status.is_client_error() {
        let problem = serde_json::from_str::<Value>(&text).unwrap_or_default();
        assert!(problem["code"].is_string(), "no problem: {status} {text}\n{}", what());
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn no_body_path_or_header_gives_a_500(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    let pat = app.pat(&session, "ci").await;
    let mut runner = TestRunner::default();
    let (body, text, credentials) = (body(), text(), credentials());
    let origin = proptest::collection::vec(any::<u8>(), 0..60);

    for case in 0..CASES {
        let (method, path) = BODIES[case % BODIES.len()];
        let bytes = draw(&mut runner, &body);
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = app.request(method, path).header("content-type", "application/json");
        let request = match case % 4 {
            // A token there would end the session.
            _ if path == "/auth/logout" => request,
            0 => request,
            1 => request.bearer_auth(&pat),
            _ => request.bearer_auth(&session.access_token),
        };
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        send(&app, request.body(bytes), || format!("{path} {shown}")).await;
    }
    for case in 0..CASES / 3 {
        let (method, path) = PATHS[case % PATHS.len()];
        let raw = draw(&mut runner, &text);
        let path = format!("{path}{}", escape(&raw));
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = app.request(method, &path).bearer_auth(&session.access_token);
        send(&app, request, || path.clone()).await;
    }
    for _ in 0..CASES / 3 {
        let (token, bytes) = (draw(&mut runner, &credentials), draw(&mut runner, &origin));
        let mut request = app.request(Method::GET, "/account");
        for name in
            ["authorization", "x-service-token", "user-agent", "x-request-id", "traceparent"]
        {
            request = request.header(name, token.as_bytes());
        }
        for name in ["x-forwarded-for", "origin", "accept", "content-type"] {
            request = request.header(name, bytes.as_slice());
        }
        send(&app, request, || format!("{token:?} {bytes:?}")).await;
    }
    assert_eq!(app.validate(&session.access_token).await.status, 200, "the session is still there");
}

/// Percent-encodes every byte, so that any text is a path.
fn escape(text: &str) -> String {
    text.bytes().take(2_000).fold(String::new(), |path, byte| path + &format!("%{byte:02x}"))
}
