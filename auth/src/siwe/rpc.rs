//! Calls to a chain's JSON-RPC endpoint. It is somebody else's server: it may hang, redirect, or
//! answer without end.

use std::time::Duration;

use reqwest::redirect::Policy;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

/// How long one call may take in all.
const TIMEOUT: Duration = Duration::from_secs(4);
/// How long it may take to connect.
const CONNECT: Duration = Duration::from_secs(2);
/// The longest answer that is read; what we ask for is 32 bytes.
const MOST_BYTES: usize = 64 * 1024;

/// Asks chains. No `Debug`: addresses of endpoints often hold a key.
#[derive(Clone)]
pub(super) struct Rpc(reqwest::Client);

/// Why there is no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The call was run, and the contract gave up.
    Reverted,
    /// Anything else: nobody knows what the contract says.
    Unavailable(&'static str),
}

#[derive(Deserialize)]
struct Answer {
    result: Option<Value>,
    error: Option<CallError>,
}

#[derive(Deserialize)]
struct CallError {
    code: i64,
    #[serde(default)]
    message: String,
}

impl Rpc {
    /// Prepares connections; opens none.
    pub(super) fn new() -> Result<Self, reqwest::Error> {
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        // Another service in this process may have been first; it is the same provider.
        let _ = rustls::crypto::CryptoProvider::install_default((*provider).clone());
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT)
            .redirect(Policy::none())
            .no_proxy()
            .user_agent(concat!("alternatefutures-auth/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self(http))
    }

    /// Calls `method` and returns the bytes it answers.
    pub(super) async fn bytes(
        &self,
        endpoint: &Url,
        method: &str,
        params: Value,
    ) -> Result<Vec<u8>, Failure> {
        let text = self.text(endpoint, method, params).await?;
        let digits = text.strip_prefix("0x").ok_or(Failure::Unavailable("answer is not hex"))?;
        hex::decode(digits).map_err(|_| Failure::Unavailable("answer is not hex"))
    }

    /// Calls `method` and returns the quantity it answers.
    pub(super) async fn quantity(&self, endpoint: &Url, method: &str) -> Result<u64, Failure> {
        let text = self.text(endpoint, method, json!([])).await?;
        let digits = text.strip_prefix("0x").unwrap_or_default();
        u64::from_str_radix(digits, 16).map_err(|_| Failure::Unavailable("answer is no number"))
    }

    async fn text(&self, endpoint: &Url, method: &str, params: Value) -> Result<String, Failure> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let request = self.0.post(endpoint.clone()).json(&body);
        let mut response = request.send().await.map_err(|error| {
            let cause = if error.is_timeout() { "timed out" } else { "cannot be reached" };
            Failure::Unavailable(cause)
        })?;
        if response.status().is_redirection() {
            return Err(Failure::Unavailable("redirects"));
        }
        let mut bytes = Vec::new();
        loop {
            let chunk = response.chunk().await;
            match chunk.map_err(|_| Failure::Unavailable("broke off or timed out"))? {
                Some(chunk) if bytes.len() + chunk.len() > MOST_BYTES => {
                    return Err(Failure::Unavailable("answer is too long"));
                }
                Some(chunk) => bytes.extend_from_slice(&chunk),
                None => break,
            }
        }
        let answer = serde_json::from_slice::<Answer>(&bytes)
            .map_err(|_| Failure::Unavailable("answer is no JSON-RPC"))?;
        match answer {
            Answer { error: Some(error), .. } => Err(error.failure()),
            Answer { result: Some(Value::String(text)), .. } => Ok(text),
            Answer { .. } => Err(Failure::Unavailable("answer has no result")),
        }
    }
}

impl CallError {
    /// Nodes agree on code 3 for a revert with a reason. Without one they use a code that has
    /// other meanings too, and only the text tells.
    fn failure(&self) -> Failure {
        let text = self.message.to_ascii_lowercase();
        if self.code == 3 || text.contains("revert") || text.contains("invalid opcode") {
            Failure::Reverted
        } else {
            Failure::Unavailable("refuses the call")
        }
    }
}
