//! The first sign-in, through the same HTTP endpoints that everybody uses.

use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::{Client, StatusCode};
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::{Value, json};
use shared::api::Challenge;

use crate::folder::Folder;
use crate::wallet::Wallet;

const FILE: &str = "token";

/// Waits until `url` answers 200 to `/health`.
pub(crate) async fn wait_until_ready(http: &Client, url: &str) -> anyhow::Result<()> {
    for _ in 0..600 {
        let answer = http.get(format!("{url}/health")).send().await;
        if answer.is_ok_and(|answer| answer.status() == StatusCode::OK) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("{url}/health does not answer 200")
}

/// A Personal Access Token of the development wallet: the one of the last start if it still works.
pub(crate) async fn token(
    http: &Client,
    auth: &str,
    folder: &Folder,
    wallet: &Wallet,
) -> anyhow::Result<String> {
    if let Some(token) = folder.read(FILE)? {
        let request = http.post(format!("{auth}/api/validate")).json(&json!({ "token": token }));
        if request.send().await?.status() == StatusCode::OK {
            return Ok(token);
        }
    }
    let token = sign_in(http, auth, wallet).await?;
    folder.write(FILE, &token)?;
    Ok(token)
}

/// Challenge, signature, token: what any wallet does.
async fn sign_in(http: &Client, auth: &str, wallet: &Wallet) -> anyhow::Result<String> {
    let body = json!({ "address": wallet.address(), "chainId": 1 });
    let challenge = post(http, format!("{auth}/auth/wallet/challenge"), &body).await?;
    let challenge = serde_json::from_value::<Challenge>(challenge)?;
    let message = challenge.message.context("auth sent no message to sign")?;
    let signature = wallet.sign(&message)?;
    let body = json!({ "message": message, "signature": signature, "name": "Local development" });
    let answer = post(http, format!("{auth}/api/auth/siwe"), &body).await?;
    let token = answer.pointer("/token/token").and_then(Value::as_str);
    token.map(str::to_owned).context("auth sent no token")
}

async fn post(http: &Client, url: String, body: &Value) -> anyhow::Result<Value> {
    let response = http.post(&url).json(body).send().await?;
    let status = response.status();
    let answer = response.json::<Value>().await?;
    if !status.is_success() {
        bail!("{url} answered {status}: {}", answer["error"].as_str().unwrap_or("no reason given"));
    }
    Ok(answer)
}

/// Bytes from the operating system's generator.
pub(crate) fn random<const BYTES: usize>() -> anyhow::Result<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    let generator = SystemRandom::new();
    generator.fill(&mut bytes).ok().context("the system's random generator failed")?;
    Ok(bytes)
}
