//! A run through everything with the log at its most talkative: no secret is in it (A8.7).

use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use shared::jwt::{Keys, Secret};
use sqlx::PgPool;

use crate::app::{SECRET, Wallet, settings};
use crate::process::Process;

/// Calls the service and keeps what must never be seen again.
struct Spy {
    url: String,
    client: reqwest::Client,
    secrets: Vec<String>,
}

impl Spy {
    async fn send(&mut self, request: RequestBuilder) -> Value {
        let body = request.send().await.unwrap().json::<Value>().await.unwrap_or_default();
        self.learn(&body);
        body
    }

    async fn post(&mut self, token: &str, path: &str, body: Value) -> Value {
        self.learn(&body);
        self.send(self.request(Method::POST, path).bearer_auth(token).json(&body)).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// Takes every secret out of what was sent or received.
    fn learn(&mut self, value: &Value) {
        const NAMES: [&str; 6] =
            ["accessToken", "refreshToken", "token", "pollSecret", "signature", "nonce"];
        for (name, value) in value.as_object().into_iter().flatten() {
            match value {
                Value::String(text) if NAMES.contains(&&**name) && text.len() > 12 => {
                    self.secrets.push(text.clone());
                }
                other => self.learn(other),
            }
        }
    }

    async fn signed(&mut self, wallet: &Wallet) -> Value {
        let body = json!({ "address": wallet.address() });
        let challenge = self.post("", "/auth/wallet/challenge", body).await;
        let message = challenge["message"].as_str().unwrap();
        json!({ "message": message, "signature": wallet.sign(message) })
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn no_token_signature_or_secret_is_ever_logged(db: PgPool) {
    let mut settings = settings(&db);
    let level = "trace,sqlx=trace,hyper=trace,hyper_util=trace,reqwest=trace,redis=trace";
    settings.insert("LOG_LEVEL", level.to_owned());
    let process = Process::start(&settings).await;
    let client = process.client.clone();
    let mut spy = Spy { url: process.url.clone(), client, secrets: vec![SECRET.to_owned()] };

    walk(&mut spy).await;

    let start = Instant::now();
    while process.log().iter().filter(|line| line.contains("\"target\":\"request\"")).count() < 30 {
        assert!(start.elapsed() < Duration::from_secs(5), "the log is empty");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let log = process.stop().await.join("\n");
    assert!(spy.secrets.len() > 20, "the run made secrets: {}", spy.secrets.len());
    for secret in &spy.secrets {
        assert!(!log.contains(secret.as_str()), "{secret} is in the log:\n{log}");
        // Nor most of it.
        let middle = &secret[secret.len() / 4..secret.len() - secret.len() / 4];
        assert!(!log.contains(middle), "a part of {secret} is in the log:\n{log}");
    }
    assert!(!log.contains("af_live_"), "{log}");
}

/// Every route, rightly and wrongly.
async fn walk(spy: &mut Spy) {
    let wallet = Wallet::random();
    let signed = spy.signed(&wallet).await;
    let session = spy.post("", "/auth/wallet/verify", signed.clone()).await;
    let access = session["accessToken"].as_str().unwrap().to_owned();
    spy.post("", "/auth/wallet/verify", signed).await;
    let mut forged = spy.signed(&wallet).await;
    forged["signature"] = json!(format!("0x{}", "ab".repeat(65)));
    spy.post("", "/auth/wallet/verify", forged).await;
    let signed = spy.signed(&wallet).await;
    spy.post("", "/api/auth/siwe", signed).await;

    let made = spy.post(&access, "/tokens", json!({ "name": "ci" })).await;
    let (pat, id) = (made["token"]["token"].as_str().unwrap(), made["token"]["id"].as_str());
    spy.post(&access, "/auth/pat/create", json!({ "name": "flat" })).await;
    let mut typo = pat.to_owned();
    typo.replace_range(20..21, if &typo[20..21] == "x" { "y" } else { "x" });
    for token in [pat, &access, &typo, "not-a-token-at-all", &format!("{access}x")] {
        spy.post("", "/api/validate", json!({ "token": token })).await;
        spy.post(token, "/tokens", json!({ "name": 7 })).await;
    }
    // Secrets where they do not belong.
    for path in [format!("/tokens/{pat}"), format!("/{pat}"), format!("/health?token={access}")] {
        spy.send(spy.request(Method::GET, &path)).await;
        spy.send(spy.request(Method::DELETE, &path).bearer_auth(&access)).await;
    }
    let broken = format!("{{\"token\": \"{pat}\"");
    spy.send(spy.request(Method::POST, "/api/validate").body(broken)).await;
    spy.post("", "/auth/wallet/challenge", json!({ "address": pat, "chainId": access })).await;
    let header = spy.request(Method::GET, "/auth/me").header("authorization", pat);
    spy.send(header.header("x-request-id", "request-7").header("user-agent", "curl")).await;
    let keys = Keys::new(&SECRET.parse::<Secret>().unwrap(), None);
    let service = keys.sign_service("backend", shared::clock::Clock::System.now()).unwrap();
    spy.secrets.push(service.clone());
    spy.send(spy.request(Method::GET, "/auth/me").header("x-service-token", service)).await;

    let login = spy.post("", "/auth/cli/start", json!({ "name": "CLI Login" })).await;
    let id_of_login = login["verificationSessionId"].clone();
    let secret = login["pollSecret"].clone();
    let poll = json!({ "verificationSessionId": id_of_login, "pollSecret": secret });
    let guess =
        json!({ "verificationSessionId": id_of_login, "pollSecret": "a-wrong-guess-of-it" });
    spy.post("", "/auth/cli/poll", guess).await;
    spy.post(&access, "/auth/cli/approve", json!({ "verificationSessionId": id_of_login })).await;
    assert!(spy.post("", "/auth/cli/poll", poll).await["token"].is_string());

    let signed = spy.signed(&Wallet::random()).await;
    spy.post(&access, "/account/methods/wallet", signed).await;
    for path in ["/account", "/account/methods", "/account/audit", "/tokens", "/auth/sessions"] {
        spy.send(spy.request(Method::GET, path).bearer_auth(&access)).await;
    }
    spy.send(spy.request(Method::DELETE, &format!("/tokens/{}", id.unwrap())).bearer_auth(&access))
        .await;
    let old = json!({ "refreshToken": session["refreshToken"] });
    let next = spy.post("", "/auth/refresh", old.clone()).await;
    spy.post("", "/auth/refresh", json!({ "refreshToken": next["refreshToken"] })).await;
    spy.post("", "/auth/refresh", old).await;
    spy.post("", "/auth/refresh", json!({ "refreshToken": "made-up-made-up-made-up-made-up" }))
        .await;
    let signed = spy.signed(&wallet).await;
    let session = spy.post("", "/auth/wallet/verify", signed).await;
    let access = session["accessToken"].as_str().unwrap().to_owned();
    spy.post(&access, "/auth/logout", json!({})).await;
    let signed = spy.signed(&wallet).await;
    let session = spy.post("", "/auth/wallet/verify", signed).await;
    let access = session["accessToken"].as_str().unwrap().to_owned();
    spy.send(spy.request(Method::DELETE, "/account/profile").bearer_auth(&access)).await;
}
